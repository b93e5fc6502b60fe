"""Rows of a Parquet file: of one's own, or of a stranger's, which is decoded apart first."""

import hashlib
import os
from io import BytesIO
from pathlib import Path

import polars as pl

from tiltyard.contest import apart
from tiltyard.contest.files import open_regular
from tiltyard.contest.names import one_line
from tiltyard.errors import DecoderUnavailable, EvaluationError

_sound: set[str] = set()
"""Digests of what was decoded once: the same bytes are safe to decode again."""


def rows_of(path: Path, digest: str | None) -> pl.DataFrame:
    """The rows of a stranger's file, whatever its SHA-256; `digest` is what it is said to be.

    EvaluationError where there are none, too many, or more than memory should hold; DecoderUnavailable where this
    machine cannot tell.
    """
    content = _content(path)
    found = hashlib.sha256(content).hexdigest()
    if found in _sound:
        return _decoded(path, content)
    try:
        rows = _decoded(path, apart.rewritten(path, content))
    except DecoderUnavailable:
        raise
    except EvaluationError as error:
        changed = "" if found == digest else " (was changed since it was written)"
        raise EvaluationError(f"{error}{changed}") from None
    _sound.add(found)
    return rows


def read_rows(path: Path, digest: str) -> pl.DataFrame:
    """The rows of a file of one's own; EvaluationError unless it is of that SHA-256."""
    content = _content(path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise EvaluationError(f"{path}: was changed since it was written")
    return _decoded(path, content)


def _content(path: Path) -> bytes:
    most = apart.MOST_BYTES
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise EvaluationError(f"{path}: {size} bytes, more than the {most >> 20} MiB that rows may take")
            return file.read(size)
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror})") from None


def _decoded(path: Path, content: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(BytesIO(content))  # of a path, polars would expand patterns: `run[1]`
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise EvaluationError(f"{path}: cannot be read ({one_line(error, 200)})") from None
