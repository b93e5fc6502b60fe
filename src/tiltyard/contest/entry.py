"""What is handed in: a zip, a folder, a single file or a text of ours, opened by one bounded reader."""

import hashlib
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Protocol

from tiltyard.contest.archive import ZipSource
from tiltyard.contest.files import digest_of, is_regular, read_bounded, unchanged, walk
from tiltyard.contest.names import check_distinct, check_name, is_junk, shown, shown_path
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
    max_member_bytes: int | None = None
    """Of a single member; None where only the sum is bounded."""


class Source(Protocol):
    """Where the members of an entry lie; what is read after `check` is what was checked, or an EntryError."""

    def names(self) -> tuple[str, ...]: ...
    def check(self) -> None: ...
    def read(self, name: str) -> bytes: ...
    def contents(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]: ...


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
        """The bytes of one member; EntryError where there is none of that name."""
        [(_, content)] = self.contents([member])
        return content

    def contents(self, members: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The bytes of these members one after another, the entry opened once; EntryError where there is none such."""
        wanted, known = list(members), set(self.members)
        for member in wanted:
            if member not in known:
                raise EntryError(f"{self.name}: lacks {shown(member)}")
        return self.source.contents(wanted)

    def unpack(self, folder: Path) -> None:
        """Writes every member below `folder`, which must be empty."""
        for member, content in self.source.contents():
            target = folder / member
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def keep(self, folder: Path) -> Path:
        """Stores the entry as evidence: a copy of the file, or of a folder's members."""
        if isinstance(self.source, ZipSource):
            return self._copy(self.source.path, folder / "entry.zip")
        if isinstance(self.source, TextSource):
            target = folder / f"entry{PurePosixPath(self.members[0]).suffix}"
            target.write_bytes(self.read(self.members[0]))
            return target
        target = folder / "entry"
        target.mkdir()
        self.unpack(target)
        return target

    def _copy(self, source: Path, target: Path) -> Path:
        shutil.copyfile(source, target)
        if digest_of(target) != self.digest:
            raise EntryError(f"{self.name}: changed since it was checked")
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
        return self.content

    def contents(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
        for name in (self.member,) if names is None else names:
            yield name, self.content


class FolderSource:
    """The regular files of a folder; links are refused, not followed."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int, max_member_bytes: int | None = None) -> None:
        self.path = path
        self.where = shown_path(path)
        self._max_bytes = max_bytes
        self._max_member_bytes = max_bytes if max_member_bytes is None else max_member_bytes
        self._digests: dict[str, str] = {}
        try:
            self._names = tuple(sorted(self._walk(max_files)))
        except OSError as error:
            raise EntryError(f"{self.where}: cannot be read ({error.strerror})") from None
        check_distinct(self._names, self.where)

    def names(self) -> tuple[str, ...]:
        return self._names

    def check(self) -> None:
        """Reads every file to its end and notes its digest."""
        left = self._max_bytes
        for name in self._names:
            content = read_bounded(self.path / name, min(left, self._max_member_bytes), self.where, name)
            left -= len(content)
            self._digests[name] = hashlib.sha256(content).hexdigest()

    def read(self, name: str) -> bytes:
        content = read_bounded(self.path / name, self._max_member_bytes, self.where, name)
        return unchanged(content, self._digests[name], self.where, name)

    def contents(self, names: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
        for name in self._names if names is None else names:
            yield name, self.read(name)

    def _walk(self, max_files: int) -> Iterator[str]:
        seen = 0
        for name, file in walk(self.path):
            if is_junk(name):
                continue
            check_name(name, self.where)
            if not is_regular(file):
                raise EntryError(f"{self.where}: member {shown(name)}: only regular files are allowed")
            seen += 1
            if seen > max_files:
                raise EntryError(f"{self.where}: more than the {max_files} files that the format allows")
            yield name


def open_entry(path: Path, allowed: EntryFormat) -> Entry:
    """Opens and checks a zip, a folder or a single file; raises EntryError with one line that names the rule."""
    where = shown_path(path)
    source = _source(path, where, allowed)
    _check_members(source.names(), where, allowed)
    source.check()
    return Entry(where, allowed.kind, digest_of(path), source)


def text_entry(name: str, allowed: EntryFormat, *, member: str, content: bytes) -> Entry:
    """An entry that consists of one member."""
    return Entry(name, allowed.kind, hashlib.sha256(content).hexdigest(), TextSource(member, content))


def _source(path: Path, where: str, allowed: EntryFormat) -> Source:
    bounds = {"max_files": allowed.max_files, "max_bytes": allowed.max_bytes}
    largest = allowed.max_member_bytes
    if path.is_dir():
        return FolderSource(path, **bounds, max_member_bytes=largest)
    if not path.is_file():
        raise EntryError(f"{where}: no such file or folder")
    suffix = path.suffix.lower()
    if suffix not in allowed.suffixes:
        raise EntryError(f"{where}: an entry is a folder or a file of type {', '.join(allowed.suffixes)}")
    if suffix == ".zip":
        return ZipSource(path, **bounds, max_member_bytes=largest)
    content = read_bounded(path, allowed.max_bytes, where, path.name, follow=True)
    return TextSource(check_name(path.name, where), content)


def _check_members(names: tuple[str, ...], where: str, allowed: EntryFormat) -> None:
    for name in names:
        if not any(fnmatchcase(name, pattern) for pattern in allowed.members):
            raise EntryError(f"{where}: member {shown(name)}: the format allows only {', '.join(allowed.members)}")
    if allowed.required and not any(fnmatchcase(name, rule) for name in names for rule in allowed.required):
        raise EntryError(f"{where}: lacks {' or '.join(allowed.required)}")


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    """Writes an archive with fixed dates, so that the same members give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED)
