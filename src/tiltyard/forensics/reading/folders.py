"""The pictures of a folder, by their names: everything that can be inspected."""

from pathlib import Path

from tiltyard.contest.files import walk
from tiltyard.contest.names import is_junk, one_line
from tiltyard.errors import TiltyardError

SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".mpo",
    ".png",
    ".webp",
    ".tif",
    ".tiff",
    ".bmp",
    ".heic",
    ".heif",
    ".pdf",
)
OF_SETS = ("part-*/images/*", "images/*")
"""Where sets that `tiltyard forge` wrote have their pictures: masks and contact sheets beside them are none."""


def pictures_below(folder: Path) -> list[Path]:
    """Sorted: those of a set, if it is one, else all below the folder but hidden ones.

    TiltyardError for what is no folder, or holds one that cannot be listed.
    """
    if not folder.is_dir():
        raise TiltyardError(f"{one_line(folder)}: is no folder; name one with pictures")
    try:
        return _pictures_below(folder)
    except OSError as error:
        told = f"{one_line(error.filename)}: cannot be listed ({error.strerror})"
        raise TiltyardError(f"{told}: make it readable, or name another folder") from None


def _pictures_below(folder: Path) -> list[Path]:
    for pattern in OF_SETS:
        found = sorted(path for path in folder.glob(pattern) if is_picture(path.name))
        if found:
            return found
    return sorted(path for name, path in walk(folder) if is_picture(path.name) and _is_shown(name))


def is_picture(name: str) -> bool:
    """Whether a file of that name is looked at."""
    return name.lower().endswith(SUFFIXES)


def _is_shown(name: str) -> bool:
    return not is_junk(name) and not any(part.startswith(".") for part in name.split("/"))
