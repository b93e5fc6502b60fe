"""`tiltyard forensics train`: from material that it makes itself to weights, curve and card."""

from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.exits import INTERRUPTED
from tiltyard.cli.forensics.bars import training_bars
from tiltyard.cli.forge.options import executor_of


def train(
    out: Annotated[Path, typer.Option(help="Where material, weights, curve and card go; a second call goes on there.")],
    minutes: Annotated[float, typer.Option(min=0.05, help="Of training alone, over all calls in this folder.")] = 60,
    documents: Annotated[int, typer.Option(min=0, help="Documents to render: 3 GB of measures a thousand.")] = 6000,
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
        Path | None,
        typer.Option(help="Weights to go on from in place of random ones: a file, or `shipped`, the package's own."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="By default one a core.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that make material; by default one a core.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Train the locator on documents that it renders and on your own pictures, forged: weights, curve, model card.

    From random weights on CUDA; on a CPU, where a step takes seconds, go on from weights that are trained (--start).

    Example: tiltyard forensics train --pictures photos --pictures scans --device cuda --out trained
    """
    from tiltyard.forensics.documents.fonts import chinese_packages, has_chinese
    from tiltyard.forensics.locating.run import Order, carry_out
    from tiltyard.forensics.locating.weights import named_weights

    order = Order(
        out=out, minutes=minutes, documents=documents, pictures=tuple(pictures or ()), sets=tuple(sets or ()),
        aside=tuple(aside or ()), start=named_weights(start) if start else None, seed=seed, threads=threads,
        device=device,
    )  # fmt: skip
    if documents and not has_chinese():
        packages = " ".join(chinese_packages())
        typer.echo(
            f"tiltyard: Chinese fonts are missing, all documents are Latin: apt-get install {packages}", err=True
        )
    try:
        with training_bars() as shown:
            weights = carry_out(order, executor_of(jobs, None), making=shown.making, told=shown.told)
    except KeyboardInterrupt:
        typer.echo(f"tiltyard: interrupted; the same command goes on in {out}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"{weights} ({weights.with_suffix('.md').name}, {weights.with_suffix('.csv').name})")
