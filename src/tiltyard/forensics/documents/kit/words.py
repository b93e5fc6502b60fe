"""The words of the families, kept in tables: a row a key, a column a language; wordings are separated by bars."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "de", "fr", "es", "it", "zh")
Words = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By key and language, the wordings to choose from."""


@cache
def words(family: str) -> Words:
    """The table of a family. Its lists (goods, trades) are one wording with semicolons between."""
    text = (files("tiltyard.forensics.documents") / "words" / f"{family}.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {
        key: {name: tuple(cell.split("|")) for name, cell in zip(LANGUAGES, cells, strict=True)} for key, *cells in rows
    }
