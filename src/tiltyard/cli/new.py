"""`tiltyard new TRACK DIR`: a starter entry that scores at once."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from tiltyard.errors import TiltyardError

new = typer.Typer(help="Write a starter entry.", no_args_is_help=True)


@new.callback()
def tracks() -> None:
    """Write a starter entry."""


@new.command()
def whitebox(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """A PGD attack in the contest's form, ready to be changed and scored."""
    write_starter(folder)
    typer.echo(f"wrote {folder / 'attacker' / '__init__.py'}; score it: tiltyard run whitebox {folder}")


@new.command()
def defence(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Trained weights for the digits challenge in its form, ready to be bettered and scored."""
    write_defence_starter(folder)
    typer.echo(f"wrote {folder / 'model.safetensors'} and its model.toml; score it: tiltyard run defence {folder}")


def write_starter(folder: Path) -> None:
    """Copies the starter entry; TiltyardError where the folder is not empty."""
    _check_empty(folder)
    (folder / "attacker").mkdir(parents=True)
    (folder / "attacker" / "__init__.py").write_text(starter("starter"), encoding="utf-8")


def write_defence_starter(folder: Path) -> None:
    """Weights of the shipped pool, trained quickly on single-step examples, with what the format asks beside them."""
    _check_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = files("tiltyard.defences") / "pools" / "digits" / "fgsm_rs.safetensors"
    (folder / "model.safetensors").write_bytes(weights.read_bytes())
    for name in ("model.toml", "README.md"):
        text = (files("tiltyard.cli") / "examples" / "defence" / name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TiltyardError(f"{folder}: is not an empty folder: choose another")


def starter(name: str) -> str:
    """The text of a shipped example attack."""
    return (files("tiltyard.cli") / "examples" / f"{name}.py").read_text(encoding="utf-8")
