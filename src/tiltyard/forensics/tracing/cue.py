"""The one seam of tracing: a cue looks at a picture and says where something is odd, and why, in words."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.contest.names import shown_path
from tiltyard.errors import TiltyardError
from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.saving import Table
from tiltyard.vision.bounded import open_image
from tiltyard.vision.pictures import MAX_PIXELS, UPRIGHT, decode_picture, orientation_of, read_picture_bytes

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
    decoded_luma: NDArray[np.uint8] | None = None
    """(h, w), as a JPEG's decoder gives it, before colours are mixed: its DCT values are nearly those stored."""
    grid: tuple[int, int] = (0, 0)
    """First row and column of a whole 8 × 8 block; not (0, 0) where a JPEG was turned upright."""
    notes: tuple[str, ...] = ()
    """What reading changed."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.pixels.shape[:2]
        return height, width

    @property
    def steps(self) -> Table | None:
        """The luma steps of the last saving; None where the file's format lost nothing."""
        return self.tables[0] if self.format == "jpeg" and self.tables else None

    @property
    def luma(self) -> NDArray[np.float32]:
        """(h, w), in grey levels less 128."""
        if self.decoded_luma is not None:
            return self.decoded_luma.astype(np.float32) - 128
        red, green, blue = (self.pixels[..., channel].astype(np.float32) for channel in range(3))
        return np.asarray(red * 0.299 + green * 0.587 + blue * 0.114 - 128, np.float32)


@dataclass(frozen=True)
class Trace:
    """What a cue found: a (h, w) float32 map in [0, 1] and one sentence; not applicable means that the map is zero."""

    map: NDArray[np.float32]
    applicable: bool
    sentence: str


@dataclass(frozen=True)
class Cue:
    """One kind of evidence. Pure: the same subject gives the same trace, whatever the number of OpenCV's threads (that
    of BLAS's may turn a last bit)."""

    name: str
    title: str
    paper: str
    trace: Callable[[Subject], Trace]


def nothing_to_say(subject: Subject, sentence: str) -> Trace:
    """The trace of a cue that cannot judge this picture."""
    return Trace(np.zeros(subject.shape, np.float32), applicable=False, sentence=sentence)


def subject_of(path: Path) -> Subject:
    """The picture in a user's file, upright; TiltyardError names the file and why it cannot be read."""
    return subject_in(read_picture_bytes(path), shown_path(path))


def subject_in(content: bytes, name: str) -> Subject:
    """The picture in a file's bytes; TiltyardError calls it `name`."""
    picture = decode_picture(content, name)
    if picture.format != "JPEG":
        return Subject(picture.pixels, picture.format.lower(), notes=picture.notes)
    with open_image(io.BytesIO(content), name, max_pixels=MAX_PIXELS) as image:
        tables: dict[int, list[int]] = getattr(image, "quantization", {})
        if any(0 in table for table in tables.values()):
            raise TiltyardError(f"{name}: has a quantisation step of 0, which no saving makes: the file is damaged")
        turn = orientation_of(image)
        steps = tuple(_upright_steps(tables[number], turn) for number in _in_order(image, tables))
        luma, grid = _upright_luma(image, turn), _upright_grid(image.size, turn)
    return Subject(picture.pixels, "jpeg", steps, luma, grid, picture.notes)


def _in_order(image: Image.Image, tables: dict[int, list[int]]) -> list[int]:
    """The numbers of the tables as the channels use them, luma first: a file may number them as it likes."""
    used = [channel[3] for channel in getattr(image, "layer", [])]
    return [number for number in dict.fromkeys(used) if number in tables] or sorted(tables)


def _upright_steps(steps: list[int], turn: int) -> Table:
    """Rows and columns are exchanged where the picture lay on its side."""
    lies = turn >= 5
    return tuple(steps[(n % 8) * 8 + n // 8] for n in range(64)) if lies else tuple(steps)


def _upright_luma(image: Image.Image, turn: int) -> NDArray[np.uint8] | None:
    """None for a JPEG whose first channel is no luma."""
    if image.mode not in ("RGB", "L") or _is_stored_as_rgb(image):
        return None
    image.draft("L", None)
    if image.mode != "L":
        return None
    return np.array(image.transpose(UPRIGHT[turn]) if turn in UPRIGHT else image)


def _is_stored_as_rgb(image: Image.Image) -> bool:
    """As libjpeg takes it: Adobe's marker says so, or, without any marker, the channels' names."""
    channels = [channel[0] for channel in getattr(image, "layer", [])]
    if len(channels) != 3 or "jfif" in image.info:
        return False
    return image.info["adobe_transform"] == 0 if "adobe_transform" in image.info else channels == [*b"RGB"]


def _upright_grid(size: tuple[int, int], turn: int) -> tuple[int, int]:
    """Where the blocks of a JPEG of that width and height begin once it is upright: counted from its far edge, if that
    became the near one."""
    across, down = (side % 8 for side in size)
    turned = turn >= 5
    down, across = (across, down) if turned else (down, across)
    from_below, from_right = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    return (down if from_below else 0, across if from_right else 0)


def place_of(mask: NDArray[np.bool_]) -> str:
    """Where a (h, w) mask lies, for a sentence: `at 120, 80 (60 × 24 pixels)` of its bounding box."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return f"at {left}, {top} ({int(columns[-1]) - left + 1} × {int(rows[-1]) - top + 1} pixels)"


def as_grey(values: NDArray[np.float32] | np.float32) -> NDArray[np.uint8]:
    """Values in [0, 1] as 0–255."""
    return np.asarray(np.rint(np.asarray(values) * 255), np.uint8)
