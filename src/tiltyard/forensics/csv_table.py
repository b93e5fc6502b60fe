"""The bounded reader of CSV tables in UTF-8: an EntryError of one line names the line and the rule it breaks."""

import csv
import io
from collections.abc import Iterator, Sequence

from tiltyard.contest.names import shown
from tiltyard.errors import EntryError

MOST_BYTES = 1 << 30
MOST_LINES = 1_000_001
"""A million files under a header."""
LONGEST_FIELD = 131_072
"""Characters; what Python's csv module takes by default."""
LONGEST_RECORD = 1 << 20
"""Bytes."""
BOM = b"\xef\xbb\xbf"


def read_columns(content: bytes, where: str, *, key: str, optional: Sequence[str] = ()) -> dict[str, list[str]]:
    """The column `key`, in which each value stands once and none is empty, and those of the optional ones there are.

    Other columns are left out. EntryError with one line that names `where`, the line and the rule, of CSV (RFC 4180) or
    of the columns.
    """
    records = read_records(content, where)
    line, head = next(records, (1, []))
    places = columns_of(head, where, line, required=(key,), optional=optional, others=True)
    columns: dict[str, list[str]] = {name: [] for name in places}
    seen: set[str] = set()
    for line, fields in records:
        check_width(fields, head, where, line)
        value = fields[places[key]]
        if not value or value in seen:
            told = f"{shown(value)} stands there twice" if value else f"the {key} is empty"
            raise EntryError(f"{where}: line {line}: {told}")
        seen.add(value)
        for name, place in places.items():
            columns[name].append(fields[place])
    return columns


def read_records(content: bytes, where: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each record of a CSV file in UTF-8; empty lines are left out. EntryError."""
    if len(content) > MOST_BYTES:
        raise EntryError(f"{where}: larger than the {MOST_BYTES >> 20} MiB that are allowed")
    lines = _Lines(content.removeprefix(BOM), where)
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for fields in reader:
            if reader.line_num > MOST_LINES:
                raise EntryError(f"{where}: more than the {MOST_LINES} lines that are allowed")
            if max(map(len, fields), default=0) > LONGEST_FIELD:
                raise EntryError(f"{where}: line {line}: a field has more than {LONGEST_FIELD} characters")
            if fields:
                yield line, fields
            line, lines.taken = reader.line_num + 1, 0
    except csv.Error as error:
        raise EntryError(f"{where}: line {line}: no valid CSV ({error}): is a quote open, or a line end odd?") from None


class _Lines:
    """The lines of a text, decoded one by one; a record may span many, but no more bytes than `LONGEST_RECORD`."""

    def __init__(self, content: bytes, where: str) -> None:
        self._file, self._where, self._number = io.BytesIO(content), where, 0
        self.taken = 0
        """Bytes of the record that is being read."""

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(LONGEST_RECORD + 1):
            self._number += 1
            self.taken += len(line)
            if self.taken > LONGEST_RECORD:
                rule = f"more than {LONGEST_RECORD} bytes without the end of a record: is a quote open?"
                raise EntryError(f"{self._where}: line {self._number}: {rule}")
            yield self._text(line)

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            raise EntryError(f"{self._where}: line {self._number}: no valid UTF-8") from None


def columns_of(
    head: list[str], where: str, line: int, *, required: Sequence[str], optional: Sequence[str], others: bool = False
) -> dict[str, int]:
    """Where each column stands; EntryError where one is missing, doubled or unknown."""
    known, seen = (*required, *optional), set()
    for name in head:
        if name in seen and (name in known or not others):
            raise EntryError(f"{where}: line {line}: column {shown(name)} stands there twice")
        seen.add(name)
        if name not in known and not others:
            allowed = f"{', '.join(required)} and, if you like, {', '.join(optional)}"
            raise EntryError(f"{where}: line {line}: unknown column {shown(name)}: the table has {allowed}")
    for name in required:
        if name not in seen:
            raise EntryError(f"{where}: line {line}: lacks the column {name}")
    return {name: place for place, name in enumerate(head) if name in known}


def check_width(fields: list[str], head: list[str], where: str, line: int) -> None:
    if len(fields) == len(head):
        return
    hint = ": put the polygons in double quotes" if len(fields) > len(head) else ""
    raise EntryError(f"{where}: line {line}: {len(fields)} fields, the first line has {len(head)}{hint}")
