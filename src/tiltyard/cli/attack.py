"""`tiltyard attack MODEL DATA`: robustness of one's own classifier."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, percent, show, table, write_json
from tiltyard.cli.exits import ANSWER_IS_NO
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from torch import Tensor

    from tiltyard.attacks.result import Progress
    from tiltyard.contest.threat import Threat
    from tiltyard.report.inputs import Labels
    from tiltyard.report.robustness import RobustnessReport
    from tiltyard.vision.classifier import Classifier


def attack(
    model: Annotated[
        str,
        typer.Argument(help="file.py:function, package.module:function, .pt2, pool:digits/NAME, timm:NAME, hf:NAME."),
    ],
    data: Annotated[
        str, typer.Argument(help="digits, .npz, CIFAR-10 batch, folder of class folders, folder with dev.csv.")
    ],
    norm: Annotated[str, typer.Option(help="linf or l2.")] = "linf",
    eps: Annotated[str, typer.Option(help="Radius for images in 0–1, e.g. 8/255 or 0.5.")] = "8/255",
    attack: Annotated[
        str | None, typer.Option(help="One of ours (pgd, apgd, square, …), foolbox:NAME, torchattacks:NAME, art:NAME.")
    ] = None,
    targeted: Annotated[bool, typer.Option("--targeted", help="Towards a random wrong class.")] = False,
    gradients: Annotated[float, typer.Option(min=0, help="Backward passes an image, average over all.")] = 100,
    forwards: Annotated[float, typer.Option(min=0, help="Forward passes an image, average over all.")] = 200,
    items: Annotated[int | None, typer.Option(min=1, help="Only the first N images.")] = None,
    size: Annotated[str | None, typer.Option(help="HEIGHTxWIDTH to which images of a folder are brought.")] = None,
    range_: Annotated[
        str | None, typer.Option("--range", help="LOW,HIGH of the model's inputs, if it declares none.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1)] = 128,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda.")] = "cpu",
    json: Annotated[
        str | None, typer.Option(help="Write the figures as JSON to FILE, or - for standard output.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write one line an image to FILE.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report to FILE.")] = None,
    checks: Annotated[bool, typer.Option(help="Look for signs that the attack was weak.")] = True,
    fail_under: Annotated[float | None, typer.Option(help="Exit 1 if robust accuracy (0–1) is below this.")] = None,
    fail_doubtful: Annotated[
        bool, typer.Option("--fail-doubtful", help="Exit 1 if a check doubts the figure.")
    ] = False,
) -> None:
    """Attack your own classifier in this process: clean and robust accuracy under a stated budget.

    Example: tiltyard attack my_model.py:build cifar-10-batches-bin --eps 8/255 --items 500 --html report.html
    """
    for target in (json, csv, html):
        check_writable(str(target) if target else None)
    if fail_doubtful and not checks:
        raise TiltyardError("--fail-doubtful needs the checks: leave out --no-checks")
    from tiltyard.attacks.catalogue import DEFAULT_ATTACK
    from tiltyard.cli.run import check_device
    from tiltyard.contest.threat import parse_eps
    from tiltyard.report.robustness import evaluate
    from tiltyard.vision.allocator import keep_freed_memory

    check_device(device)
    keep_freed_memory()
    radius, name = parse_eps(eps), attack or DEFAULT_ATTACK
    classifier, images, labels = _loaded(model, data, items, size, range_)
    threat = _threat(norm, radius * classifier.span, targeted)
    with _bars(name) as (attacking, checking):
        result = evaluate(
            classifier, images, labels, threat, attack=name, gradients=gradients, forwards=forwards,
            batch_size=batch_size, seed=seed, device=device, checks=checks, progress=attacking,
            check_progress=checking,
        )  # fmt: skip
    figures = {**_for_unit_range(result.figures(), classifier), "model": model, "data": data}
    show(_described(figures), json_to=json)
    _write(result, figures, json=json, csv=csv, html=html)
    if (fail_under is not None and result.robust_accuracy < fail_under) or (
        fail_doubtful and result.checks is not None and result.checks.doubts
    ):
        raise typer.Exit(ANSWER_IS_NO)


def _for_unit_range(figures: dict[str, Any], model: "Classifier") -> dict[str, Any]:
    """Every eps as the user gave it, for images in 0–1."""
    rungs = [{**rung, "eps": rung["eps"] / model.span} for rung in figures["by_eps"]]
    return {**figures, "eps": figures["eps"] / model.span, "by_eps": rungs, "range": [model.low, model.high]}


def _write(
    result: "RobustnessReport", figures: dict[str, Any], *, json: str | None, csv: Path | None, html: Path | None
) -> None:
    write_json(figures, json)
    if csv:
        result.rows.write_csv(csv)
        show(f"images: {csv}", json_to=json)
    if html:
        result.write_html(html)
        show(f"report: {html}", json_to=json)


def _loaded(
    model: str, data: str, items: int | None, size: str | None, range_: str | None
) -> "tuple[Classifier, Tensor, Labels]":
    """The classifier, and the images in its range with their labels."""
    from tiltyard.vision.data import load_data
    from tiltyard.vision.references import load_model

    classifier = _in_range(load_model(model), range_)
    images = load_data(data, items=items, size=_size(size))
    return classifier, images.tensor() * classifier.span + classifier.low, images.labels


def _threat(norm: str, eps: float, targeted: bool) -> "Threat":
    from tiltyard.contest.threat import Threat

    if norm not in ("linf", "l2"):
        raise TiltyardError(f"norm {norm!r} is not known: linf or l2")
    return Threat(norm, eps, targeted)  # type: ignore[arg-type]


def _described(figures: dict[str, Any]) -> str:
    lines = [
        ["images", str(figures["items"])],
        ["clean accuracy", percent(figures["clean_accuracy"])],
        [f"robust accuracy ({figures['norm']}, eps {figures['eps']:.4g})", percent(figures["robust_accuracy"])],
        ["gradients an image", f"{figures['gradients_per_image']:.1f}"],
        ["forwards an image", f"{figures['forwards_per_image']:.1f}"],
        ["seconds", f"{figures['seconds']:.1f}"],
    ]
    notes = ["the attack ran over its budget and was stopped"] if figures["over_budget"] else []
    doubts = [check for check in figures["checks"] if check["verdict"] in ("warning", "failed")]
    notes += [figures["verdict"]]
    notes += [f"  {check['verdict']}: {check['name']}. {check['found']} {check['means']}" for check in doubts]
    return "\n".join([table([f"attack {figures['attack']}, seed {figures['seed']}", ""], lines), "", *notes])


def _in_range(model: "Classifier", text: str | None) -> "Classifier":
    from dataclasses import replace

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
