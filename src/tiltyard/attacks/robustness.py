"""Robustness of one's own classifier: clean and robust accuracy under one attack and budget, image by image."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from tiltyard.attacks.catalogue import find_attack
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import distances, project
from tiltyard.attacks.result import Attack, AttackResult, Progress
from tiltyard.contest.budget import Budget, Meter, OverBudget
from tiltyard.contest.threat import Threat
from tiltyard.errors import TiltyardError
from tiltyard.vision.classifier import Classifier


@dataclass(frozen=True)
class Robustness:
    """What was found: `rows` has one line an image; `examples` are (n, c, h, w) float32 in the model's range."""

    rows: pl.DataFrame
    threat: Threat
    attack: str
    seed: int
    spent: Budget
    seconds: float
    images: Tensor
    examples: Tensor
    bounds: tuple[float, float]
    over_budget: bool = False

    @property
    def clean_accuracy(self) -> float:
        return float(self.rows["clean"].mean())  # type: ignore[arg-type]

    @property
    def robust_accuracy(self) -> float:
        return float(self.rows["robust"].mean())  # type: ignore[arg-type]

    def figures(self) -> dict[str, Any]:
        """The figures as JSON values; accuracies are fractions, spending is per image, eps in the model's units."""
        items = len(self.rows)
        return {
            "items": items,
            "clean_accuracy": self.clean_accuracy,
            "robust_accuracy": self.robust_accuracy,
            "gradients_per_image": self.spent.backwards / items,
            "forwards_per_image": self.spent.forwards / items,
            "seconds": self.seconds,
            "eps": self.threat.eps,
            "norm": self.threat.norm,
            "targeted": self.threat.targeted,
            "seed": self.seed,
            "attack": self.attack,
            "over_budget": self.over_budget,
        }


def measure_robustness(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    threat: Threat,
    *,
    attack: str | Attack = "pgd",
    gradients: float = 100,
    forwards: float = 200,
    batch_size: int = 128,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Robustness:
    """Attacks a model under an average budget an image (broken and misclassified ones included).

    `images` (n, c, h, w) and `threat.eps` are in the model's range. The verdict is ours: what the attack returns is put
    into the ball and the range and judged by forward passes that nobody is charged for. An attack that exceeds
    the budget is refused the call, and what it had not attacked yet counts as it was. TiltyardError where images and
    model do not fit.
    """
    _check(model, images, labels)
    name = attack if isinstance(attack, str) else getattr(attack, "__name__", "custom")
    network = model.frozen(device).module
    meter = Meter(Budget.per_image(len(images), forwards=forwards, backwards=gradients))
    images, labels = images.to(device), labels.to(device)
    model.check_fits(images, labels)
    goals = _targets(network, images, labels, seed, batch_size) if threat.targeted else labels
    began = time.perf_counter()
    run = find_attack(attack) if isinstance(attack, str) else attack
    try:
        result = run(
            MeteredModel(network, meter), images, goals, threat,
            bounds=(model.low, model.high), budget=meter.budget, batch_size=batch_size, seed=seed, progress=progress,
        )  # fmt: skip
    except OverBudget:
        result = AttackResult(images, torch.zeros(len(images), dtype=torch.bool))
    seconds = time.perf_counter() - began
    _check_result(name, result.images, images)
    examples = project(result.images.to(device), images, threat, (model.low, model.high))
    rows = _rows(network, images, examples, labels, goals, threat, batch_size)
    if result.forwards is not None and result.backwards is not None:
        rows = rows.with_columns(
            forwards=pl.Series(result.forwards.numpy()), gradients=pl.Series(result.backwards.numpy())
        )
    bounds = (model.low, model.high)
    return Robustness(
        rows, threat, name, seed, meter.spent, seconds, images.cpu(), examples.cpu(), bounds, meter.exceeded
    )


def predictions(network: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    """Predicted classes (n,) on the CPU."""
    with torch.no_grad():
        return torch.cat([network(part).argmax(1).cpu() for part in torch.split(images, batch_size)])


def _rows(
    network: nn.Module,
    images: Tensor,
    examples: Tensor,
    labels: Tensor,
    goals: Tensor,
    threat: Threat,
    batch_size: int,
) -> pl.DataFrame:
    before, after = (predictions(network, points, batch_size) for points in (images, examples))
    truth, wanted = labels.cpu(), goals.cpu()
    hit = after == wanted if threat.targeted else after != truth
    frame: dict[str, Any] = {
        "item": np.arange(len(truth)),
        "label": truth.numpy(),
        "predicted": before.numpy(),
        "attacked": after.numpy(),
        "clean": (before == truth).numpy(),
        "robust": ((before == truth) & ~hit).numpy(),
        "distance": distances(examples, images, threat.norm).cpu().numpy(),
    }
    return pl.DataFrame({**frame, "target": wanted.numpy()} if threat.targeted else frame)


def _targets(network: nn.Module, images: Tensor, labels: Tensor, seed: int, batch_size: int) -> Tensor:
    """A wrong class for every image, drawn uniformly."""
    with torch.no_grad():
        classes = network(images[:1]).shape[1]
    shift = torch.randint(1, classes, labels.shape, generator=torch.Generator().manual_seed(seed))
    moved: Tensor = (labels + shift.to(labels.device)) % classes
    return moved


def _check_result(name: str, found: Tensor, images: Tensor) -> None:
    if found.shape != images.shape or not bool(torch.isfinite(found).all()):
        shapes = f"{tuple(found.shape)}, expected finite values of shape {tuple(images.shape)}"
        raise TiltyardError(f"attack {name} returned images of shape {shapes}")


def _check(model: Classifier, images: Tensor, labels: Tensor) -> None:
    if images.dim() != 4 or len(images) != len(labels) or not len(images):
        raise TiltyardError(f"images {tuple(images.shape)} and labels {tuple(labels.shape)} do not belong together")
    slack = 1e-6 * model.span
    if not (float(images.min()) >= model.low - slack and float(images.max()) <= model.high + slack):
        found = f"[{float(images.min()):g}, {float(images.max()):g}]"
        raise TiltyardError(f"images lie in {found}, the model takes [{model.low:g}, {model.high:g}]")
