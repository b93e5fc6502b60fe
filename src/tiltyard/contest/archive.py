"""The bounded reader of zip archives: nothing is believed that was not counted while reading.

Every way in which an archive can be hostile or broken ends as an EntryError of one line. Nothing is written to disk.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tiltyard.contest.names import check_distinct, check_name, is_junk, shown
from tiltyard.errors import EntryError

CHUNK = 1 << 16
MAX_DIRECTORY_BYTES_PER_FILE = 1024
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
          KeyError, IndexError, OverflowError, MemoryError, UnicodeError)  # fmt: skip


class _Bounded(io.RawIOBase):
    """A file that refuses the one giant read by which a forged central directory would fill the memory."""

    def __init__(self, file: BinaryIO, largest_read: int) -> None:
        self._file = file
        self._largest = largest_read

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._largest:
            raise zipfile.BadZipFile("the list of members is larger than the format allows")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


class ZipSource:
    """The regular files of a checked zip archive."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int) -> None:
        self.path = path
        self._max_files = max_files
        self._max_bytes = max_bytes
        with self._open() as archive:
            self._members = {info.filename: info for info in self._checked(archive.infolist())}

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._members))

    def check(self) -> None:
        """Reads every member to its end: sizes counted, checksums compared."""
        left = self._max_bytes
        with self._open() as archive:
            for info in self._members.values():
                left -= sum(len(chunk) for chunk in self._chunks(archive, info, left))

    def read(self, name: str) -> bytes:
        """The bytes of one member, at most the format's limit for the whole archive."""
        with self._open() as archive:
            return b"".join(self._chunks(archive, self._members[name], self._max_bytes))

    @contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        try:
            with self.path.open("rb") as file:
                bounded = _Bounded(file, max(CHUNK * 2, self._max_files * MAX_DIRECTORY_BYTES_PER_FILE))
                with zipfile.ZipFile(bounded) as archive:
                    yield archive
        except EntryError:
            raise
        except UnicodeError:
            raise EntryError(f"{self.path.name}: a member's name is not valid UTF-8") from None
        except BROKEN as error:
            raise EntryError(f"{self.path.name}: no readable zip archive ({_one_line(error)})") from None

    def _checked(self, infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        where = self.path.name
        if len(infos) > self._max_files:
            raise EntryError(f"{where}: {len(infos)} members; the format allows {self._max_files}")
        for info in infos:
            _check_member(info, where)
        files = [info for info in infos if not info.is_dir() and not is_junk(info.filename)]
        check_distinct([info.filename for info in files], where)
        return files

    def _chunks(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
        try:
            with archive.open(info) as member:
                while chunk := member.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise EntryError(
                            f"{self.path.name}: member {shown(info.filename)}: more than the "
                            f"{self._max_bytes} bytes that the format allows in all"
                        )
                    yield chunk
        except EntryError:
            raise
        except BROKEN as error:
            raise EntryError(
                f"{self.path.name}: member {shown(info.filename)}: cannot be read ({_one_line(error)})"
            ) from None


def _check_member(info: zipfile.ZipInfo, where: str) -> None:
    if info.orig_filename != info.filename and "\0" in info.orig_filename:
        raise EntryError(f"{where}: member {shown(info.orig_filename)}: a name must not contain NUL")
    if not info.flag_bits & 0x800 and not info.orig_filename.isascii():
        raise EntryError(f"{where}: member {shown(info.filename)}: a name must be ASCII or marked as UTF-8")
    check_name(info.filename.removesuffix("/"), where)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        rule = "links are not allowed" if kind == stat.S_IFLNK else "only regular files are allowed"
        raise EntryError(f"{where}: member {shown(info.filename)}: {rule}")
    if info.flag_bits & 0x1:
        raise EntryError(f"{where}: member {shown(info.filename)}: encrypted members are not allowed")
    if info.compress_type not in READABLE:
        raise EntryError(f"{where}: member {shown(info.filename)}: only stored and deflated members are allowed")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
