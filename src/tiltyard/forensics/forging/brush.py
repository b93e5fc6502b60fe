"""What retouching operations share: a place worth retouching, and a brush with soft edges."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.forging.blend_in import Floats, changed, mixed
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import (
    SMALLEST_SIDE,
    Window,
    blob,
    blob_size,
    height_of,
    part,
    somewhere,
    usable,
    width_of,
    window_of,
)
from tiltyard.forensics.picture import Mask, Picture, Pixels, Quad, TextLine

Alpha = NDArray[np.float32]
"""(h, w) in [0, 1]: how much of the new content a pixel gets."""
TELLING = ("amount", "date", "name", "number")
"""Roles of lines that a forger cares for."""
PREFERENCE = 0.6
"""The share of lines that are drawn among these alone."""
TRIES, PATCHES = 8, 8
FAINTEST = 1 / 48
"""A brush that adds less than this leaves a pixel alone."""
GAP = 11
"""Pixels of blank paper, on which smoothing changes nothing, that still belong to the stroke around them."""
BLANK = 3.0
"""Standard deviation (grey levels) of a patch that shows nothing."""


@dataclass(frozen=True)
class Place:
    """Where something is retouched: a stretch of a text line, or a patch with nothing known of it."""

    quad: Quad
    is_line: bool

    @property
    def height(self) -> float:
        """Of the content, in pixels; a large patch counts as a line of 60."""
        return min(height_of(self.quad), 60.0)


def a_place(picture: Picture, rng: Generator, *, on_a_line: float = 0.75, largest: int = 200) -> Place | None:
    """A text line or a stretch of one; for the other share, and without lines, a patch of at most `largest` pixels.

    None where the picture is too small or shows nothing.
    """
    if min(picture.size) < SMALLEST_SIDE:
        return None
    line = _a_line(picture, rng) if rng.random() < on_a_line else None
    return _patch(picture, rng, largest) if line is None else Place(a_stretch(line, rng), True)


def _a_line(picture: Picture, rng: Generator) -> TextLine | None:
    """One that is usable; lines are tried one by one because looking at all of them takes longer than forging."""
    telling = [line for line in picture.lines if line.role in TELLING]
    lines = telling if telling and rng.random() < PREFERENCE else picture.lines
    for index in rng.permutation(len(lines))[:TRIES]:
        if found := usable(replace(picture, lines=(lines[int(index)],))):
            return found[0]
    return None


def a_stretch(line: TextLine, rng: Generator) -> Quad:
    """The whole of a line half of the time, else some words of it; any piece of a long one whose text is unknown."""
    if rng.random() < 0.5:
        return line.quad
    if line.text:
        return part(line.quad, *_some_words(line.text, rng))
    shortest = 3 * height_of(line.quad) / max(width_of(line.quad), 1)
    share = float(rng.uniform(min(shortest, 1), 1))
    start = float(rng.uniform(0, 1 - share))
    return part(line.quad, start, start + share)


def _some_words(text: str, rng: Generator) -> tuple[float, float]:
    """Where some neighbouring words begin and end, in shares of the line: letters count as equally wide."""
    gaps = [place for place, letter in enumerate(text) if letter == " " and 0 < place < len(text) - 1]
    edges = [-0.5, *gaps, len(text) - 0.5]
    first = int(rng.integers(len(edges) - 1))
    last = int(rng.integers(first + 1, len(edges)))
    return (edges[first] + 0.5) / len(text), (edges[last] + 0.5) / len(text)


def _patch(picture: Picture, rng: Generator, largest: int) -> Place | None:
    """Of some patches the one that shows most, and whose border shows least: something lies in it."""
    width, height = blob_size(picture.size, rng, largest=largest)
    windows = [somewhere(picture.size, width, height, rng) for _ in range(PATCHES)]
    seen = [window.of(picture.pixels)[..., 1] for window in windows]
    spread = [float(patch[::2, ::2].std()) for patch in seen]
    best = int(np.argmax([inner - 0.7 * _border_spread(patch) for inner, patch in zip(spread, seen, strict=True)]))
    return Place(corners_of(windows[best]), False) if spread[best] > BLANK else None


def _border_spread(patch: NDArray[np.uint8]) -> float:
    return float(np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]]).std())


def corners_of(window: Window) -> Quad:
    left, top, right, bottom = (float(edge) for edge in (window.left, window.top, window.right, window.bottom))
    return (left, top), (right, top), (right, bottom), (left, bottom)


def window_around(quad: Quad, picture: Picture, *, margin: float) -> Window:
    """The window that holds a quad and a margin, cut at the picture's borders."""
    return window_of(quad).grown(int(np.ceil(margin)), picture.size)


def filled(quad: Quad, window: Window, *, soft: float) -> Alpha:
    """1 within the quad, falling to 0 across its edges over about `soft` pixels to each side."""
    shape = np.zeros((window.height, window.width), np.uint8)
    cv2.fillConvexPoly(shape, _fixed_point(np.asarray(quad), window), 255, cv2.LINE_AA, 4)
    return _softened(shape, soft)


def blotch(quad: Quad, window: Window, rng: Generator, *, soft: float) -> Alpha:
    """An irregular round shape in the box of a patch."""
    box = window_of(quad)
    shape = np.zeros((window.height, window.width), np.uint8)
    drawn = blob(box.width, box.height, rng).view(np.uint8) * 255
    shape[box.top - window.top :, box.left - window.left :][: box.height, : box.width] = drawn
    return _softened(shape, soft)


def strokes(quad: Quad, window: Window, rng: Generator, *, soft: float) -> Alpha:
    """One to three rough strokes along the quad that together cover it."""
    count = int(rng.integers(1, 4)) if height_of(quad) > 12 else 1
    shape = np.zeros((window.height, window.width), np.uint8)
    first, second, third, fourth = np.asarray(quad)
    width = height_of(quad) / count
    along = np.linspace(0, 1, 5)[:, None]
    for row in range(count):
        down = (row + 0.5) / count
        start, end = first + down * (fourth - first), second + down * (third - second)
        path = start * (1 - along) + end * along + rng.normal(0, 0.06 * width, (5, 2))
        thickness = max(1, round(width * float(rng.uniform(1.05, 1.3))))
        cv2.polylines(shape, [_fixed_point(path, window)], False, 255, thickness, cv2.LINE_AA, 4)
    return _softened(shape, soft)


def _fixed_point(points: NDArray[np.float64], window: Window) -> NDArray[np.int32]:
    """Sixteenths of a pixel, counted from the centre of the window's first pixel."""
    return np.asarray(np.rint((points - (window.left, window.top) - 0.5) * 16), np.int32)


def _softened(shape: NDArray[np.uint8], soft: float) -> Alpha:
    alpha = np.asarray(shape, np.float32) / np.float32(255)
    if soft > 0:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), soft, borderType=cv2.BORDER_REPLICATE), np.float32)
    alpha[alpha < FAINTEST] = 0
    return alpha


def touched(old: Pixels, new: Pixels, alpha: Alpha) -> Mask:
    """Where a brush changed something: small gaps are closed, lone pixels at its faint rim left out."""
    differs = np.any(old != new, 2).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (GAP, GAP))
    closed = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, kernel)
    opened = cv2.morphologyEx(closed * (alpha > 0), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(opened > 0)


def painted(picture: Picture, window: Window, content: Floats | Pixels, alpha: Alpha, note: str) -> Change | None:
    """The change that blends `content` into a window; its mask is where `alpha` is not zero."""
    new = mixed(window.of(picture.pixels), np.asarray(content, np.float32), alpha)
    return changed(picture, window, new, alpha > 0, note)
