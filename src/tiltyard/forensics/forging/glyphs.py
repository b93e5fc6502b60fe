"""Single digits found on a picture, to be copied from one place to another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.forging.ink import Ink, ink_of
from tiltyard.forensics.forging.lettering import lettering_of
from tiltyard.forensics.forging.places import Window, height_of, inside, part, width_of, window_of
from tiltyard.forensics.picture import Mask, Picture, Quad, TextLine


@dataclass(frozen=True)
class Glyph:
    """One character where it stands."""

    character: str
    place: int
    """Its index in the line's text."""
    box: Window
    """Around its space, in the line's window."""
    shape: Mask
    """Its pixels in that box, soft border included."""
    height: int
    """Of its strokes, in pixels."""
    foot: tuple[float, float]
    """The middle of its space on the baseline, in the picture."""


@dataclass(frozen=True)
class Written:
    """A line with its window, its ink and the digits that could be told apart."""

    line: TextLine
    window: Window
    ink: Ink
    colour: NDArray[np.float32]
    """(3,), of the middle of its strokes."""
    digits: tuple[Glyph, ...]


def written(picture: Picture, line: TextLine, characters: set[str]) -> Written | None:
    """Some digits of an upright line that knows its text; None where there are none, or they run together."""
    if characters.isdisjoint(line.text) or not _upright(line.quad):
        return None
    height = height_of(line.quad)
    window = window_of(line.quad).grown(round(height * 0.6) + 3, picture.size)
    ink = ink_of(window.of(picture.pixels), inside(line.quad, window), height)
    if ink is None:
        return None
    found = tuple(_glyphs(line, window, ink, characters))
    return Written(line, window, ink, _colour(window, picture, ink), found) if found else None


def _colour(window: Window, picture: Picture, ink: Ink) -> NDArray[np.float32]:
    return np.asarray(window.of(picture.pixels)[ink.strength > 0.8].mean(0), np.float32)


def _upright(quad: Quad) -> bool:
    """Whether the line runs to the right with a slant of at most six degrees."""
    (ax, ay), (bx, by) = quad[0], quad[1]
    return bx > ax and abs(by - ay) < 0.1 * (bx - ax)


def _glyphs(line: TextLine, window: Window, ink: Ink, characters: set[str]) -> Iterator[Glyph]:
    _, labels = cv2.connectedComponents((ink.strength > 0.5).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    pieces = np.asarray(labels, np.int32)
    areas = np.bincount(pieces.ravel())
    size = (window.width, window.height)
    for place, cell, foot in _cells(line, window, ink):
        if line.text[place] not in characters:
            continue
        box = window_of(cell).moved(-window.left, -window.top).grown(3, size)
        shape = _shape(inside(cell, box.moved(window.left, window.top)), pieces[box.rows, box.columns], areas)
        if shape is not None:
            rows = np.flatnonzero(shape.any(1))
            stands = foot or (float(np.mean([x for x, _ in cell])), float(window.top + box.top + rows[-1] + 1))
            own = _with_border(shape, pieces[box.rows, box.columns] > 0, ink.content[box.rows, box.columns])
            yield Glyph(line.text[place], place, box, own, int(rows[-1] - rows[0] + 1), stands)


def _shape(cell: Mask, pieces: NDArray[np.int32], areas: NDArray[np.intp]) -> Mask | None:
    """The strokes that lie in a cell; None where one of them reaches far into the next cell."""
    within = np.bincount(pieces[cell], minlength=len(areas))
    share = within / np.maximum(areas, 1)
    share[0] = 0
    if ((share > 0.15) & (share < 0.8) & (within > 2)).any() or not (share >= 0.8).any():
        return None
    shape: Mask = (share >= 0.8)[pieces]
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    return shape if rows[-1] - rows[0] >= 4 and columns[-1] > columns[0] else None


def _with_border(shape: Mask, strokes: Mask, content: Mask) -> Mask:
    """The shape with its soft border, but not that of its neighbours."""
    to_own = cv2.distanceTransform((~shape).astype(np.uint8), cv2.DIST_L2, 3)
    to_others = cv2.distanceTransform((~(strokes & ~shape)).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(shape | (content & (to_own < 3) & (to_own < to_others)), np.bool_)


def _cells(line: TextLine, window: Window, ink: Ink) -> Iterator[tuple[int, Quad, tuple[float, float] | None]]:
    """The space of each character and its foot: by the font where it is known; by the gaps between letters, without a
    foot, elsewhere."""
    if line.font is not None:
        setting = lettering_of(window, ink, line)
        if setting is None:
            return
        high = setting.font.size
        for place in range(len(line.text)):
            start, end = setting.length(line.text[:place]), setting.length(line.text[: place + 1])
            middle = (start + end - setting.tracking) / 2
            yield place, setting.quad(start, end, 1.1 * high, 0.35 * high), setting.quad(middle, end, 0.0, 1.0)[0]
        return
    length = width_of(line.quad)
    for place, (start, end) in _by_gaps(line, window, ink):
        yield place, part(line.quad, (start - 0.5) / length, (end + 0.5) / length), None


def _by_gaps(line: TextLine, window: Window, ink: Ink) -> Iterator[tuple[int, tuple[int, int]]]:
    """Runs of inked columns, word by word; a word counts where it has as many runs as letters."""
    words = [(match, len(match)) for match in line.text.split()]
    runs = _runs(_strip(line.quad, window, ink.strength).max(0) > 0.35)
    if len(runs) < len(words):
        return
    gaps = [runs[i + 1][0] - runs[i][1] for i in range(len(runs) - 1)]
    splits = sorted(sorted(range(len(gaps)), key=lambda i: -gaps[i])[: len(words) - 1])
    begin, offset = 0, 0
    for (word, letters), split in zip(words, [*splits, len(runs) - 1], strict=True):
        mine = runs[begin : split + 1]
        offset = line.text.index(word, offset)
        if len(mine) == letters:
            yield from ((offset + i, run) for i, run in enumerate(mine))
        begin, offset = split + 1, offset + letters


def _runs(inked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _strip(quad: Quad, window: Window, strength: NDArray[np.float32]) -> NDArray[np.float32]:
    """The line's ink made flat, pixel for pixel."""
    width, height = max(round(width_of(quad)), 1), max(round(height_of(quad)), 1)
    corners = (np.asarray(quad) - (window.left, window.top) - 0.5).astype(np.float32)
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    lay = cv2.getPerspectiveTransform(flat, corners)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(strength, lay, (width, height), flags=flags), np.float32)


def like_lines(picture: Picture, line: TextLine, wanted: set[str], *, most: int) -> Sequence[TextLine]:
    """Lines with wanted digits in about the same height and the same font, the nearest height first."""
    height = height_of(line.quad)
    close = [
        other for other in picture.lines
        if other is not line and abs(height_of(other.quad) - height) <= max(0.2 * height, 1.5)
        and not wanted.isdisjoint(other.text) and other.font == line.font
        and window_of(other.quad).lies_in(picture.size)
    ]  # fmt: skip
    return sorted(close, key=lambda other: abs(height_of(other.quad) - height))[:most]
