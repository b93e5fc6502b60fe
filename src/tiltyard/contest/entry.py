"""What is handed in: a zip, a folder, a single file or a text of ours, opened by one bounded reader."""

import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Protocol

from tiltyard.contest.archive import ZipSource
from tiltyard.contest.names import check_distinct, check_name, is_junk, shown
from tiltyard.errors import EntryError

MIB = 1 << 20


@dataclass(frozen=True)
class EntryFormat:
    """What an entry of one kind may contain; `members` and `required` are glob patterns on member names."""

    kind: str
    members: tuple[str, ...] = ("*",)
    required: tuple[str, ...] = ()
    """At least one member matches one of these."""
    suffixes: tuple[str, ...] = (".zip",)
    """File types other than a folder that are taken."""
    max_files: int = 1000
    max_bytes: int = 64 * MIB


class Source(Protocol):
    """Where the members of an entry lie."""

    def names(self) -> tuple[str, ...]: ...
    def check(self) -> None: ...
    def read(self, name: str) -> bytes: ...


@dataclass(frozen=True)
class Entry:
    """A checked entry. `digest` is the SHA-256 of the file, or of the sorted list of a folder's members."""

    name: str
    kind: str
    digest: str
    source: Source = field(repr=False, compare=False)

    @property
    def members(self) -> tuple[str, ...]:
        return self.source.names()

    def read(self, member: str) -> bytes:
        return self.source.read(member)

    def unpack(self, folder: Path) -> None:
        """Writes every member below `folder`, which must be empty."""
        for member in self.members:
            target = folder / member
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.read(member))

    def keep(self, folder: Path) -> Path:
        """Stores the entry as evidence: a copy of the file, or of a folder's members."""
        if isinstance(self.source, ZipSource):
            return Path(shutil.copyfile(self.source.path, folder / "entry.zip"))
        if isinstance(self.source, TextSource):
            target = folder / f"entry{PurePosixPath(self.members[0]).suffix}"
            target.write_bytes(self.read(self.members[0]))
            return target
        target = folder / "entry"
        target.mkdir()
        self.unpack(target)
        return target


@dataclass(frozen=True)
class TextSource:
    """A single member held in memory."""

    member: str
    content: bytes

    def names(self) -> tuple[str, ...]:
        return (self.member,)

    def check(self) -> None:
        """Nothing is left to count: the content was bounded when it was read."""

    def read(self, name: str) -> bytes:
        if name != self.member:
            raise KeyError(name)
        return self.content


class FolderSource:
    """The regular files of a folder; links are refused, not followed."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._names = tuple(sorted(self._walk(max_files)))
        check_distinct(list(self._names), path.name)

    def names(self) -> tuple[str, ...]:
        return self._names

    def check(self) -> None:
        left = self._max_bytes
        for name in self._names:
            left -= len(_read_bounded(self.path / name, left, self.path.name))

    def read(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        return _read_bounded(self.path / name, self._max_bytes, self.path.name)

    def _walk(self, max_files: int) -> Iterator[str]:
        seen = 0
        for file in self.path.rglob("*"):
            name = file.relative_to(self.path).as_posix()
            if is_junk(name) or (file.is_dir() and not file.is_symlink()):
                continue
            check_name(name, self.path.name)
            if file.is_symlink() or not file.is_file():
                raise EntryError(f"{self.path.name}: member {shown(name)}: only regular files are allowed")
            seen += 1
            if seen > max_files:
                raise EntryError(f"{self.path.name}: more than the {max_files} files that the format allows")
            yield name


def open_entry(path: Path, allowed: EntryFormat) -> Entry:
    """Opens and checks a zip, a folder or a single file; raises EntryError with one line that names the rule."""
    source = _source(path, allowed)
    _check_members(source.names(), path.name, allowed)
    source.check()
    return Entry(path.name, allowed.kind, digest_of(path), source)


def text_entry(name: str, allowed: EntryFormat, *, member: str, content: bytes) -> Entry:
    """An entry that consists of one member."""
    return Entry(name, allowed.kind, hashlib.sha256(content).hexdigest(), TextSource(member, content))


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of the sorted `digest name` lines of a folder's regular files."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and not is_junk(_relative(file, path)))
        lines = (f"{digest_of(file)} {_relative(file, path)}\n" for file in files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _source(path: Path, allowed: EntryFormat) -> Source:
    bounds = {"max_files": allowed.max_files, "max_bytes": allowed.max_bytes}
    if path.is_dir():
        return FolderSource(path, **bounds)
    if not path.is_file():
        raise EntryError(f"{path}: no such file or folder")
    suffix = path.suffix.lower()
    if suffix not in allowed.suffixes:
        raise EntryError(f"{path.name}: an entry is a folder or a file of type {', '.join(allowed.suffixes)}")
    if suffix == ".zip":
        return ZipSource(path, **bounds)
    return TextSource(check_name(path.name, path.name), _read_bounded(path, allowed.max_bytes, path.name))


def _check_members(names: tuple[str, ...], where: str, allowed: EntryFormat) -> None:
    for name in names:
        if not any(fnmatchcase(name, pattern) for pattern in allowed.members):
            raise EntryError(f"{where}: member {shown(name)}: the format allows only {', '.join(allowed.members)}")
    if allowed.required and not any(fnmatchcase(name, rule) for name in names for rule in allowed.required):
        raise EntryError(f"{where}: lacks {' or '.join(allowed.required)}")


def _read_bounded(path: Path, limit: int, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise EntryError(f"{where}: member {shown(path.name)}: cannot be read ({error.strerror})") from None
    if len(content) > limit:
        raise EntryError(f"{where}: member {shown(path.name)}: more bytes than the format allows in all")
    return content


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    """Writes an archive with fixed dates, so that the same members give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED)
