"""What training goes on from: everything that the next epoch depends on, kept exactly in one file."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tiltyard.contest.files import replaced
from tiltyard.defences.architectures import build
from tiltyard.defences.recipes import Recipe
from tiltyard.errors import TiltyardError
from tiltyard.vision.data import LabelledImages


@dataclass
class TrainingState:
    """Network, moving average, optimiser, generator, curve, and the best epoch's weights where epochs are chosen.

    Torch's global generator, which randomised networks draw from, belongs to it and is saved and restored with it.
    """

    network: nn.Module
    averaged: AveragedModel | None
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    identity: str
    epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)

    @property
    def shipped(self) -> nn.Module:
        """The moving average where there is one."""
        return self.network if self.averaged is None else self.averaged.module

    def save(self, path: Path) -> None:
        """Replaces the file in one step: a kill leaves the old one or the new one."""
        content = {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "averaged": self.averaged and self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "global_generator": torch.get_rng_state(),
            "epoch": self.epoch,
            "curve": self.curve,
            "best": self.best,
        }
        with replaced(path) as temporary, temporary.open("wb") as file:
            torch.save(content, file)

    def load(self, path: Path) -> None:
        """Goes back to what was saved; TiltyardError where that was of another recipe, seed or images."""
        content = torch.load(path, weights_only=True)
        if content["identity"] != self.identity:
            raise TiltyardError(f"{path}: was left by another recipe, seed or data; name another folder with --out")
        self.network.load_state_dict(content["network"])
        if self.averaged is not None:
            self.averaged.load_state_dict(content["averaged"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.generator.set_state(content["generator"])
        torch.set_rng_state(content["global_generator"])
        self.epoch, self.curve, self.best = content["epoch"], content["curve"], content["best"]

    def save_weights(self, path: Path, *, half: bool, seed: int) -> None:
        """Writes the best epoch's weights, or the last one's, as safetensors."""
        found = self.best or self.shipped.state_dict()
        tensors = {
            name: (tensor.half() if half and tensor.is_floating_point() else tensor).contiguous()
            for name, tensor in found.items()
        }
        with replaced(path) as temporary:
            save_file(tensors, temporary, metadata={"seed": str(seed)})  # of two keys the order would be left to chance


def fresh_state(architecture: str, recipe: Recipe, data: LabelledImages, seed: int) -> TrainingState:
    """Before the first epoch; the network's first weights come from torch's global generator."""
    network = build(architecture)
    averaged = None
    if recipe.average:
        averaging = get_ema_multi_avg_fn(recipe.average)  # type: ignore[no-untyped-call]
        averaged = AveragedModel(network, multi_avg_fn=averaging, use_buffers=True)
    optimiser = torch.optim.SGD(
        network.parameters(), recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )
    generator = torch.Generator().manual_seed(seed)
    return TrainingState(network, averaged, optimiser, generator, _identity(recipe, data, seed))


def _identity(recipe: Recipe, data: LabelledImages, seed: int) -> str:
    """What a training that goes on must have in common with the one that was broken off."""
    settings = {name: value for name, value in vars(recipe).items() if isinstance(value, str | int | float | None)}
    content = np.ascontiguousarray(data.images).tobytes() + np.ascontiguousarray(data.labels).tobytes()
    return f"{settings} {seed} {torch.get_num_threads()} {hashlib.sha256(content).hexdigest()}"
