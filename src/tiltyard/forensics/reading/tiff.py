"""The pages of a TIFF (TIFF 6.0, section 2; BigTIFF), each as a file of its own, with the bytes that it has there."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tiltyard.vision.bounded import TIFF_STARTS

SUBFILE, OLD_SUBFILE = 254, 255
"""Tags that say what a directory is for."""
REDUCED, OLD_REDUCED = 1, 2
MOST_TAGS, MOST_DIRECTORIES = 4096, 10_000
"""Of a directory, where real ones have tens; of a file."""


@dataclass(frozen=True)
class _Form:
    """How the file writes its numbers: classic with four bytes an offset, or BigTIFF with eight."""

    order: str
    count: str
    offset: str
    entry: int
    first: int
    """Where the offset of the first directory stands."""

    def number(self, kind: str, content: bytes, at: int) -> int:
        """ValueError where the file ends before: an offset may be any number."""
        if at + struct.calcsize(self.order + kind) > len(content):
            raise ValueError(f"nothing at {at}")
        return int(struct.unpack_from(self.order + kind, content, at)[0])


@dataclass(frozen=True)
class Directory:
    """One picture of the file: where its directory lies, and where the offset of the next one stands."""

    at: int
    next_at: int
    reduced: bool
    """Whether it is another one of the file, smaller."""


def is_tiff(start: bytes) -> bool:
    """Whether a file with these first bytes (4 are enough) is a TIFF."""
    return start.startswith(TIFF_STARTS)


def pages_in(content: bytes) -> list[Directory]:
    """The pages of a file without the previews that stand beside them; none where the first directory is damaged. What
    is damaged further on ends them, and so do a circle and MOST_DIRECTORIES."""
    found = dict[int, Directory]()
    for directory in islice(_directories(content), MOST_DIRECTORIES):
        if directory.at in found:
            break
        found[directory.at] = directory
    return [directory for directory in found.values() if not directory.reduced]


def as_a_file(content: bytes, page: Directory) -> bytes:
    """The same bytes with that directory as the first and only one."""
    form, alone = _form(content), bytearray(content)
    struct.pack_into(form.order + form.offset, alone, form.first, page.at)
    struct.pack_into(form.order + form.offset, alone, page.next_at, 0)
    return bytes(alone)


def _form(content: bytes) -> _Form:
    order, big = ("<", ">")[content.startswith(b"M")], b"+" in content[:4]
    return _Form(order, "Q", "Q", 20, 8) if big else _Form(order, "H", "I", 12, 4)


def _directories(content: bytes) -> Iterator[Directory]:
    """Until one is damaged or the last; never ends where they stand in a circle."""
    form = _form(content)
    try:
        at = form.number(form.offset, content, form.first)
        while at:
            directory = _directory(form, content, at)
            yield directory
            at = form.number(form.offset, content, directory.next_at)
    except ValueError:
        return


def _directory(form: _Form, content: bytes, at: int) -> Directory:
    tags = form.number(form.count, content, at)
    if tags > MOST_TAGS:
        raise ValueError(f"{tags} tags")
    first = at + struct.calcsize(form.order + form.count)
    entries = range(first, first + tags * form.entry, form.entry)
    kinds = {form.number("H", content, entry): entry for entry in entries}
    reduced = _value(form, content, kinds.get(SUBFILE)) & REDUCED or (
        _value(form, content, kinds.get(OLD_SUBFILE)) == OLD_REDUCED
    )
    return Directory(at, first + tags * form.entry, bool(reduced))


def _value(form: _Form, content: bytes, entry: int | None) -> int:
    """Of an entry that holds one short or long number; 0 without one."""
    if entry is None:
        return 0
    kind = "H" if form.number("H", content, entry + 2) == 3 else "I"
    return form.number(kind, content, entry + form.entry - struct.calcsize(form.offset))
