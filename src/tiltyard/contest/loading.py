"""What a track's `load` is given: a place below the challenge's folder, and settings."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tiltyard.contest.names import JUNK, is_junk, shown
from tiltyard.contest.settings import first_fault
from tiltyard.errors import TiltyardError

Settings = TypeVar("Settings", bound=BaseModel)


def below(folder: Path, where: str) -> Path | None:
    """What lies there, None if nothing does; TiltyardError for a path that leads out of the folder.

    Neither may it name what desktops and interpreters leave behind: no challenge is kept with that.
    """
    path = PurePosixPath(where)
    if not where.isprintable() or not path.parts or path.is_absolute() or ".." in path.parts:
        raise TiltyardError(f"{shown(where)}: write a path below the challenge's folder, without `..`")
    if is_junk(where):
        raise TiltyardError(f"{shown(where)}: is left out of a challenge, as {', '.join(JUNK)} are: put it elsewhere")
    found = folder.absolute() / path
    if not found.exists():
        return None
    return inside(folder, found)


def inside(folder: Path, found: Path) -> Path:
    """The path itself; TiltyardError where a link makes it lead out of the folder."""
    if not found.resolve().is_relative_to(folder.resolve()):
        raise TiltyardError(f"{shown(found.name)}: a link leads out of the challenge's folder")
    return found


def needed(folder: Path, where: str, *, shipped: Iterable[str] = ()) -> Path:
    """What lies there; TiltyardError, with what the package ships instead, where nothing does."""
    found = below(folder, where)
    if found is None:
        instead = f", or name what the package ships: {', '.join(shipped)}" if shipped else ""
        raise TiltyardError(f"{shown(where)}: nothing lies there below {folder}: put the contest's data there{instead}")
    return found


def file_of(found: Path, name: str) -> Path:
    """The path itself, or the file of that name in it where it is a folder."""
    return found / name if found.is_dir() else found


def checked_settings(track: str, given: Mapping[str, Any], kind: type[Settings]) -> Settings:
    """The settings, typed; TiltyardError names one that is unknown, with the known ones, or does not fit."""
    for name in given:
        if name not in kind.model_fields:
            known = ", ".join(kind.model_fields)
            raise TiltyardError(f"track {track}: no setting is called {shown(name)}: there are {known}")
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        raise TiltyardError(f"track {track}: setting {first_fault(error, whole='of them all')}") from None
