"""Decodes a stranger's Parquet file in a process whose memory and time are bounded.

A file's headers cannot be believed: a few hundred bytes decode to gigabytes, and on some damaged files polars aborts.
"""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl

from tiltyard.contest import decoder
from tiltyard.contest.names import one_line
from tiltyard.errors import DecoderUnavailable, EvaluationError

MOST_ROWS = 5_000_000
"""ImageNet's 50 000 images on a hundred models; a contest has some thousand images on tens of them."""
MOST_BYTES = 1 << 30
"""Of the file, and of what it decodes to: five million rows of ten columns take less than half of it."""
MEMORY, SECONDS = 4 << 30, 120
"""What the decoding process may take: address space in bytes, and time."""


def rewritten(path: Path, content: bytes) -> bytes:
    """The same rows, decoded and written anew.

    EvaluationError where that cannot be done; DecoderUnavailable where this machine is why.
    """
    memory = _memory()
    try:
        done = _run(content, memory)
    except subprocess.TimeoutExpired as late:
        if not _has_started(late.stderr or b""):
            raise DecoderUnavailable(f"{path}: the decoder could not start in {SECONDS:g} s") from None
        raise EvaluationError(f"{path}: cannot be read (takes too long)") from None
    except OSError as error:
        raise DecoderUnavailable(f"{path}: the decoder could not start: {error.strerror}") from None
    if done.returncode == decoder.REFUSED:
        raise EvaluationError(f"{path}: cannot be read ({_text(done.stdout)})")
    if done.returncode:
        raise _failed(path, memory, done)
    return done.stdout


def _run(content: bytes, memory: int) -> subprocess.CompletedProcess[bytes]:
    bounds = [str(bound) for bound in (memory, MOST_ROWS, MOST_BYTES)]
    return subprocess.run(
        [sys.executable, "-s", "-P", decoder.__file__, *bounds],
        input=content,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(_packages()), "POLARS_MAX_THREADS": "2"},
        timeout=SECONDS,
    )


def _packages() -> list[str]:
    """Where this process finds its packages, without the folder that it was started in: that may be a stranger's."""
    places = [*sys.path[1:], str(Path(pl.__file__).parents[1])]
    return [place for place in places if os.path.isabs(place) and os.pathsep not in place]


def _memory() -> int:
    """Nobody may have more than the limit that is set already."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    return MEMORY if limit == resource.RLIM_INFINITY else min(MEMORY, limit)


def _failed(path: Path, memory: int, done: subprocess.CompletedProcess[bytes]) -> EvaluationError:
    """Whose fault it is that the process ended: that of the file only after a start with all the memory it may take."""
    if not _has_started(done.stderr):
        last = _text(done.stderr.strip().rpartition(b"\n")[2]) or "it says nothing"
        return DecoderUnavailable(f"{path}: the decoder could not start: {last}")
    if done.returncode == -signal.SIGKILL:
        return DecoderUnavailable(f"{path}: the decoder was killed: {memory >> 20} MiB of memory may be needed")
    if memory < MEMORY:
        allowed = f"{memory >> 20} MiB of memory are allowed (ulimit -v), {MEMORY >> 20} MiB may be needed"
        return DecoderUnavailable(f"{path}: the decoder could not go on: {allowed}")
    return EvaluationError(f"{path}: cannot be read (damaged, or too large for {MEMORY >> 20} MiB of memory)")


def _has_started(said: bytes) -> bool:
    return decoder.STARTED.encode() in said


def _text(said: bytes) -> str:
    return one_line(said.decode(errors="replace"), 200)
