"""`tiltyard forge sheet`: a contact sheet of a set."""

from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.display import check_writable
from tiltyard.cli.forge.options import SheetItems


def sheet(
    folder: Annotated[Path, typer.Argument(help="A set that `tiltyard forge` wrote, whole or not.")],
    out: Annotated[Path, typer.Option(help="FILE.png or FILE.html.")] = Path("sheet.png"),
    items: SheetItems = 24,
) -> None:
    """Show samples side by side with what was forged, each kind in turn.

    Example: tiltyard forge sheet docs --out docs.html --items 40
    """
    check_writable(str(out))
    from tiltyard.forensics.making.sheet import sheet_of

    shown = sheet_of(folder, out, items=items)
    typer.echo(f"{shown} samples: {out}")
