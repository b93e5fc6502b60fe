"""Where to forge: windows of a picture, its usable lines and words, empty places, shapes of patches."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, dist, floor

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.errors import TiltyardError
from tiltyard.forensics.picture import Mask, Picture, Pixels, Quad, TextLine

SMALLEST_SIDE = 32
"""Pixels a side below which a picture has no room for a forgery."""
SMALLEST_REGION = 6
"""Pixels a side below which a region is not worth forging."""

ONE_PAPER = 8.0
"""Levels by which the medians of rows, or of columns, that lie four pixels apart differ on one paper at most."""


class NoPlace(TiltyardError):
    """A picture that has no room for a forgery, or none for the kinds that were asked for."""


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels; `right` and `bottom` are outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)

    def of(self, pixels: Pixels) -> Pixels:
        """The part of (h, w, 3) pixels that it shows, not copied."""
        return pixels[self.rows, self.columns]

    def moved(self, right: int, down: int) -> "Window":
        return Window(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def grown(self, by: int, size: tuple[int, int]) -> "Window":
        """Wider by so many pixels on each side, within a picture of `size` (width, height)."""
        width, height = size
        return Window(
            max(self.left - by, 0), max(self.top - by, 0), min(self.right + by, width), min(self.bottom + by, height)
        )

    def lies_in(self, size: tuple[int, int]) -> bool:
        return self.left >= 0 and self.top >= 0 and self.right <= size[0] and self.bottom <= size[1]

    def meets(self, other: "Window") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def window_of(quad: Quad) -> Window:
    """The smallest window around four corners."""
    across, down = [x for x, _ in quad], [y for _, y in quad]
    return Window(floor(min(across)), floor(min(down)), ceil(max(across)), ceil(max(down)))


def inside(quad: Quad, window: Window, *, by: float = 0.0) -> Mask:
    """The pixels of a window that lie in a quad, or not farther than `by` pixels outside it."""
    corners = (np.asarray(quad) - (window.left, window.top) - 0.5) * 16
    canvas = np.zeros((window.height, window.width), np.uint8)
    cv2.fillConvexPoly(canvas, np.rint(corners).astype(np.int32), 1, cv2.LINE_8, 4)
    reach = 2 * round(by) + 1
    wider = cv2.dilate(canvas, np.ones((reach, reach), np.uint8)) if reach > 1 else canvas
    return wider.astype(np.bool_)


def height_of(quad: Quad) -> float:
    """How high the content stands, in pixels."""
    return (dist(quad[0], quad[3]) + dist(quad[1], quad[2])) / 2


def width_of(quad: Quad) -> float:
    """How long the content runs, in pixels."""
    return (dist(quad[0], quad[1]) + dist(quad[3], quad[2])) / 2


def part(quad: Quad, start: float, end: float) -> Quad:
    """The piece of a quad between two shares (0–1, beyond them outside) of its length."""
    first, second, third, fourth = np.asarray(quad)
    top, bottom = second - first, third - fourth
    corners = (first + top * start, first + top * end, fourth + bottom * end, fourth + bottom * start)
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d


def usable(picture: Picture, *, roles: Sequence[str] = ()) -> tuple[TextLine, ...]:
    """Lines that lie inside the picture, run on rather than down, and are large enough; of some roles or of all."""
    return tuple(line for line in picture.lines if (not roles or line.role in roles) and _is_usable(line.quad, picture))


def _is_usable(quad: Quad, picture: Picture) -> bool:
    high, wide = height_of(quad), width_of(quad)
    if high < SMALLEST_REGION or wide < SMALLEST_REGION or not window_of(quad).lies_in(picture.size):
        return False
    return high * wide < picture.size[0] * picture.size[1] / 6


def has_room(picture: Picture) -> None:
    """Raises NoPlace where a picture is too small to be forged."""
    width, height = picture.size
    if min(width, height) < SMALLEST_SIDE:
        raise NoPlace(
            f"picture {picture.source or 'without a name'} is {width}×{height}: "
            f"forging needs at least {SMALLEST_SIDE}×{SMALLEST_SIDE} pixels"
        )


def somewhere(size: tuple[int, int], width: int, height: int, rng: Generator) -> Window:
    """A window of a width and height anywhere in a picture of `size`; cut where the picture is smaller."""
    width, height = min(width, size[0]), min(height, size[1])
    left, top = (int(rng.integers(0, room + 1)) for room in (size[0] - width, size[1] - height))
    return Window(left, top, left + width, top + height)


def empty_place(
    picture: Picture, width: int, height: int, rng: Generator, *, like: NDArray[np.float32] | None = None
) -> Window | None:
    """A window without content, drawn from 40 tries; with `like`, its median colour is close to that one."""
    if width > picture.size[0] or height > picture.size[1]:
        return None
    taken = [window_of(line.quad) for line in picture.lines]
    for _ in range(40):
        window = somewhere(picture.size, width, height, rng)
        if any(window.meets(other) for other in taken):
            continue
        seen = window.of(picture.pixels)[::2, ::2].reshape(-1, 3).astype(np.float32)
        if float(seen.std(0).max()) > 9 or float(np.ptp(seen, 0).max()) > 70 or _is_parted(window.of(picture.pixels)):
            continue
        if like is None or float(np.abs(np.median(seen, 0) - like).max()) < 14:
            return window
    return None


def _is_parted(pixels: Pixels) -> bool:
    """Whether a border of two papers crosses it: a speech bubble's, a table cell's."""
    rows, columns = (np.median(pixels[::2, ::2], axis).astype(np.float32) for axis in (1, 0))
    return any(float(np.abs(profile[2:] - profile[:-2]).max(initial=0)) > ONE_PAPER for profile in (rows, columns))


def blob(width: int, height: int, rng: Generator) -> Mask:
    """A round-cornered irregular shape that fills most of (height, width): an object, a smudge, a patch."""
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = np.ones_like(turns)
    for wave in range(2, 6):
        radius += float(rng.uniform(0, 0.5 / wave)) * np.cos(wave * turns + float(rng.uniform(0, 2 * np.pi)))
    corner = float(rng.choice([1.0, 1.0, 0.55]))
    x, y = (np.sign(f(turns)) * np.abs(f(turns)) ** corner * radius for f in (np.cos, np.sin))
    points = np.stack([_stretched(x, width), _stretched(y, height)], 1)
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [np.rint(points * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return canvas.astype(np.bool_)


def _stretched(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Values spread over 0 … length − 1."""
    return np.asarray((values - values.min()) / float(np.ptp(values)) * (length - 1), np.float64)


def blob_size(size: tuple[int, int], rng: Generator, *, largest: int = 10_000) -> tuple[int, int]:
    """Width and height of a patch: mostly a tenth to a third of the picture's short side, never under 8 pixels."""
    short = min(size)
    side = short * float(rng.uniform(0.08, 0.34))
    stretch = float(rng.uniform(0.65, 1.5))
    most = min(largest, short // 2)
    width, height = (int(np.clip(round(length), 8, most)) for length in (side * stretch, side / stretch))
    return width, height
