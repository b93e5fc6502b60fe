"""`tiltyard new TRACK DIR`: a starter entry that scores at once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tiltyard.contest.files import check_empty

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
    with _whole(folder) as made:
        (made / "attacker").mkdir()
        (made / "attacker" / "__init__.py").write_text(starter("starter"), encoding="utf-8")


def write_defence_starter(folder: Path) -> None:
    """Weights of the shipped pool, trained quickly on single-step examples, with what the format asks beside them."""
    weights = files("tiltyard.defences") / "pools" / "digits" / "fgsm_rs.safetensors"
    with _whole(folder) as made:
        (made / "model.safetensors").write_bytes(weights.read_bytes())
        for name in ("model.toml", "README.md"):
            text = (files("tiltyard.cli") / "examples" / "defence" / name).read_text(encoding="utf-8")
            (made / name).write_text(text, encoding="utf-8")


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A place to write in: what lies there when the block ends comes into the folder, and nothing where it fails.

    It is first written into a folder of its own within, then moved.
    """
    check_empty(folder)
    there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=".tiltyard-", dir=folder) as made:
            yield Path(made)
            for path in list(Path(made).iterdir()):
                path.rename(folder / path.name)
    except BaseException:
        if not there:
            with suppress(OSError):
                folder.rmdir()
        raise


def starter(name: str) -> str:
    """The text of a shipped example attack."""
    return (files("tiltyard.cli") / "examples" / f"{name}.py").read_text(encoding="utf-8")
