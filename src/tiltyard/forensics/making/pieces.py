"""A series cut into pieces: what one process makes at a time, here or on another machine."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.series import Sample, Series
from tiltyard.forensics.making.versions import as_json, differences

SAMPLES = 8
"""A piece: some seconds of work, some megabytes of files."""


@dataclass(frozen=True)
class Piece:
    """Neighbouring samples of one part, with what they need of the disk where they were planned."""

    part: int
    indices: range
    material: Any = None


@dataclass(frozen=True)
class Made:
    """The samples of a piece; how many had no place for a forgery; seconds of processor time."""

    samples: tuple[Sample, ...]
    passed_over: int
    seconds: float


def parts_of(series: Series) -> int:
    return -(-series.count // series.samples_a_part)


def indices_of(series: Series, part: int) -> range:
    start = part * series.samples_a_part
    return range(start, min(start + series.samples_a_part, series.count))


def pieces_of(series: Series, part: int, *, carried: bool) -> Iterator[Piece]:
    """The pieces of a part, in order; `carried`: with the content of files that other machines cannot read."""
    indices = indices_of(series, part)
    for start in range(0, len(indices), SAMPLES):
        taken = indices[start : start + SAMPLES]
        yield Piece(part, taken, series.material(taken, carried=carried))


def make(series: Series, wanted: Mapping[str, Any], piece: Piece) -> Made:
    """Makes a piece; TiltyardError where this machine would make other bytes than the planner's, `wanted`."""
    differing = differences(_described_here(series), wanted)
    if differing:
        raise TiltyardError(f"a worker would make other samples ({differing[0]}): install the same there as here")
    series.prepare()
    began = time.process_time()
    with _one_thread():
        made = [_named(series, index, piece.material) for index in piece.indices]
    samples = tuple(sample for sample in made if sample is not None)
    return Made(samples, len(made) - len(samples), time.process_time() - began)


def _named(series: Series, index: int, material: Any) -> Sample | None:
    """The sample; a fault says with which index it can be seen again."""
    try:
        return series.sample(index, material)
    except TiltyardError:
        raise
    except Exception as error:
        raise RuntimeError(f"sample {index}: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=4)
def _described_here(series: Series) -> Mapping[str, Any]:
    return as_json(series.described())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Every core has a process of its own."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
