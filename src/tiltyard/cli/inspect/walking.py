"""Which files are meant: those that were named, and the pictures in the folders that were."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiltyard.contest.names import is_junk, one_line
from tiltyard.errors import TiltyardError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".pdf")


@dataclass(frozen=True)
class PassedOver:
    """A file, a page or a folder that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """The files in the order in which they are looked at, and the folders that could not be listed."""

    files: tuple[Path, ...]
    passed_over: tuple[PassedOver, ...]


def files_in(paths: Sequence[Path], *, leave_out: Sequence[Path] = ()) -> Found:
    """Named files whatever they are called; below folders what has the suffix of a picture, sorted, each file once.

    Links to folders, hidden files and what lies in the folders `leave_out` are not looked at. TiltyardError where a
    path is not there, or nothing is left.
    """
    lost: list[PassedOver] = []
    files: dict[str, Path] = {}
    for path in paths:
        for file in _meant(path, [os.path.abspath(folder) for folder in leave_out], lost):
            files.setdefault(os.path.abspath(file), file)
    if not files:
        names = ", ".join(one_line(path) for path in paths[:3])
        reason = f" ({lost[0].path}: {lost[0].reason})" if lost else ""
        raise TiltyardError(f"{names}: no pictures in there{reason}: {', '.join(SUFFIXES)} are looked for")
    return Found(tuple(files.values()), tuple(lost))


def _meant(path: Path, leave_out: Sequence[str], lost: list[PassedOver]) -> Iterator[Path]:
    if not path.exists():
        raise TiltyardError(f"{one_line(path)}: no such file or folder")
    if not path.is_dir():
        yield path
        return
    yield from sorted(_below(path, [folder for folder in leave_out if folder != os.path.abspath(path)], lost))


def _below(folder: Path, leave_out: Sequence[str], lost: list[PassedOver]) -> Iterator[Path]:
    def failed(error: OSError) -> None:
        lost.append(PassedOver(str(error.filename), f"cannot be listed ({error.strerror})"))

    for place, folders, names in os.walk(folder, onerror=failed):
        folders[:] = [name for name in folders if _is_looked_at(name) and _apart(place, name) not in leave_out]
        yield from (Path(place, name) for name in names if _is_looked_at(name) and name.lower().endswith(SUFFIXES))


def _is_looked_at(name: str) -> bool:
    return not name.startswith(".") and not is_junk(name)


def _apart(place: str, name: str) -> str:
    return os.path.abspath(os.path.join(place, name))
