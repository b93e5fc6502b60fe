"""A phase's list of public items: a text with one value of the track's cluster a line."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from tiltyard.contest.files import read_bounded
from tiltyard.contest.names import shown
from tiltyard.errors import EntryError, TiltyardError

MOST_BYTES = 64 << 20
EXAMPLES = 2
Known = Mapping[str, Sequence[str] | None]
"""Contest → its items; None where its track does not know them before an entry is measured."""


def read_list(path: Path, name: str) -> dict[int, str]:
    """Number of the line → item, without spaces around it and without blank lines.

    TiltyardError where it is not there or no text.
    """
    try:
        text = read_bounded(path, MOST_BYTES, "public_items", name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TiltyardError(f"public_items {name}: is no UTF-8 text: write one item a line") from None
    except EntryError as error:
        raise TiltyardError(str(error)) from None
    lines = (line.strip() for line in text.splitlines())
    return {number: line for number, line in enumerate(lines, start=1) if line}


def check_list(listed: Mapping[int, str], name: str, known: Known) -> None:
    """TiltyardError where a line is an item of none of these contests, or one of them has no item among the lines."""
    items = {contest: dict.fromkeys(map(str.strip, own)) for contest, own in known.items() if own is not None}
    if not listed and not items:
        raise TiltyardError(f"public_items {name}: lists no item: write one a line")
    if len(items) == len(known):
        _check_lines(listed, name, items)
    for contest, own in items.items():
        if own.keys().isdisjoint(listed.values()):
            raise TiltyardError(f"public_items {name}: lists no item of {contest}: {_advice(own)}")


def _check_lines(listed: Mapping[int, str], name: str, items: Mapping[str, Collection[str]]) -> None:
    for number, item in listed.items():
        if not any(item in own for own in items.values()):
            advice = _advice(next(iter(items.values())))
            line = f"line {number}: {shown(item)} is no item of {' or '.join(items)}"
            raise TiltyardError(f"public_items {name}: {line}: {advice}")


def _advice(items: Collection[str]) -> str:
    return f"write one a line, such as {' or '.join(shown(item) for item in list(items)[:EXAMPLES])}"


def listed_rows(rows: pl.DataFrame, column: str, listed: Collection[str]) -> pl.DataFrame:
    """The rows of these items, where `column` names the item (a track's cluster)."""
    if rows.is_empty():
        return rows
    names = rows[column].cast(pl.String)
    chosen = [name for name in names.unique().drop_nulls() if name.strip() in listed]
    return rows.filter(names.is_in(chosen))
