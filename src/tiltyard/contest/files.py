"""Files that must be what they seem: opened without following links or waiting for a pipe's other end."""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from tiltyard.contest.names import is_junk, shown
from tiltyard.errors import EntryError, TiltyardError


def open_regular(path: Path, *, follow: bool = True) -> BufferedReader:
    """A regular file, opened for reading; OSError for anything else, and for a link unless `follow`."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "no regular file")
    return open(descriptor, "rb")


def is_regular(path: Path) -> bool:
    """Whether it is a regular file itself, and no link to one."""
    return stat.S_ISREG(path.lstat().st_mode)


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Relative name and path of everything below a folder that is no folder; links are not followed."""
    for place, folders, names in os.walk(folder, onerror=_raise):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in (*names, *links):
            path = Path(place, name)
            yield path.relative_to(folder).as_posix(), path


def check_empty(folder: Path) -> None:
    """TiltyardError unless there is nothing yet, or an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TiltyardError(f"{folder}: is not an empty folder: choose another")


def read_bounded(path: Path, limit: int, where: str, name: str, *, follow: bool = False) -> bytes:
    """The whole file; EntryError where it has more than `limit` bytes or cannot be read."""
    try:
        with open_regular(path, follow=follow) as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise EntryError(f"{where}: member {shown(name)}: cannot be read ({error.strerror})") from None
    if len(content) > limit:
        raise EntryError(f"{where}: member {shown(name)}: more bytes than the format allows in all")
    return content


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A place beside the target that becomes it when the block ends; where it fails, nothing is left of it.

    Its name is short whatever the target's is: a folder takes names of 255 bytes.
    """
    place = target.with_name(f".{os.getpid()}-{secrets.token_hex(6)}")
    try:
        yield place
        place.replace(target)
    finally:
        place.unlink(missing_ok=True)


def unchanged(content: bytes, digest: str, where: str, name: str) -> bytes:
    """The content, if it is what was checked; EntryError where the source was changed since."""
    check_unchanged(hashlib.sha256(content).hexdigest(), digest, where, name)
    return content


def check_unchanged(found: str, digest: str, where: str, name: str) -> None:
    """EntryError where a member's digest is not the one that was noted when it was checked."""
    if found != digest:
        raise EntryError(f"{where}: member {shown(name)}: changed since it was checked")


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of the sorted NUL-ended `digest name` lines of a folder's regular files."""
    if path.is_dir():
        found = sorted((name, file) for name, file in walk(path) if not is_junk(name) and is_regular(file))
        lines = (f"{digest_of(file)} ".encode() + os.fsencode(name) + b"\0" for name, file in found)
        return hashlib.sha256(b"".join(lines)).hexdigest()
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _raise(error: OSError) -> None:
    raise error
