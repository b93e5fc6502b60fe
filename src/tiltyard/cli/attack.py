"""`tiltyard attack MODEL DATA`: robustness of one's own classifier."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, percent, show, table, write_json
from tiltyard.cli.exits import ANSWER_IS_NO

if TYPE_CHECKING:
    from tiltyard.attacks.result import Progress
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
    attack: Annotated[str, typer.Option(help="pgd, baseline, foolbox:NAME, torchattacks:NAME, art:NAME.")] = "pgd",
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
    html: Annotated[Path | None, typer.Option(help="Write a report to FILE.")] = None,
    fail_under: Annotated[float | None, typer.Option(help="Exit 1 if robust accuracy (0–1) is below this.")] = None,
) -> None:
    """Attack your own classifier in this process: clean and robust accuracy under a stated budget.

    Example: tiltyard attack my_model.py:build cifar-10-batches-bin --eps 8/255 --items 500 --html report.html
    """
    check_writable(json)
    check_writable(str(html) if html else None)
    from tiltyard.cli.run import check_device
    from tiltyard.contest.threat import Threat, parse_eps
    from tiltyard.errors import TiltyardError
    from tiltyard.report.robustness import evaluate
    from tiltyard.vision.allocator import keep_freed_memory
    from tiltyard.vision.data import load_data
    from tiltyard.vision.references import load_model

    if norm not in ("linf", "l2"):
        raise TiltyardError(f"norm {norm!r} is not known: linf or l2")
    check_device(device)
    keep_freed_memory()
    radius = parse_eps(eps)
    classifier = _in_range(load_model(model), range_)
    images = load_data(data, items=items, size=_size(size))
    threat = Threat(norm, radius * classifier.span, targeted)  # type: ignore[arg-type]
    with _bar(attack) as bar:
        result = evaluate(
            classifier, images.tensor() * classifier.span + classifier.low, images.labels, threat,
            attack=attack, gradients=gradients, forwards=forwards, batch_size=batch_size, seed=seed, device=device,
            progress=bar,
        )  # fmt: skip
    figures = {
        **result.figures(),
        "eps": radius,
        "range": [classifier.low, classifier.high],
        "model": model,
        "data": data,
    }
    show(_described(figures), json_to=json)
    write_json(figures, json)
    if html:
        result.write_html(html)
        show(f"report: {html}", json_to=json)
    if fail_under is not None and figures["robust_accuracy"] < fail_under:
        raise typer.Exit(ANSWER_IS_NO)


def _described(figures: dict[str, Any]) -> str:
    lines = [
        ["images", str(figures["items"])],
        ["clean accuracy", percent(figures["clean_accuracy"])],
        [f"robust accuracy ({figures['norm']}, eps {figures['eps']:.4g})", percent(figures["robust_accuracy"])],
        ["gradients an image", f"{figures['gradients_per_image']:.1f}"],
        ["forwards an image", f"{figures['forwards_per_image']:.1f}"],
        ["seconds", f"{figures['seconds']:.1f}"],
    ]
    notes = ["", "the attack ran over its budget and was stopped"] if figures["over_budget"] else []
    return "\n".join([table([f"attack {figures['attack']}, seed {figures['seed']}", ""], lines), *notes])


def _in_range(model: "Classifier", text: str | None) -> "Classifier":
    from dataclasses import replace

    from tiltyard.errors import TiltyardError

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
    from tiltyard.errors import TiltyardError

    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdigit() and 0 < int(part) <= 4096 for part in parts):
        raise TiltyardError(f"--size {text!r}: write HEIGHTxWIDTH, for example 224x224")
    return int(parts[0]), int(parts[-1])


@contextmanager
def _bar(name: str) -> Iterator["Progress | None"]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
