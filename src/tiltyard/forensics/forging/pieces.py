"""Pieces of text cut out of one place and set into another, as whole boxes with the paper around the letters."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.forging.blend_in import Floats, changed, grain, mixed, noise_of, paper_under
from tiltyard.forensics.forging.ink import Ink, hull, ink_of
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import (
    Window,
    empty_place,
    height_of,
    inside,
    part,
    usable,
    width_of,
    window_of,
)
from tiltyard.forensics.forging.wording import is_foreign
from tiltyard.forensics.picture import Mask, Picture, Pixels, Quad, TextLine

TRIES = 7
FIGURES = ("amount", "date", "number")
"""Roles of lines that only their like replaces: a name or a date where an amount belongs is seen at once."""


@dataclass(frozen=True)
class Seen:
    """A line with what shows in the window around it."""

    line: TextLine
    window: Window
    pixels: Pixels
    ink: Ink

    @cached_property
    def paper(self) -> Floats:
        """The smooth background, below the ink too."""
        return paper_under(self.pixels, self.ink.content, line=inside(self.line.quad, self.window))

    @property
    def ground(self) -> NDArray[np.float32]:
        """The paper's colour (3,)."""
        return np.asarray(np.median(self.pixels[::2, ::2][self.ink.strength[::2, ::2] < 0.1], 0), np.float32)

    @property
    def off_ground(self) -> NDArray[np.float32]:
        """What the ink adds to the paper (3,)."""
        return np.asarray(self.pixels[self.ink.strength > 0.7].mean(0) - self.ground, np.float32)


@dataclass(frozen=True)
class Piece:
    """Part of a line, lifted off its paper."""

    off_paper: Floats
    """(h, w, 3): what ink and grain add to the smooth paper."""
    shape: Mask
    """(h, w): the part's box, which may stand aslant."""
    base: float
    """The baseline below the top of the box, in pixels."""
    place: Window
    """Where it was cut out."""
    noise: float


def seen(picture: Picture, line: TextLine) -> Seen | None:
    """None where the line is too faint to work on."""
    height = height_of(line.quad)
    window = window_of(line.quad).grown(round(height * 0.5) + 4, picture.size)
    pixels = window.of(picture.pixels)
    ink = ink_of(pixels, inside(line.quad, window), height)
    return Seen(line, window, pixels, ink) if ink else None


def some_words(view: Seen, rng: Generator) -> Quad:
    """The whole line or some of its neighbouring words, by the gaps between them."""
    quad = view.line.quad
    if rng.random() < 0.45:
        return quad
    spans = _words(view)
    if len(spans) < 2:
        return quad
    count = int(rng.integers(1, len(spans)))
    first = int(rng.integers(0, len(spans) - count + 1))
    return part(quad, spans[first][0], spans[first + count - 1][1])


def words_for(view: Seen, target: TextLine, rng: Generator) -> Quad | None:
    """The line, or a run of its words, that fills the target line's place when brought to its height."""
    factor = height_of(target.quad) / height_of(view.line.quad)
    length = width_of(view.line.quad)
    if _fits_by_width(target, length * factor):
        return view.line.quad
    spans = _words(view)
    runs = [
        (first[0], last[1])
        for i, first in enumerate(spans)
        for last in spans[i:]
        if _fits_by_width(target, (last[1] - first[0]) * length * factor)
    ]
    return part(view.line.quad, *runs[int(rng.integers(len(runs)))]) if runs else None


def piece_of(view: Seen, quad: Quad) -> Piece | None:
    """The part of a line within a quad; None where it is cut off or other content crosses it."""
    box = window_of(quad).grown(2, (10**6, 10**6))
    here = box.moved(-view.window.left, -view.window.top)
    if not here.lies_in((view.window.width, view.window.height)):
        return None
    shape = inside(quad, box, by=1.5)
    rest = view.pixels[here.rows, here.columns] - view.paper[here.rows, here.columns]
    content = view.ink.content[here.rows, here.columns]
    if (content & ~shape).sum() > 0.25 * (content & shape).sum():
        return None
    return Piece(rest, shape, _baseline(content & shape), box, noise_of(view.pixels))


def over_line(picture: Picture, target: Seen, piece: Piece, rng: Generator, note: str) -> Change | None:
    """The target line covered with paper and the piece set on its baseline, at its left or, for amounts, right end."""
    corner = window_of(target.line.quad)
    base = corner.top + _baseline(target.ink.content[corner.top - target.window.top :, :] & _own_rows(target, corner))
    height, width = piece.shape.shape
    left = corner.right - width + 2 if target.line.role == "amount" else corner.left - 2
    box = Window(left, round(base - piece.base), left + width, round(base - piece.base) + height)
    window = _around(box, target.window)
    if not box.lies_in(picture.size) or not window.lies_in(picture.size):
        return None
    return _put(picture, window.grown(3, picture.size), box, piece, target.line, rng, note)


def on_paper(picture: Picture, piece: Piece, ground: NDArray[np.float32], rng: Generator, note: str) -> Change | None:
    """The piece set where nothing is written and the paper has its colour."""
    height, width = piece.shape.shape
    place = empty_place(picture, width + 8, height + 8, rng, like=ground)
    if place is None:
        return None
    box = Window(place.left + 4, place.top + 4, place.left + 4 + width, place.top + 4 + height)
    return _put(picture, place, box, piece, None, rng, note)


