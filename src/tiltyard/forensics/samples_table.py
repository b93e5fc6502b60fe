"""What is known of each image of a truth folder: the table `samples.csv` beside the masks."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tiltyard.contest.files import open_regular
from tiltyard.contest.names import one_line, shown
from tiltyard.errors import TiltyardError

MAX_BYTES = 1 << 30
MAX_FIELD = 1000
"""Characters of a group, kind or family."""


@dataclass(frozen=True)
class SampleLine:
    """The group of near-duplicates an image belongs to, how it was forged, of which family it is; empty if unknown."""

    source: str = ""
    kind: str = ""
    family: str = ""


def read_samples(path: Path) -> Mapping[str, SampleLine]:
    """Lines by file name without suffix, from columns `name` and, where there are such, `source`, `kind`, `family`.

    TiltyardError names file and line.
    """
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise TiltyardError(f"{path}: more than {MAX_BYTES >> 30} GiB")
        return dict(_lines(content.decode("utf-8-sig"), path))
    except OSError as error:
        raise TiltyardError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeError, csv.Error) as error:
        raise TiltyardError(f"{path}: no table in UTF-8 ({one_line(error, 120)})") from None


def _lines(text: str, path: Path) -> Iterator[tuple[str, SampleLine]]:
    table, seen = csv.DictReader(io.StringIO(text, newline=""), strict=True), set()
    if "name" not in (table.fieldnames or ()):
        raise TiltyardError(f"{path}: lacks the column name")
    for line in table:
        name = PurePosixPath(line["name"] or "").stem
        if not name or name in seen:
            told = f"{shown(name)} stands twice" if name else "the name is empty"
            raise TiltyardError(f"{path}: line {table.line_num}: {told}")
        seen.add(name)
        yield name, SampleLine(*(_field(line, column) for column in ("source", "kind", "family")))


def _field(line: Mapping[str, str | None], column: str) -> str:
    return one_line(line.get(column) or "", MAX_FIELD)
