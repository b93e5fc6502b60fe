"""The table of a set's samples, read back: samples.csv of a user's folder, with bounds."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.part import SAMPLES
from tiltyard.forensics.making.series import COLUMNS

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


def read_samples(folder: Path) -> list[Row]:
    """The rows of a whole set, in order; TiltyardError names the line that is none."""
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
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise TiltyardError(f"{path}: lacks columns: make the set again")
            for row in reader:
                yield _row(row, f"{path}: line {reader.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TiltyardError(f"{path}: cannot be read ({error}): make the set again") from None


def _row(row: dict[str, str], where: str) -> Row:
    whole = not any(value is None for value in row.values())
    if not whole or not NAME.fullmatch(row["name"]) or not PHASH.fullmatch(row["phash"]):
        raise TiltyardError(f"{where}: is no row of a sample: make the set again")
    return Row(**{name: row[name] for name in Row.__dataclass_fields__})
