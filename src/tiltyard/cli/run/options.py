"""The options that the tracks' commands share."""

from pathlib import Path
from typing import Annotated

import typer

MAX_SEED = (1 << 63) - 1
Out = Annotated[Path | None, typer.Option(help="Evaluation folder; by default a new one below runs/.")]
Json = Annotated[str | None, typer.Option(help="Write the result as JSON to FILE, or - for standard output.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted evaluation in --out.")]
Trust = Annotated[bool, typer.Option("--trust", help="Run the code without a jail: your own code only.")]
Seed = Annotated[
    int,
    typer.Option(
        min=0,
        max=MAX_SEED,
        help="The same seed gives the same rows. For strangers' attacks on randomised models, one that nobody guesses.",
    ),
]
IntervalSeed = Annotated[
    int, typer.Option(min=0, max=MAX_SEED, help="For the resamples behind the intervals: the same seed, the same ones.")
]
FailUnder = Annotated[float | None, typer.Option(help="Exit 1 if the score (0–100) is below this.")]
