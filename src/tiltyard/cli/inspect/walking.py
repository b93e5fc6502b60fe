"""Which files are meant: those that were named, and the pictures in the folders that were."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tiltyard.contest.names import is_junk, one_line
from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.part import IMAGES, MASKS
from tiltyard.forensics.reading.folders import SUFFIXES, is_picture


@dataclass(frozen=True)
class PassedOver:
    """A file, a page or a folder that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """The files in the order in which they are looked at, and what could not be reached."""

    files: tuple[Path, ...]
    passed_over: tuple[PassedOver, ...]
    others: int = 0
    """Files below the folders whose suffix is none of a picture."""
    masks: tuple[str, ...] = ()
    """Folders that hold the masks of a set."""

    @property
    def left_out(self) -> str:
        """A line about the others and about masks; nothing where there are none."""
        told = []
        if self.others:
            told.append(
                f"{self.others} {'file is no picture' if self.others == 1 else 'files are no pictures'} by name"
            )
        if self.masks:
            more = f" and {len(self.masks) - 1} more" if len(self.masks) > 1 else ""
            told.append(f"{one_line(self.masks[0])}{more} beside {IMAGES} {'hold' if more else 'holds'} a set's masks")
        return f"{'; '.join(told)}: left out" if told else ""


def files_in(paths: Sequence[Path], *, leave_out: Sequence[Path] = ()) -> Found:
    """Named files whatever they are called; below folders what has the suffix of a picture, sorted, each file once.

    Links to folders, hidden files, what lies in the folders `leave_out`, and `masks` beside `images`, as sets of
    `tiltyard forge` have them, are not looked at. TiltyardError where a path is not there, is one of the folders
    `leave_out`, or nothing is left.
    """
    walk = _Walk([os.path.abspath(folder) for folder in leave_out])
    files: dict[str, Path] = {}
    for path in paths:
        for file in walk.meant(path):
            files.setdefault(os.path.abspath(file), file)
    found = Found(tuple(files.values()), tuple(walk.lost), len(walk.others), tuple(walk.masks))
    if not files:
        raise _nothing(paths, found)
    return found


def _nothing(paths: Sequence[Path], found: Found) -> TiltyardError:
    names = ", ".join(one_line(path) for path in paths[:3])
    reasons = [f"{one_line(lost.path)}: {lost.reason}" for lost in found.passed_over[:1]]
    reasons += [found.left_out] if found.left_out else []
    told = f" ({'; '.join(reasons)})" if reasons else ""
    return TiltyardError(f"{names}: no pictures in there{told}: {', '.join(SUFFIXES)} are looked for")


@dataclass
class _Walk:
    leave_out: Sequence[str]
    lost: list[PassedOver] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    masks: list[str] = field(default_factory=list)

    def meant(self, path: Path) -> Iterator[Path]:
        try:
            folder = stat.S_ISDIR(path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            raise TiltyardError(f"{one_line(path)}: no such file or folder") from None
        except OSError as error:
            self.lost.append(PassedOver(str(path), f"cannot be reached ({error.strerror})"))
            return
        if folder and os.path.abspath(path) in self.leave_out:
            told = f"{one_line(path)}: is searched for pictures, and what is drawn would lie among them"
            raise TiltyardError(f"{told}: name another folder for masks and maps")
        yield from sorted(self._below(path)) if folder else [path]

    def _below(self, folder: Path) -> Iterator[Path]:
        for place, folders, names in os.walk(folder, onerror=self._failed):
            folders[:] = [name for name in folders if _is_looked_at(name) and _apart(place, name) not in self.leave_out]
            if IMAGES in folders and MASKS in folders:
                folders.remove(MASKS)
                self.masks.append(os.path.join(place, MASKS))
            for name in filter(_is_looked_at, names):
                if is_picture(name):
                    yield Path(place, name)
                else:
                    self.others.add(_apart(place, name))

    def _failed(self, error: OSError) -> None:
        self.lost.append(PassedOver(str(error.filename), f"cannot be listed ({error.strerror})"))


def _is_looked_at(name: str) -> bool:
    return not name.startswith(".") and not is_junk(name)


def _apart(place: str, name: str) -> str:
    return os.path.abspath(os.path.join(place, name))
