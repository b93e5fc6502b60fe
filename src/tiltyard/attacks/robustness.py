"""Robustness of one's own classifier: clean and robust accuracy under one attack and budget, image by image."""

import time
from dataclasses import dataclass
from typing import Any

import polars as pl
import torch
from torch import Tensor, nn

from tiltyard.attacks.catalogue import DEFAULT_ATTACK, find_attack, usual_budget
from tiltyard.attacks.checks import Checks, Subject, drawn_from, run_checks
from tiltyard.attacks.connected import Connected
from tiltyard.attacks.losses import margin
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import distances, project
from tiltyard.attacks.result import Attack, AttackResult, Point, Progress
from tiltyard.contest.budget import Budget, Meter, OverBudget
from tiltyard.contest.threat import Threat
from tiltyard.errors import TiltyardError
from tiltyard.vision.classifier import Classifier


@dataclass(frozen=True)
class Robustness:
    """What was found: `rows` has one line an image; `examples` are (n, c, h, w) float32 in the model's range.

    `verdict` in the rows is `misclassified` (without any attack), `broken`, `resisted`, `out of budget` (held, but the
    attack would have gone on) or `held` (the attack does not tell those two apart). `margin` is the best other logit
    minus the label's under attack, or the target's minus the best other: above 0 the attack has won. `curve` is the
    attack's, empty where it keeps none; `checks` is None where they were not wanted.
    """

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
    curve: tuple[Point, ...] = ()
    checks: Checks | None = None

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
            "verdicts": dict(sorted(self.rows["verdict"].value_counts().rows())),
            "gradients_per_image": self.spent.backwards / items,
            "forwards_per_image": self.spent.forwards / items,
            "seconds": self.seconds,
            "eps": self.threat.eps,
            "norm": self.threat.norm,
            "targeted": self.threat.targeted,
            "seed": self.seed,
            "attack": self.attack,
            "over_budget": self.over_budget,
            "curve": [
                {"forwards": point.forwards / items, "gradients": point.backwards / items, "broken": point.broken}
                for point in turns(self.curve)
            ],
            **(self.checks.figures() if self.checks else {"verdict": "not checked", "checks": [], "by_eps": []}),
        }


def turns(curve: tuple[Point, ...]) -> list[Point]:
    """The points at which another image broke, the first one and the last one."""
    ends = {0, len(curve) - 1}
    return [point for place, point in enumerate(curve) if place in ends or point.broken != curve[place - 1].broken]


def measure_robustness(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    threat: Threat,
    *,
    attack: str | Attack = DEFAULT_ATTACK,
    gradients: float | None = None,
    forwards: float | None = None,
    batch_size: int = 128,
    seed: int = 0,
    device: str = "cpu",
    checks: bool = True,
    progress: Progress | None = None,
    check_progress: Progress | None = None,
) -> Robustness:
    """Attacks a model under an average budget an image (broken and misclassified ones included; None: the usual one).

    `images` (n, c, h, w) and `threat.eps` are in the model's range. The verdict is ours: what the attack returns is put
    into the ball and the range and judged by forward passes that nobody is charged for. An attack that goes on asking
    beyond the budget is refused the call; if it does not handle that, nothing that it found is known, and every image
    counts as it was. A model that draws at random from torch draws by `seed`, and is judged on one draw. `checks` then
    look for signs that the attack was weak; their passes are booked apart. TiltyardError where images, model and what
    the attack returned do not fit.
    """
    _check(model, images, labels)
    run = find_attack(attack) if isinstance(attack, str) else attack
    name = attack if isinstance(attack, str) else getattr(attack, "__name__", "custom")
    model.frozen(device)
    queries, slopes = usual_budget(name)
    meter = Meter(
        Budget.per_image(
            len(images),
            forwards=queries if forwards is None else forwards,
            backwards=slopes if gradients is None else gradients,
        )
    )
    with drawn_from(seed, "attack"):
        task = _task(model, images.to(device), labels.to(device), threat, batch_size, seed)
        began = time.perf_counter()
        result = _attacked(task, run, meter, progress)
        seconds = time.perf_counter() - began
    _check_result(name, result.images, task.images)
    with drawn_from(seed, "verdict"):
        judged = _judged(task, result, run, name, meter)
    return Robustness(
        _with_spending(judged.rows, result), threat, name, seed, meter.spent, seconds, task.images.cpu(),
        judged.examples.cpu(), task.bounds, meter.exceeded, result.curve,
        run_checks(judged, check_progress) if checks else None,
    )  # fmt: skip


@dataclass(frozen=True)
class _Task:
    """What is attacked, on the model's device; `goals` are the labels, or the targets of a targeted threat."""

    network: nn.Module
    images: Tensor
    labels: Tensor
    goals: Tensor
    threat: Threat
    bounds: tuple[float, float]
    batch_size: int
    seed: int


