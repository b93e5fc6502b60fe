"""The table of a set's samples, read back: samples.csv of a user's folder, with bounds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from tiltyard.contest.files import read_bounded
from tiltyard.contest.names import shown
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.forensics.csv_table import MOST_BYTES, read_columns
from tiltyard.forensics.making.part import SAMPLES

NAME = re.compile(r"\d{9}\.(jpg|png)")
PHASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Row:
    """What splits and sheets need of a sample."""

    name: str
    source: str
    family: str
    template: str
    kind: str
    note: str
    phash: str


FIELDS = tuple(field.name for field in fields(Row))


def read_samples(folder: Path) -> list[Row]:
    """The rows of a whole set, in order; TiltyardError names the line or row that is none."""
    path = folder / SAMPLES
    if not path.is_file():
        raise TiltyardError(f"{folder}: holds no {SAMPLES}: name the folder of a whole set, with all its parts")
    return list(_rows(path))


def read_rows(folder: Path) -> Iterator[Row]:
    """The rows of the parts that are there, in order: of a set that may not be whole yet."""
    parts = sorted(folder.glob("part-*/" + SAMPLES))
    if not parts:
        raise TiltyardError(f"{folder}: holds no finished part: name a folder that `tiltyard forge` wrote")
    for part in parts:
        yield from _rows(part)


def _rows(path: Path) -> Iterator[Row]:
    try:
        content = read_bounded(path, MOST_BYTES, str(path.parent), path.name, follow=True)
        columns = read_columns(content, str(path), key="name", optional=FIELDS[1:])
    except EntryError as error:
        raise TiltyardError(f"{error}: make the set again") from None
    if set(FIELDS) != columns.keys():
        raise TiltyardError(f"{path}: lacks columns: make the set again")
    for values in zip(*(columns[name] for name in FIELDS), strict=True):
        row = Row(*values)
        if not NAME.fullmatch(row.name) or not PHASH.fullmatch(row.phash):
            raise TiltyardError(f"{path}: {shown(row.name)} is no row of a sample: make the set again")
        yield row
