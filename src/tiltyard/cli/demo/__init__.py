"""`tiltyard demo`: contests end to end on what the package ships; one file a room."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from tiltyard.errors import TiltyardError

MARK = ".tiltyard-demo"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demo's evaluations; a demo there is replaced.")] = Path(
        ".demo"
    ),
) -> None:
    """Attacks on classifiers, jailed and metered, then detectors of forged documents: ranked, reported. Two minutes."""
    from tiltyard.cli.demo.forensic import forensic_contests
    from tiltyard.cli.demo.whitebox import whitebox_contest

    _prepare(out)
    whitebox_contest(out)
    forensic_contests(out / "forensics")


def _prepare(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise TiltyardError(f"{out}: is not empty and no demo of ours: choose another with --out")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()
