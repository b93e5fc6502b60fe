"""`tiltyard defences`: training and measuring what ships."""

from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.defences_bars import model_bars
from tiltyard.cli.exits import INTERRUPTED

defences = typer.Typer(help="Defended models: train and measure what ships.", no_args_is_help=True)

PoolName = Annotated[str, typer.Argument(help="digits or cifar10.")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Only this one; may be repeated.")]
Attacks = Annotated[
    list[str] | None, typer.Option("--attack", help="What cards measure; by default lance, autoattack.")
]


@defences.callback()
def verbs() -> None:
    """Defended models: train and measure what ships."""


@defences.command()
def train(
    pool: PoolName,
    out: Annotated[Path, typer.Option(help="Where weights, curves and cards go; a second call goes on there.")] = Path(
        "trained"
    ),
    data: Annotated[
        str | None, typer.Option(help="Training images: a zip or folder of class folders, a CIFAR-10 batch, .npz.")
    ] = None,
    files: Annotated[
        Path | None, typer.Option(help="Test images for the cards: the pool's folder of images, or their file.")
    ] = None,
    model: Models = None,
    attack: Attacks = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Weights come out the same only for the same number.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.01, help="Train for so long at most; a second call goes on.")] = 30,
) -> None:
    """Train a shipped pool from a fixed seed: weights, training curve and model card for each model.

    Example: tiltyard defences train cifar10 --data cifar10_train.zip --files cifar10_test.npz --minutes 90
    """
    from tiltyard.defences.cards import CARD_ATTACKS
    from tiltyard.defences.training import train_pool

    try:
        with model_bars("epochs") as progress:
            weights = train_pool(
                pool, out, data=data, files=files, models=model, attacks=tuple(attack or CARD_ATTACKS), seed=seed,
                minutes=minutes, threads=threads, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("tiltyard: interrupted; the same command goes on from the last finished epoch", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for path in weights:
        typer.echo(f"{path} ({path.with_suffix('.md').name}, {path.with_suffix('.csv').name})")


@defences.command()
def card(
    pool: PoolName,
    out: Annotated[Path | None, typer.Option(help="Folder of weights and cards; by default the package's own.")] = None,
    files: Annotated[
        Path | None, typer.Option("--files", "--data", help="The pool's folder of test images, or their file.")
    ] = None,
    model: Models = None,
    attack: Attacks = None,
) -> None:
    """Measure trained weights again and rewrite their model cards.

    Example: tiltyard defences card cifar10 --files cifar10_test.npz --model trades --out trained
    """
    from tiltyard.defences.cards import CARD_ATTACKS, write_cards

    with model_bars("images") as progress:
        cards = write_cards(
            pool, out, files=files, models=model, attacks=tuple(attack or CARD_ATTACKS), progress=progress
        )
        for path in cards:
            typer.echo(str(path))
