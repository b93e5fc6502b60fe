"""The options that the site's verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option(help="The site's data folder; made where it is missing.")]
PresentData = Annotated[Path, typer.Option("--data", help="The data folder of a site that is there.")]
Database = Annotated[
    str,
    typer.Option(
        help="postgresql://USER:PASSWORD@HOST/NAME; by default SQLite in the data folder.", envvar="TILTYARD_DATABASE"
    ),
]
Workers = Annotated[int | None, typer.Option(min=0, help="Processes that evaluate; by default one a core.")]
Ray = Annotated[str | None, typer.Option(help="Measure on the Ray cluster at this address (HOST:PORT).")]
DATA = Path("tiltyard-site")
