"""`tiltyard defences`: training of what ships."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.exits import INTERRUPTED
from tiltyard.errors import TiltyardError

defences = typer.Typer(help="Defended models: train what ships.", no_args_is_help=True)


@defences.callback()
def verbs() -> None:
    """Defended models: train what ships."""


@defences.command()
def train(
    pool: Annotated[str, typer.Argument(help="digits.")],
    out: Annotated[Path, typer.Option(help="Where weights, curves and cards go; a second call goes on there.")] = Path(
        "trained"
    ),
    model: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    minutes: Annotated[float, typer.Option(min=0.01, help="Stop after so long; a second call goes on.")] = 30,
) -> None:
    """Train a shipped pool from a fixed seed: weights, training curve and model card for each model."""
    if pool != "digits":
        raise TiltyardError(f"no recipes for pool {pool!r}: there are some for digits")
    from tiltyard.defences.training import train_digits

    try:
        with _bars() as progress:
            weights = train_digits(out, models=model, seed=seed, minutes=minutes, progress=progress)
    except KeyboardInterrupt:
        typer.echo("tiltyard: interrupted; the same command goes on from the last finished epoch", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for path in weights:
        typer.echo(f"{path} ({path.with_suffix('.md').name}, {path.with_suffix('.csv').name})")


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        tasks = {}

        def draw(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done)

        yield draw
