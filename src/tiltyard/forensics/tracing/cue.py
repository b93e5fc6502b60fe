"""The one seam of tracing: a cue looks at a picture and says where something is odd, and why, in words."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.names import shown_path
from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.saving import Table
from tiltyard.vision.bounded import open_image
from tiltyard.vision.pictures import MAX_PIXELS, decode_picture, read_picture_bytes

SPEAKS = 0.5
"""Every cue scales its map so that this value is where it begins to hold a pixel for forged."""


@dataclass(frozen=True)
class Subject:
    """A picture under examination: its (h, w, 3) RGB pixels, and what its file says of itself."""

    pixels: Pixels
    format: str = ""
    """`jpeg`, `png`, …; empty where the pixels came from no file."""
    tables: tuple[Table, ...] = ()
    """Quantisation tables in natural order, luma first; JPEG only."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.pixels.shape[:2]
        return height, width


@dataclass(frozen=True)
class Trace:
    """What a cue found: a (h, w) float32 map in [0, 1] and one sentence; not applicable means that the map is zero."""

    map: NDArray[np.float32]
    applicable: bool
    sentence: str


@dataclass(frozen=True)
class Cue:
    """One kind of evidence. Pure: the same subject gives the same trace, whatever the number of threads."""

    name: str
    title: str
    paper: str
    trace: Callable[[Subject], Trace]


def nothing_to_say(subject: Subject, sentence: str) -> Trace:
    """The trace of a cue that cannot judge this picture."""
    return Trace(np.zeros(subject.shape, np.float32), applicable=False, sentence=sentence)


def subject_of(path: Path) -> Subject:
    """The picture in a user's file, upright; TiltyardError names the file and why it cannot be read."""
    content, name = read_picture_bytes(path), shown_path(path)
    picture = decode_picture(content, name)
    with open_image(io.BytesIO(content), name, max_pixels=MAX_PIXELS) as image:
        tables: dict[int, list[int]] = getattr(image, "quantization", {})
        steps = tuple(tuple(tables[number]) for number in sorted(tables))
    return Subject(picture.pixels, picture.format.lower(), steps)


def place_of(mask: NDArray[np.bool_]) -> str:
    """Where a (h, w) mask lies, for a sentence: `at 120, 80 (60 × 24 pixels)` of its bounding box."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return f"at {left}, {top} ({int(columns[-1]) - left + 1} × {int(rows[-1]) - top + 1} pixels)"
