"""`tiltyard forensics train`: from material that it makes itself to weights, curve and card."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiltyard.cli.exits import INTERRUPTED
from tiltyard.cli.forge.bar import samples_bar
from tiltyard.cli.forge.options import executor_of

if TYPE_CHECKING:
    from tiltyard.forensics.locating.training import Told


def train(
    out: Annotated[Path, typer.Option(help="Where material, weights, curve and card go; a second call goes on there.")],
    minutes: Annotated[float, typer.Option(min=0.05, help="Of training alone, over all calls in this folder.")] = 60,
    documents: Annotated[int, typer.Option(min=0, help="Documents to render: 0.1 GB of blocks a thousand.")] = 6000,
    pictures: Annotated[
        list[Path] | None, typer.Option(help="A folder of authentic pictures to forge and train on; may be repeated.")
    ] = None,
    sets: Annotated[
        list[Path] | None, typer.Option("--set", help="A set that `tiltyard forge` wrote; may be repeated.")
    ] = None,
    aside: Annotated[
        list[Path] | None, typer.Option(help="A set to choose the threshold on, never to train on; may be repeated.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="Weights to go on from, for example the package's, in place of random ones.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="By default one a core.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that make material; by default one a core.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train the locator on documents that it renders and on your own pictures, forged: weights, curve, model card.

    Example: tiltyard forensics train --pictures photos --pictures scans --minutes 90 --out trained
    """
    from tiltyard.forensics.locating.run import Order, carry_out

    order = Order(
        out=out, minutes=minutes, documents=documents, pictures=tuple(pictures or ()), sets=tuple(sets or ()),
        aside=tuple(aside or ()), start=start, seed=seed, threads=threads, device=device,
    )  # fmt: skip
    try:
        with samples_bar("material") as making, _training_bar() as told:
            weights = carry_out(order, executor_of(jobs, None), making=making, told=told)
    except KeyboardInterrupt:
        typer.echo(f"tiltyard: interrupted; the same command goes on in {out}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"{weights} ({weights.with_suffix('.md').name}, {weights.with_suffix('.csv').name})")


@contextmanager
def _training_bar() -> Iterator["Told"]:
    """A bar with the time left and the last line of the curve; plain lines where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda share, line: typer.echo(f"{share:.0%} {_told(line)}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("training"), BarColumn(), TextColumn("{task.fields[line]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as progress:
        task = progress.add_task("training", total=1.0, line="")
        yield lambda share, line: progress.update(task, completed=share, line=_told(line))


def _told(line: dict[str, float]) -> str:
    return f"loss {line['loss']:.3f}, F1 {line['f1']:.3f}, AUC {line['auc_mask']:.3f}" if "f1" in line else ""
