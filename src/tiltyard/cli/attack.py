"""`tiltyard attack MODEL DATA`: robustness of one's own classifier."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, percent, show, table, write_json
from tiltyard.cli.exits import ANSWER_IS_NO
from tiltyard.cli.run.evaluating import check_device, check_fail_under
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from torch import Tensor

    from tiltyard.attacks.result import Progress
    from tiltyard.contest.threat import Threat
    from tiltyard.report.inputs import Labels
    from tiltyard.report.robustness import RobustnessReport
    from tiltyard.vision.classifier import Classifier


MARKS = {"passed": "✓", "warning": "!", "failed": "✗", "not run": "–"}
CUT_SHORT = "out of budget: the attack would have gone on; --gradients and --forwards give it more"
WHOLE_RANGE = "eps spans the whole range of the images, which are taken as 0–1: was it meant in 255ths, as in 8/255?"
VERDICTS = ("broken", "resisted", "held", "out of budget", "misclassified")

Model = Annotated[
    str, typer.Argument(help="file.py:function, package.module:function, .pt2, pool:digits/NAME, timm:NAME, hf:NAME.")
]
Data = Annotated[
    str, typer.Argument(help="digits, .npz, CIFAR-10 batch, folder of class folders, folder with dev.csv.")
]
Norm = Annotated[str, typer.Option(help="linf or l2.")]
Eps = Annotated[str, typer.Option(help="Radius for images in 0–1, e.g. 8/255 or 0.5.")]
AttackName = Annotated[
    str | None, typer.Option(help="One of ours (pgd, apgd, square, …), foolbox:NAME, torchattacks:NAME, art:NAME.")
]
Targeted = Annotated[bool, typer.Option("--targeted", help="Towards a random wrong class.")]
Gradients = Annotated[
    float | None,
    typer.Option(min=0, help="Backward passes an image, average over all: 100, or what autoattack takes to its end."),
]
Forwards = Annotated[
    float | None,
    typer.Option(min=0, help="Forward passes an image, average over all: 200, or what autoattack takes to its end."),
]
Items = Annotated[int | None, typer.Option(min=1, help="Only the first N images.")]
Size = Annotated[str | None, typer.Option(help="HEIGHTxWIDTH to which images of a folder are brought.")]
Range = Annotated[str | None, typer.Option("--range", help="LOW,HIGH of the model's inputs, if it declares none.")]
BatchSize = Annotated[int, typer.Option(min=1)]
Seed = Annotated[int, typer.Option(min=0)]
Device = Annotated[str, typer.Option(help="cpu, cuda.")]
Json = Annotated[str | None, typer.Option(help="Write the figures as JSON to FILE, or - for standard output.")]
Csv = Annotated[Path | None, typer.Option(help="Write one line an image to FILE.")]
Html = Annotated[Path | None, typer.Option(help="Write a report to FILE.")]
WithChecks = Annotated[bool, typer.Option(help="Look for signs that the attack was weak.")]
FailUnder = Annotated[float | None, typer.Option(help="Exit 1 if robust accuracy (0–1) is below this.")]
FailDoubtful = Annotated[bool, typer.Option("--fail-doubtful", help="Exit 1 if a check doubts the figure.")]


def attack(
    model: Model,
    data: Data,
    norm: Norm = "linf",
    eps: Eps = "8/255",
    attack: AttackName = None,
    targeted: Targeted = False,
    gradients: Gradients = None,
    forwards: Forwards = None,
    items: Items = None,
    size: Size = None,
    range_: Range = None,
    batch_size: BatchSize = 128,
    seed: Seed = 0,
    device: Device = "cpu",
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
    checks: WithChecks = True,
    fail_under: FailUnder = None,
    fail_doubtful: FailDoubtful = False,
) -> None:
    """Attack your own classifier in this process: clean and robust accuracy under a stated budget.

    Example: tiltyard attack my_model.py:build cifar-10-batches-bin --eps 8/255 --items 500 --html report.html
    """
    files, demands = _Files(json, csv, html), _Demands(fail_under, fail_doubtful)
    files.check()
    demands.check(checks)
    from tiltyard.attacks.catalogue import DEFAULT_ATTACK
    from tiltyard.report.robustness import evaluate

    _prepare(device)
    name = attack or DEFAULT_ATTACK
    classifier, images, labels, threat = _loaded(model, data, items, size, range_, _asked(norm, eps, targeted))
    with _bars(name) as (attacking, checking):
        result = evaluate(
            classifier, images, labels, threat, attack=name, gradients=gradients, forwards=forwards,
            batch_size=batch_size, seed=seed, device=device, checks=checks, progress=attacking,
            check_progress=checking,
        )  # fmt: skip
    figures = {**_for_unit_range(result.figures(), classifier), "model": model, "data": data}
    show(_described(figures), json_to=json)
    files.write(result, figures)
    if not demands.met_by(result):
        raise typer.Exit(ANSWER_IS_NO)


@dataclass(frozen=True)
class _Files:
    """Where the result is written."""

    json: str | None
    csv: Path | None
    html: Path | None

    def check(self) -> None:
        """Raises TiltyardError before the attack where a file could not be written after it."""
        for target in (self.json, self.csv, self.html):
            check_writable(str(target) if target else None)

    def write(self, result: "RobustnessReport", figures: dict[str, Any]) -> None:
        write_json(figures, self.json)
        if self.csv:
            result.rows.write_csv(self.csv)
            show(f"images: {self.csv}", json_to=self.json)
        if self.html:
            result.write_html(self.html)
            show(f"report: {self.html}", json_to=self.json)


@dataclass(frozen=True)
class _Demands:
    """What the exit code answers."""

    fail_under: float | None
    fail_doubtful: bool

    def check(self, checks: bool) -> None:
        check_fail_under(self.fail_under, most=1)
        if self.fail_doubtful and not checks:
            raise TiltyardError("--fail-doubtful needs the checks: leave out --no-checks")

    def met_by(self, result: "RobustnessReport") -> bool:
        doubtful = self.fail_doubtful and result.checks is not None and bool(result.checks.doubts)
        return not doubtful and (self.fail_under is None or result.robust_accuracy >= self.fail_under)


def _prepare(device: str) -> None:
    from tiltyard.vision.allocator import keep_freed_memory

    check_device(device)
    keep_freed_memory()


def _for_unit_range(figures: dict[str, Any], model: "Classifier") -> dict[str, Any]:
    """Every eps as the user gave it, for images in 0–1."""
    rungs = [{**rung, "eps": rung["eps"] / model.span} for rung in figures["by_eps"]]
    return {**figures, "eps": figures["eps"] / model.span, "by_eps": rungs, "range": [model.low, model.high]}


def _loaded(
    model: str, data: str, items: int | None, size: str | None, range_: str | None, asked: "Threat"
) -> "tuple[Classifier, Tensor, Labels, Threat]":
    """The classifier, the images in its range with their labels, and the threat in it."""
    from tiltyard.vision.data import load_data
    from tiltyard.vision.references import load_model

    classifier = _in_range(load_model(model), range_)
    images = load_data(data, items=items, size=_size(size))
    threat = replace(asked, eps=asked.eps * classifier.span)
    return classifier, images.tensor() * classifier.span + classifier.low, images.labels, threat


def _asked(norm: str, eps: str, targeted: bool) -> "Threat":
    """The threat for images in 0–1."""
    from tiltyard.contest.threat import Threat, parse_eps

    radius = parse_eps(eps)
    if norm not in ("linf", "l2"):
        raise TiltyardError(f"norm {norm!r} is not known: linf or l2")
    return Threat(norm, radius, targeted)  # type: ignore[arg-type]


def _described(figures: dict[str, Any]) -> str:
    lines = [
        ["images", str(figures["items"])],
        ["clean accuracy", percent(figures["clean_accuracy"])],
        [f"robust accuracy ({figures['norm']}, eps {figures['eps']:.4g})", percent(figures["robust_accuracy"])],
        ["gradients an image", f"{figures['gradients_per_image']:.1f}"],
        ["forwards an image", f"{figures['forwards_per_image']:.1f}"],
        ["seconds", f"{figures['seconds']:.1f}"],
    ]
    notes = [" · ".join(f"{word} {figures['verdicts'][word]}" for word in VERDICTS if word in figures["verdicts"])]
    notes += ["the attack ran over its budget and was stopped"] if figures["over_budget"] else []
    notes += [CUT_SHORT] if figures["verdicts"].get("out of budget") else []
    notes += [WHOLE_RANGE] if figures["norm"] == "linf" and figures["eps"] >= 1 else []
    notes += [f"{MARKS[check['verdict']]} {check['name']}" for check in figures["checks"]]
    doubts = [check for check in figures["checks"] if check["verdict"] in ("warning", "failed")]
    notes += [figures["verdict"]]
    notes += [f"  {check['verdict']}: {check['name']}. {check['found']} {check['means']}" for check in doubts]
    return "\n".join([table([f"attack {figures['attack']}, seed {figures['seed']}", ""], lines), "", *notes])


def _in_range(model: "Classifier", text: str | None) -> "Classifier":
    if text is None:
        return model
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise TiltyardError(f"--range {text!r}: write LOW,HIGH, for example 0,255") from None
    if not low < high:
        raise TiltyardError(f"--range {text!r}: LOW must be below HIGH")
    return replace(model, low=low, high=high)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdigit() and 0 < int(part) <= 4096 for part in parts):
        raise TiltyardError(f"--size {text!r}: write HEIGHTxWIDTH, for example 224x224")
    return int(parts[0]), int(parts[-1])


@contextmanager
def _bars(name: str) -> Iterator["tuple[Progress | None, Progress | None]"]:
    """What moves the attack's bar and that of the checks, with time left; nothing where there is no terminal."""
    if not sys.stderr.isatty():
        yield None, None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        attack = progress.add_task(name, total=None)
        checks = progress.add_task("checks", total=None, visible=False)
        yield (
            lambda done, total: progress.update(attack, completed=done, total=total),
            lambda done, total: progress.update(checks, completed=done, total=total, visible=True),
        )
