"""Rows of a Parquet file that a stranger may have made: decoded first by a process whose memory is bounded.

A file's headers cannot be believed: a few hundred bytes decode to gigabytes, and on some damaged files polars aborts.
"""

import hashlib
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import polars as pl

from tiltyard.contest.files import open_regular
from tiltyard.contest.names import one_line
from tiltyard.errors import EvaluationError

MOST_ROWS = 5_000_000
"""ImageNet's 50 000 images on a hundred models; a contest has some thousand images on tens of them."""
MOST_BYTES = 1 << 30
"""Of the file, and of what it decodes to: five million rows of ten columns take less than half of it."""
MEMORY, SECONDS = 4 << 30, 120
"""What the decoding process may take: address space in bytes, and time."""
REFUSED = 3

DECODER = f"""
import io, resource, sys
memory, most_rows, most_bytes = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
import polars

def refuse(reason):
    sys.stdout.write(reason)
    sys.exit({REFUSED})

def check(rows):
    if rows > most_rows:
        refuse(f"{{rows}} rows, and an evaluation has at most {{most_rows}}")

try:
    content = sys.stdin.buffer.read()
    check(polars.scan_parquet(io.BytesIO(content)).select(polars.len()).collect().item())
    rows = polars.read_parquet(io.BytesIO(content))
    check(rows.height)
    if rows.estimated_size() > most_bytes:
        refuse(f"more than the {{most_bytes >> 20}} MiB that rows may take")
except (polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
    refuse(str(error))
rows.write_parquet(sys.stdout.buffer)
"""

_sound: set[str] = set()
"""Digests of what was decoded once: the same bytes are safe to decode again."""


def rows_of(path: Path, digest: str | None) -> pl.DataFrame:
    """The rows of a stranger's file, whatever its SHA-256; `digest` is what it is said to be.

    EvaluationError where there are none, too many, or more than memory should hold.
    """
    content = _content(path)
    found = hashlib.sha256(content).hexdigest()
    if found in _sound:
        return _decoded(path, content)
    try:
        rows = _decoded(path, _rewritten(path, content))
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
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_BYTES:
                raise EvaluationError(f"{path}: {size} bytes, more than the {MOST_BYTES >> 20} MiB that rows may take")
            return file.read(MOST_BYTES)
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror})") from None


def _decoded(path: Path, content: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(BytesIO(content))  # of a path, polars would expand patterns: `run[1]`
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise EvaluationError(f"{path}: cannot be read ({one_line(error, 200)})") from None


def _rewritten(path: Path, content: bytes) -> bytes:
    """The same rows, decoded and written anew by a process of bounds."""
    bounds = [str(bound) for bound in (MEMORY, MOST_ROWS, MOST_BYTES)]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", DECODER, *bounds],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "POLARS_MAX_THREADS": "2"},
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise EvaluationError(f"{path}: cannot be read (takes too long)") from None
    if done.returncode == REFUSED:
        raise EvaluationError(f"{path}: cannot be read ({one_line(done.stdout.decode(errors='replace'), 200)})")
    if done.returncode:
        raise EvaluationError(f"{path}: cannot be read (damaged, or too large for {MEMORY >> 20} MiB of memory)")
    return done.stdout
