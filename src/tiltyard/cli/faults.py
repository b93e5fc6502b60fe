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
FILLED = (errno.ENOSPC, errno.EDQUOT)
OF_THE_SYSTEM = re.compile(r"\(os error (\d+)\)")
"""How libraries in Rust tell what the system said."""
CUT_OFF = re.compile(r"PytorchStreamWriter|unexpected pos \d+ vs \d+|\(os error 28\)")
"""How torch, and libraries in Rust, say that a file was not written to its end."""


def told(error: Exception) -> tuple[str, int]:
    """One line and the exit code."""
    words = one_line(error)
    if isinstance(error, OSError) and error.errno in CURES and type(error).__module__ == "builtins":
        place = error.filename if error.errno not in FILLED else error.filename or _full_folder()
        return f"{_shown(place)}{error.strerror}: {CURES[error.errno]}", BAD_INPUT
    if CUT_OFF.search(words) and (place := _full_folder()):
        return f"{_shown(place)}{os.strerror(errno.ENOSPC)}: {CURES[errno.ENOSPC]}", BAD_INPUT
    if (found := OF_THE_SYSTEM.search(words)) and int(found[1]) in CURES:
        return f"{words}: {CURES[int(found[1])]}", BAD_INPUT
    return f"{type(error).__name__}: {words} ({DEBUG})", BAD_INPUT if isinstance(error, OSError) else BROKEN


def _shown(place: object) -> str:
    return "" if place is None else f"{one_line(str(place))}: "


def _full_folder() -> Path | None:
    return next((folder for folder in _named_folders() if _is_full(folder)), None)


def _named_folders() -> Iterator[Path]:
    """Where the paths of this call lie, as far as they are there, then the folder of temporary files."""
    for word in sys.argv[1:]:
        path = Path(word.partition("=")[2] if word.startswith("--") else word).absolute()
        yield next((place for place in (path, *path.parents) if os.path.isdir(place)), Path.cwd())
    yield Path(tempfile.gettempdir())


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < FULL and not found.f_flag & os.ST_RDONLY