def scaled(piece: Piece, factor: float) -> Piece:
    """The piece made larger or smaller."""
    height, width = piece.shape.shape
    size = (max(round(width * factor), 2), max(round(height * factor), 2))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return Piece(
        np.asarray(cv2.resize(piece.off_paper, size, interpolation=how), np.float32),
        cv2.resize(piece.shape.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(np.bool_),
        piece.base * factor,
        piece.place,
        piece.noise * min(factor, 1.0),
    )


def pair(picture: Picture, giver: Picture, rng: Generator) -> tuple[Seen, Seen] | None:
    """A line to overwrite in one picture and one to take from the other, alike in height, ink and paper."""
    targets = usable(picture)
    native = [source for source in usable(giver) if not is_foreign(source.text, picture.lines)]
    for place in rng.permutation(len(targets))[:TRIES]:
        target = targets[int(place)]
        fitting = [source for source in native if source is not target and _could_replace(target, source)]
        same_role = [source for source in fitting if source.role == target.role]
        chosen = same_role if same_role and rng.random() < 0.7 else fitting
        chosen = [source for source in chosen if _same_face(source, target)] or chosen
        if not chosen:
            continue
        view, other = seen(picture, target), seen(giver, chosen[int(rng.integers(len(chosen)))])
        if view and other and _inked_alike(view, other):
            return view, other
    return None


def _same_face(one: TextLine, other: TextLine) -> bool:
    return bool(one.font and other.font and (one.font.path, one.font.axes) == (other.font.path, other.font.axes))


def _inked_alike(one: Seen, other: Seen) -> bool:
    close = float(np.abs(one.off_ground - other.off_ground).max()) < 70
    return close and one.ink.dark == other.ink.dark and 0.6 < other.ink.contrast / one.ink.contrast < 1.6


def _fits_by_width(target: TextLine, width: float) -> bool:
    return 0.5 * width_of(target.quad) < width < 1.2 * width_of(target.quad)


def _could_replace(target: TextLine, source: TextLine) -> bool:
    other_figure = target.role != source.role and (target.role in FIGURES or source.role in FIGURES)
    if (target.text and source.text == target.text) or other_figure:
        return False
    ratio = height_of(source.quad) / height_of(target.quad)
    return 0.7 < ratio < 1.4 and width_of(source.quad) / ratio > 0.5 * width_of(target.quad)


def _put(
    picture: Picture, window: Window, box: Window, piece: Piece, replaced: TextLine | None, rng: Generator, note: str
) -> Change | None:
    pixels = window.of(picture.pixels)
    content, old = np.zeros(pixels.shape[:2], np.bool_), np.zeros(pixels.shape[:2], np.bool_)
    if replaced is not None:
        ink = ink_of(pixels, inside(replaced.quad, window), height_of(replaced.quad))
        if ink is None:
            return None
        content = ink.content
        old = content & inside(replaced.quad, window, by=2)
    here, shape = box.moved(-window.left, -window.top), np.zeros_like(content)
    shape[here.rows, here.columns] = piece.shape
    foreign = content & ~old
    if (foreign & cv2.dilate(shape.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)).sum() > 6:
        return None
    region = shape | (hull(old) & ~foreign) if old.any() else shape
    paper = paper_under(pixels, content, line=region)
    fresh = paper + grain(pixels, paper, content, region & ~shape, rng)
    lifted = piece.off_paper + _missing_noise(pixels, piece, rng)
    fresh[shape] = paper[shape] + lifted[piece.shape]
    return changed(picture, window, mixed(pixels, fresh, region.astype(np.float32)), region, note)


def _missing_noise(pixels: Pixels, piece: Piece, rng: Generator) -> Floats:
    """White noise that makes a quiet piece as noisy as its new surroundings."""
    lacking = noise_of(pixels) ** 2 - piece.noise**2
    if lacking < 0.25:
        return np.zeros_like(piece.off_paper)
    return np.asarray(rng.standard_normal(piece.off_paper.shape, np.float32) * np.sqrt(lacking), np.float32)


def _words(view: Seen) -> list[tuple[float, float]]:
    """Where words begin and end, as shares of the line's length: gaps wider than two fifths of its height part them."""
    quad, window = view.line.quad, view.window
    width, height = max(round(width_of(quad)), 2), max(round(height_of(quad)), 2)
    corners = (np.asarray(quad) - (window.left, window.top) - 0.5).astype(np.float32)
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    lay = cv2.getPerspectiveTransform(flat, corners)
    strip = cv2.warpPerspective(view.ink.strength, lay, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    inked = np.flatnonzero(strip.max(0) > 0.2)
    if not len(inked):
        return []
    breaks = np.flatnonzero(np.diff(inked) > max(0.4 * height, 4))
    starts, ends = inked[np.concatenate([[0], breaks + 1])], inked[np.concatenate([breaks, [len(inked) - 1]])] + 1
    return [(float(a) / width, float(b) / width) for a, b in zip(starts, ends, strict=True)]


def _baseline(content: Mask) -> float:
    """The row below which only descenders reach."""
    rows = content.sum(1)
    full = np.flatnonzero(rows > 0.45 * max(int(rows.max(initial=0)), 1))
    return float(full[-1] + 1) if len(full) else float(len(rows))


def _own_rows(target: Seen, corner: Window) -> Mask:
    """The line itself in its window, from its upper end on."""
    return inside(target.line.quad, target.window)[corner.top - target.window.top :, :]


def _around(one: Window, other: Window) -> Window:
    return Window(
        min(one.left, other.left), min(one.top, other.top), max(one.right, other.right), max(one.bottom, other.bottom)
    )
