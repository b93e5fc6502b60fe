"""Errors that are none of ours: what the system refused, with its cure, and what is a fault of this program."""

import errno
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tiltyard.cli.exits import BAD_INPUT, BROKEN
from tiltyard.contest.names import one_line

DEBUG = "tiltyard --debug … shows where"
CURES = {
    errno.ENOSPC: "free some space, or name another place",
    errno.EDQUOT: "free some space, or name another place",
    errno.EROFS: "name another place",
    errno.EACCES: "change its permissions, or name another place",
    errno.EPERM: "change its permissions, or name another place",
    errno.ENOTDIR: "name a folder",
    errno.EISDIR: "name a file",
    errno.EEXIST: "name another place",
    errno.ENOENT: "name what is there, in a folder that is there",
    errno.ENAMETOOLONG: "name it shorter",
    errno.EFBIG: "allow larger files (ulimit -f), or name another place",
    errno.EMFILE: "allow more open files (ulimit -n)",
}
FULL = 1 << 20
"""Bytes: a disk that failed to take a file has less, or nearly so, once what was begun is removed."""
TORCH_IS_CUT_OFF = re.compile(r"PytorchStreamWriter|unexpected pos \d+ vs \d+")
"""How torch says that its file was not written to its end."""


def told(error: Exception) -> tuple[str, int]:
    """One line and the exit code."""
    number = _number(error)
    if number is not None:
        return f"{_place(error, number)}{os.strerror(number)}: {CURES.get(number, DEBUG)}", BAD_INPUT
    words = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {words} ({DEBUG})", BAD_INPUT if isinstance(error, OSError) else BROKEN


def _number(error: Exception) -> int | None:
    """What the system said, also where a library tells it in its own words."""
    if isinstance(error, OSError):
        return error.errno if error.strerror else None
    if TORCH_IS_CUT_OFF.search(str(error)):
        return errno.ENOSPC
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


def _place(error: Exception, number: int) -> str:
    name = getattr(error, "filename", None)
    if name is None and number in (errno.ENOSPC, errno.EDQUOT):
        name = next((folder for folder in _named_folders() if _is_full(folder)), None)
    return "" if name is None else f"{one_line(str(name))}: "


def _named_folders() -> Iterator[Path]:
    """Where the paths of this call lie, as far as they are there, then the folder of temporary files."""
    for word in sys.argv[1:]:
        path = Path(word.partition("=")[2] if word.startswith("--") else word).absolute()
        yield next((place for place in (path, *path.parents) if os.path.isdir(place)), Path.cwd())
    yield Path(tempfile.gettempdir())


def _is_full(folder: Path) -> bool:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < FULL and not found.f_flag & os.ST_RDONLY
