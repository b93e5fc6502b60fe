"""`tiltyard forge train`: the auto-encoder behind the forgery `resynthesis`, from a fixed seed."""

from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.exits import INTERRUPTED


def train_autoencoder(
    out: Annotated[Path, typer.Option(help="Where weights, curve and card go; a second call goes on there.")] = Path(
        "autoencoder"
    ),
    images: Annotated[
        Path | None, typer.Option(help="A folder of pictures to train on beside the rendered documents.")
    ] = None,
    pages: Annotated[int, typer.Option(min=0, max=5000, help="Documents to render: 2 MB of memory each.")] = 240,
    steps: Annotated[int, typer.Option(min=1, help="Batches to train on.")] = 12000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Weights come out the same only for the same number.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.01, help="Stop after so long; a second call goes on.")] = 30,
) -> None:
    """Train the small auto-encoder that re-synthesises windows: weights, curve (CSV, SVG) and model card.

    Example: tiltyard forge train --images scans --minutes 20 --out autoencoder
    """
    from tiltyard.forensics.forging.autoencoder_pages import pages_of
    from tiltyard.forensics.forging.autoencoder_training import Schedule, train

    typer.echo("rendering and reading pages …", err=True)
    found = pages_of(pages, seed=seed, images=images)
    try:
        weights = train(
            found.training, found.held_out, out, origin=found.origin, minutes=minutes, seed=seed, threads=threads,
            schedule=Schedule(steps=steps), progress=_say,
        )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("tiltyard: interrupted; the same command goes on from the last checkpoint", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"{weights} ({weights.with_suffix('.md').name}, {weights.with_suffix('.csv').name})")


def _say(done: int, steps: int) -> None:
    typer.echo(f"step {done} of {steps}", err=True)
