"""A store in a folder: files by their SHA-256, put once each, removed when nobody names them any more."""

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from tiltyard.contest.files import open_regular
from tiltyard.errors import TiltyardError

DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20
MOST_READ = 256 << 20
"""Bytes of what `read` takes into memory."""
LOCK = ".lock"


class Readable(Protocol):
    """What bytes arrive from."""

    def read(self, size: int, /) -> bytes: ...


class FolderStore:
    """A store in a local or shared folder, two letters of the digest a sub-folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, path: Path) -> str:
        """Copies the file in and returns its SHA-256; a file that is there already is kept."""
        with open_regular(path) as source:
            return self.take(source)

    def put_bytes(self, content: bytes) -> str:
        with self._arriving() as (place, target):
            target.write(content)
            return self._settle(place, target, hashlib.sha256(content).hexdigest())

    def take(self, source: Readable, *, expected: str = "", most: int | None = None) -> str:
        """Copies what the source gives; TiltyardError where it is of another digest, or of more than `most` bytes."""
        with self._arriving() as (place, target):
            digest = _copy(source, target, most)
            if expected and digest != expected:
                raise TiltyardError(f"what arrived is not the file {expected}: it was damaged on the way")
            return self._settle(place, target, digest)

    def read(self, digest: str) -> bytes:
        """The whole file; TiltyardError where it is missing, damaged or larger than `MOST_READ`."""
        with open_regular(self.path(digest)) as file:
            content = file.read(MOST_READ + 1)
        if len(content) > MOST_READ:
            raise TiltyardError(f"stored file {digest}: too large to be read at once")
        if hashlib.sha256(content).hexdigest() != digest:
            raise TiltyardError(f"stored file {digest}: was damaged on the disk")
        return content

    def path(self, digest: str) -> Path:
        """Where it lies; TiltyardError where it does not."""
        path = self.place(digest)
        if not path.is_file():
            raise TiltyardError(f"stored file {digest}: is missing from {self.folder}")
        return path

    def size(self, digest: str) -> int:
        return self.path(digest).stat().st_size

    def place(self, digest: str) -> Path:
        """Where a file of that digest lies or would lie."""
        if not DIGEST.fullmatch(digest):
            raise TiltyardError(f"{digest!r}: no SHA-256")
        return self.folder / digest[:2] / digest

    def remove_older(self, before: float, *, keep: set[str]) -> list[str]:
        """Removes files and what was left half-written, last put before that moment (Unix time); returns which."""
        strays = [path for path in self.folder.glob("*/*") if path.name not in keep]
        return [path.name for path in strays if self._remove_older(path, before)]

    def _remove_older(self, path: Path, before: float) -> bool:
        with self._locked():
            try:
                if path.stat().st_mtime >= before:
                    return False
                path.unlink()
            except FileNotFoundError:
                return False
        return True

    @contextmanager
    def _arriving(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A place on the same disk that is gone afterwards, unless `_settle` moved it."""
        place = self.folder / "arriving" / f"{os.getpid()}-{secrets.token_hex(8)}"
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with place.open("xb") as target:
                yield place, target
        finally:
            place.unlink(missing_ok=True)

    def _settle(self, place: Path, target: BinaryIO, digest: str) -> str:
        """Takes the file over. Under the lock no cleaner removes an old copy that somebody begins to count on again."""
        final = self.place(digest)
        target.flush()
        os.fsync(target.fileno())
        os.fchmod(target.fileno(), 0o400)
        final.parent.mkdir(mode=0o700, exist_ok=True)
        with self._locked():
            if final.is_file():
                os.utime(final)
            else:
                place.rename(final)
        return digest

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _copy(source: Readable, target: BinaryIO, most: int | None) -> str:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if most is not None and size > most:
            raise TiltyardError(f"more than {most} bytes arrived: larger files are not taken")
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()
