"""Detectors: what says of a picture in a file which pixels are forged. Ours, and single cues as baselines."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiltyard.errors import TiltyardError
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.copy_move import COPY_MOVE
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, as_grey, subject_of
from tiltyard.forensics.tracing.double_jpeg import DOUBLE_JPEG
from tiltyard.forensics.tracing.error_level import ERROR_LEVEL
from tiltyard.forensics.tracing.regions import filled, without_specks

SMALLEST_SHARE = 1e-4
"""Of a picture's pixels: a smaller region is a speck."""
SMALLEST = 150
"""Pixels: two digits of body text."""


@dataclass(frozen=True)
class Located:
    """What a detector says of one picture."""

    mask: Mask
    """(h, w), true where it holds the picture for forged."""
    map: NDArray[np.uint8]
    """(h, w), 0–255: how surely."""
    score: float
    """In [0, 1]: how surely the picture is forged somewhere."""


class Detector(Protocol):
    """Locates forgeries. Picklable; the same file gives the same answer."""

    @property
    def name(self) -> str: ...

    def locate(self, path: Path) -> Located:
        """The forged pixels of the picture in a file; TiltyardError names a file that cannot be read."""
        ...


@dataclass(frozen=True)
class CueDetector:
    """A cue alone, held against the value at which it speaks."""

    cue: Cue

    @property
    def name(self) -> str:
        return self.cue.name

    def locate(self, path: Path) -> Located:
        found = self.cue.trace(subject_of(path)).map
        smallest = max(SMALLEST, round(SMALLEST_SHARE * found.size))
        mask = filled(without_specks(found >= SPEAKS, smallest))
        score = float(found[mask].max()) if mask.any() else min(float(found.max()), SPEAKS) / 2
        return Located(mask, as_grey(found), round(score, 4))


@dataclass(frozen=True)
class Ours:
    """What `tiltyard inspect` says."""

    name: str
    fast: bool

    def locate(self, path: Path) -> Located:
        from tiltyard.forensics.locating.deciding import THRESHOLD
        from tiltyard.forensics.locating.finding import found_in

        with _one_thread():
            found = found_in(subject_of(path), fast=self.fast, threshold=THRESHOLD)
        return Located(found.mask, as_grey(found.map), round(found.probability, 4))


@contextmanager
def _one_thread() -> Iterator[None]:
    """The sums of a convolution hang on the number of threads, and what is handed in must not."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


_KNOWN: tuple[Detector, ...] = (
    Ours("tiltyard", fast=False),
    Ours("tiltyard_fast", fast=True),
    CueDetector(DOUBLE_JPEG),
    CueDetector(ERROR_LEVEL),
    CueDetector(COPY_MOVE),
)


def detector_names() -> tuple[str, ...]:
    """The detectors that `find_detector` knows."""
    return tuple(detector.name for detector in _KNOWN)


def find_detector(name: str) -> Detector:
    """The detector of that name; TiltyardError lists those there are."""
    for detector in _KNOWN:
        if detector.name == name:
            return detector
    raise TiltyardError(f"{name}: no such detector: there are {', '.join(detector_names())}")
