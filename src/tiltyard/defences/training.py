"""Training of a shipped pool from a fixed seed: resumable, bounded in time, with a curve and a model card."""

import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tiltyard.attacks.baseline import baseline
from tiltyard.contest.threat import Threat
from tiltyard.defences.architectures import build
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.defences.recipes import RECIPES, Recipe
from tiltyard.errors import TiltyardError
from tiltyard.vision.data import LabelledImages, digits

Progress = Callable[[str, int, int], None]


@dataclass
class _State:
    """Everything that the next epoch depends on."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    epoch: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        content = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "epoch": self.epoch,
            "curve": self.curve,
        }
        temporary = path.with_suffix(".tmp")
        torch.save(content, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        content = torch.load(path, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.generator.set_state(content["generator"])
        self.epoch, self.curve = content["epoch"], content["curve"]


def train_digits(
    out: Path,
    *,
    models: list[str] | None = None,
    seed: int = 0,
    minutes: float = 30.0,
    progress: Progress | None = None,
) -> list[Path]:
    """Trains the models of the digits pool into `out`: weights, curve (CSV) and card (Markdown) for each.

    Goes on where an earlier call stopped; raises TiltyardError when `minutes` are over before all are trained.
    """
    pool = load_pool("digits")
    names = models or [model.name for model in pool.spec.models]
    unknown = sorted(set(names) - set(RECIPES))
    if unknown:
        raise TiltyardError(f"no recipe for {', '.join(unknown)}: there are {', '.join(RECIPES)}")
    out.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + minutes * 60
    return [_train_one(pool, RECIPES[name], out, seed, deadline, progress) for name in names]


def _train_one(pool: Pool, recipe: Recipe, out: Path, seed: int, deadline: float, progress: Progress | None) -> Path:
    spec = pool.model(recipe.name)
    state = _fresh(str(spec.architecture), recipe, seed)
    checkpoint = out / f"{recipe.name}.checkpoint.pt"
    if checkpoint.is_file():
        state.load(checkpoint)
    training = digits("train")
    while state.epoch < recipe.epochs:
        if time.monotonic() > deadline:
            raise TiltyardError(
                f"{recipe.name}: time is over after epoch {state.epoch} of {recipe.epochs}; run it again to go on"
            )
        _epoch(state, recipe, training, spec.threat)
        state.save(checkpoint)
        if progress:
            progress(recipe.name, state.epoch, recipe.epochs)
    weights = out / f"{recipe.name}.safetensors"
    save_file(state.network.state_dict(), weights, metadata={"recipe": recipe.name, "seed": str(seed)})
    _write_curve(state.curve, out / f"{recipe.name}.csv")
    _write_card(state, recipe, spec.threat, seed, out / f"{recipe.name}.md")
    checkpoint.unlink()
    return weights


def _fresh(architecture: str, recipe: Recipe, seed: int) -> _State:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(architecture)
    optimiser = torch.optim.SGD(
        network.parameters(), recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )
    return _State(network, optimiser, torch.Generator().manual_seed(seed))


def _epoch(state: _State, recipe: Recipe, data: LabelledImages, threat: Threat) -> None:
    state.network.train()
    for group in state.optimiser.param_groups:
        group["lr"] = recipe.learning_rate * (1 - state.epoch / recipe.epochs)
    losses = []
    for images, labels in _shuffled(data, recipe.batch_size, state.generator):
        points = recipe.perturb(state.network, images, labels, threat, state.generator)
        loss = nn.functional.cross_entropy(state.network(points), labels)
        state.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimiser.step()
        losses.append(loss.detach())
    state.epoch += 1
    state.network.eval()
    state.curve.append({"epoch": state.epoch, "loss": float(torch.stack(losses).mean())})


def _shuffled(data: LabelledImages, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    images, labels = data.tensor(), torch.from_numpy(data.labels)
    for chosen in torch.split(torch.randperm(len(data), generator=generator), size):
        yield images[chosen], labels[chosen]


def accuracies(network: nn.Module, data: LabelledImages, threat: Threat) -> dict[str, float]:
    """Clean accuracy, and accuracy under the contest's baseline (PGD-10), as fractions."""
    images, labels = data.tensor(), torch.from_numpy(data.labels)
    with torch.no_grad():
        clean = float((network(images).argmax(1) == labels).float().mean())
        attacked = baseline(network, images, labels, threat).images
        robust = float((network(attacked).argmax(1) == labels).float().mean())
    return {"clean": clean, "baseline": robust}


def _write_curve(curve: list[dict[str, float]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", "loss"])
        writer.writeheader()
        writer.writerows(curve)


def _write_card(state: _State, recipe: Recipe, threat: Threat, seed: int, path: Path) -> None:
    figures = accuracies(state.network.requires_grad_(False), digits("test"), threat)
    facts: dict[str, Any] = {
        "recipe": recipe.title,
        "paper": recipe.paper,
        "data": "handwritten digits (Alpaydin and Kaynak 1998, CC BY 4.0), 1297 training images",
        "threat model": f"{threat.norm}, eps {threat.eps:g}",
        "epochs": recipe.epochs,
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in state.network.parameters()),
        "clean accuracy on 500 test images": f"{figures['clean']:.3f}",
        "accuracy under the contest's PGD-10 baseline": f"{figures['baseline']:.3f}",
        "not for": "reading handwriting: it exists to be attacked",
    }
    lines = [f"# digits/{recipe.name}", "", *(f"- {key}: {value}" for key, value in facts.items()), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