def _task(model: Classifier, images: Tensor, labels: Tensor, threat: Threat, batch_size: int, seed: int) -> _Task:
    model.check_fits(images, labels)
    goals = _targets(model.module, images, labels, seed) if threat.targeted else labels
    return _Task(model.module, images, labels, goals, threat, (model.low, model.high), batch_size, seed)


def _attacked(task: _Task, run: Attack, meter: Meter, progress: Progress | None) -> AttackResult:
    """What the attack found; the images themselves where it ran into the end of its budget."""
    try:
        return run(
            MeteredModel(Connected(task.network), meter), task.images, task.goals, task.threat,
            bounds=task.bounds, budget=meter.budget, batch_size=task.batch_size, seed=task.seed, progress=progress,
        )  # fmt: skip
    except OverBudget:
        return AttackResult(task.images, torch.zeros(len(task.images), dtype=torch.bool))


def _judged(task: _Task, result: AttackResult, run: Attack, name: str, meter: Meter) -> Subject:
    """The examples, put into ball and range, with one row an image: what the checks look at."""
    examples = project(result.images.to(task.images.device), task.images, task.threat, task.bounds)
    rows = _rows(task, examples)
    rows = rows.with_columns(verdict=_verdicts(rows, result.cut_short, meter.exceeded))
    return Subject(
        task.network, task.images, task.labels, task.goals, examples, rows, result, run, name, task.threat,
        task.bounds, meter.spent, meter.exceeded, task.batch_size, task.seed,
    )  # fmt: skip


def _rows(task: _Task, examples: Tensor) -> pl.DataFrame:
    before, answers = (_logits(task.network, points, task.batch_size) for points in (task.images, examples))
    after, guess, truth, wanted = answers.argmax(1), before.argmax(1), task.labels.cpu(), task.goals.cpu()
    targeted = task.threat.targeted
    hit = after == wanted if targeted else after != truth
    gap = margin(answers, wanted)
    frame: dict[str, Any] = {
        "item": range(len(truth)),
        "label": truth.numpy(),
        "predicted": guess.numpy(),
        "attacked": after.numpy(),
        "clean": (guess == truth).numpy(),
        "robust": ((guess == truth) & ~hit).numpy(),
        "distance": distances(examples, task.images, task.threat.norm).cpu().numpy(),
        "margin": (-gap if targeted else gap).numpy(),
    }
    return pl.DataFrame({**frame, "target": wanted.numpy()} if targeted else frame)


def _verdicts(rows: pl.DataFrame, cut_short: Tensor | None, over_budget: bool) -> pl.Series:
    """One word an image; where the meter stopped the attack, whatever held had run out of budget."""
    if over_budget:
        held = pl.Series(["out of budget"] * len(rows))
    elif cut_short is None:
        held = pl.Series(["held"] * len(rows))
    else:
        held = pl.Series(["out of budget" if short else "resisted" for short in cut_short.tolist()])
    fate = pl.when(~pl.col("clean")).then(pl.lit("misclassified")).when(pl.col("robust")).then(held)
    return rows.select(verdict=fate.otherwise(pl.lit("broken")))["verdict"]


def _with_spending(rows: pl.DataFrame, result: AttackResult) -> pl.DataFrame:
    if result.forwards is None or result.backwards is None:
        return rows
    return rows.with_columns(
        forwards=pl.Series(result.forwards.cpu().numpy()), gradients=pl.Series(result.backwards.cpu().numpy())
    )


def _logits(network: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    """(n, classes) on the CPU."""
    with torch.no_grad():
        return torch.cat([network(part).cpu() for part in torch.split(images, batch_size)])


def _targets(network: nn.Module, images: Tensor, labels: Tensor, seed: int) -> Tensor:
    """A wrong class for every image, drawn uniformly."""
    with torch.no_grad():
        classes = network(images[:1]).shape[1]
    shift = torch.randint(1, classes, labels.shape, generator=torch.Generator().manual_seed(seed))
    moved: Tensor = (labels + shift.to(labels.device)) % classes
    return moved


def _check_result(name: str, found: Tensor, images: Tensor) -> None:
    if found.shape != images.shape:
        shapes = f"{tuple(found.shape)}, expected {tuple(images.shape)}"
        raise TiltyardError(f"attack {name} returned images of shape {shapes}")
    spoilt = int((~torch.isfinite(found)).flatten(1).any(1).sum())
    if spoilt:
        raise TiltyardError(f"attack {name} returned values that are not finite in {spoilt} of {len(found)} images")


def _check(model: Classifier, images: Tensor, labels: Tensor) -> None:
    if images.dim() != 4 or len(images) != len(labels) or not len(images):
        raise TiltyardError(f"images {tuple(images.shape)} and labels {tuple(labels.shape)} do not belong together")
    slack = 1e-6 * model.span
    if not (float(images.min()) >= model.low - slack and float(images.max()) <= model.high + slack):
        found = f"[{float(images.min()):g}, {float(images.max()):g}]"
        raise TiltyardError(f"images lie in {found}, the model takes [{model.low:g}, {model.high:g}]")
