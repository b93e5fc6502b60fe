"""The bounded reader of zip archives: nothing is believed that was not counted while reading.

Every way in which an archive can be hostile or broken ends as an EntryError of one line. Nothing is written to disk.
"""

import copy
import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from pathlib import Path
from typing import BinaryIO

from tiltyard.contest.files import check_unchanged, open_regular
from tiltyard.contest.names import check_distinct, check_name, is_junk, one_line, shown, shown_path
from tiltyard.errors import EntryError

CHUNK = 1 << 16
MAX_DIRECTORY_BYTES_PER_FILE = 1024
LOCAL_HEADER_BYTES = 30
CENTRAL, CENTRAL_BYTES = b"PK\1\2", 46
CENTRAL_LENGTHS = 28
"""Where a member's header says how long its name, extra field and comment are that follow it."""
END_BYTES = 22
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
          KeyError, IndexError, OverflowError, MemoryError, UnicodeError)  # fmt: skip


class _Bounded(io.RawIOBase):
    """A file that refuses the reads by which a forged central directory would fill the memory.

    zipfile reads the directory at once and makes an object of each member: until `listed`, they are counted first.
    """

    def __init__(self, file: BinaryIO, max_files: int, where: str) -> None:
        self._file = file
        self._max_files = max_files
        self._where = where
        self._largest = max(CHUNK * 2, max_files * MAX_DIRECTORY_BYTES_PER_FILE)
        self.listed = False

    def read(self, size: int = -1) -> bytes:
        """What was asked for; all that is left where no size is named, as zipfile does at the archive's end."""
        if size > self._largest:
            raise zipfile.BadZipFile("the list of members is larger than the format allows")
        content = self._file.read(size if size >= 0 else self._largest + 1)
        if len(content) > self._largest:
            raise zipfile.BadZipFile("the end of the archive is not where it must be")
        if not self.listed and next(islice(_members(content), self._max_files, None), None) is not None:
            raise EntryError(f"{self._where}: more than the {self._max_files} members that the format allows")
        return content

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

    def __init__(self, path: Path, *, max_files: int, max_bytes: int, max_member_bytes: int | None = None) -> None:
        self.path = path
        self.where = shown_path(path)
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._max_member_bytes = max_bytes if max_member_bytes is None else max_member_bytes
        self._digests: dict[str, str] = {}
        with self._open() as archive:
            infos = sorted(self._checked(archive), key=lambda info: info.filename)
        self._members = {info.filename: info for info in infos}
        self._names = tuple(self._members)

    def names(self) -> tuple[str, ...]:
        return self._names

    def check(self) -> None:
        """Reads every member to its end: sizes counted, checksums compared, digests noted."""
        left = self._max_bytes
        with self._open() as archive:
            for name, info in self._members.items():
                digest = hashlib.sha256()
                for chunk in self._chunks(archive, info, left):
                    digest.update(chunk)
                    left -= len(chunk)
                self._digests[name] = digest.hexdigest()

    def read(self, name: str) -> bytes:
        """The bytes of one member, at most the format's limit for the whole archive."""
        [(_, content)] = self.contents([name])
        return content

    def contents(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """These members, or all, with the archive opened once."""
        for name, chunks in self.pieces(names):
            yield name, b"".join(chunks)

    def pieces(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The same piece by piece, for members that do not fit into memory; each is used up before the next."""
        with self._open() as archive:
            for name in self._names if names is None else names:
                yield name, self._unchanged(archive, name)

    @contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        try:
            with open_regular(self.path) as file:
                self._check_size(file)
                bounded = _Bounded(file, self._max_files, self.where)
                with zipfile.ZipFile(bounded) as archive:
                    bounded.listed = True
                    _check_frame(file, archive)
                    yield archive
        except EntryError:
            raise
        except UnicodeError:
            raise EntryError(f"{self.where}: a member's name is not valid UTF-8") from None
        except BROKEN as error:
            raise EntryError(f"{self.where}: no readable zip archive ({_told(error)})") from None

    def _check_size(self, file: BinaryIO) -> None:
        """Bytes that belong to no member are bounded too: room for headers, and for data that does not compress."""
        allowed = self._max_bytes + self._max_bytes // 64 + 2 * self._max_files * MAX_DIRECTORY_BYTES_PER_FILE + CHUNK
        if file.seek(0, io.SEEK_END) > allowed:
            raise EntryError(f"{self.where}: the archive is larger than the format allows")

    def _checked(self, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        infos = archive.infolist()
        for info in infos:
            _check_member(info, self.where)
        _check_layout(infos, archive.start_dir, self.where)
        kept = [info for info in infos if not is_junk(info.filename)]
        check_distinct([f"{info.filename}." if info.is_dir() else info.filename for info in kept], self.where)
        return [info for info in kept if not info.is_dir()]

    def _unchanged(self, archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
        """The member's bytes; EntryError after the last one where they are not those that were checked."""
        digest = hashlib.sha256()
        for chunk in self._chunks(archive, self._members[name], self._max_bytes):
            digest.update(chunk)
            yield chunk
        check_unchanged(digest.hexdigest(), self._digests[name], self.where, name)

    def _chunks(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
        """The member's bytes, whatever size its headers give; EntryError once there are more than `left`."""
        believed, counted = copy.copy(info), 0
        allowed = min(left, self._max_member_bytes)
        believed.file_size = allowed + CHUNK + 1
        try:
            with archive.open(believed) as member:
                while chunk := member.read(CHUNK):
                    counted += len(chunk)
                    if counted > allowed:
                        rule = (
                            f"{self._max_bytes} bytes that the format allows in all"
                            if counted > left
                            else f"{self._max_member_bytes} bytes that the format allows a member"
                        )
                        raise EntryError(f"{self.where}: member {shown(info.filename)}: more than the {rule}")
                    yield chunk
        except EntryError:
            raise
        except BROKEN as error:
            raise EntryError(f"{self.where}: member {shown(info.filename)}: cannot be read ({_told(error)})") from None
        if counted != info.file_size:
            raise EntryError(
                f"{self.where}: member {shown(info.filename)}: holds {counted} bytes, its header says {info.file_size}"
            )


def _members(content: bytes) -> Iterator[int]:
    """Where the members of a central directory begin that these bytes are: nowhere, if they are none."""
    at = 0
    while content.startswith(CENTRAL, at) and at + CENTRAL_BYTES <= len(content):
        yield at
        at += CENTRAL_BYTES + sum(struct.unpack_from("<3H", content, at + CENTRAL_LENGTHS))


def _check_frame(file: BinaryIO, archive: zipfile.ZipFile) -> None:
    """An archive is one file from its first byte to its last: nothing before, nothing after, no other disks."""
    file.seek(-END_BYTES - len(archive.comment), io.SEEK_END)
    end = file.read(END_BYTES)
    if not end.startswith(b"PK\5\6"):
        raise zipfile.BadZipFile("bytes follow the end of the archive")
    if end[4:8] not in (b"\0\0\0\0", b"\xff\xff\xff\xff") or any(info.volume for info in archive.infolist()):
        raise zipfile.BadZipFile("archives of several disks are not allowed")
    if min((info.header_offset for info in archive.infolist()), default=archive.start_dir) != 0:
        raise zipfile.BadZipFile("bytes stand before the first member")


def _check_layout(infos: list[zipfile.ZipInfo], directory: int, where: str) -> None:
    """Members that share bytes are how a small archive holds a large one (Fifield, WOOT 2019)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    starts = [*(info.header_offset for info in ordered), directory]
    for info, (start, following) in zip(ordered, pairwise(starts), strict=True):
        if start + LOCAL_HEADER_BYTES + info.compress_size > following:
            raise EntryError(f"{where}: member {shown(info.filename)}: overlaps what follows it")


def _check_member(info: zipfile.ZipInfo, where: str) -> None:
    if info.orig_filename != info.filename:
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


def _told(error: BaseException) -> str:
    return one_line(error, 160) or type(error).__name__
