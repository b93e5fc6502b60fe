"""How a line is set, measured so exactly that other text can be drawn as if it had stood there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents import fonts
from tiltyard.forensics.forging.blend_in import Floats
from tiltyard.forensics.forging.ink import Ink
from tiltyard.forensics.forging.places import Window, height_of, width_of
from tiltyard.forensics.forging.wording import is_chinese
from tiltyard.forensics.picture import FontUse, Pixels, Quad, TextLine, warped

Coverage = NDArray[np.float32]
"""(h, w), 0 where no ink is, 1 where all is ink."""
Matrix = NDArray[np.float64]

KNOWN_ENOUGH, GUESSED_ENOUGH = 0.75, 0.84
"""Correlation of the drawn with the visible text above which a font counts as right: the line's own, a guessed one."""
SURE = 0.93
"""Correlation above which no other spacing of the letters is tried."""
FAINT = 24 / 255
"""Coverage that counts as ink where the box of a text is measured."""
GUESSES = (("arimo", "regular"), ("roboto-condensed", "regular"), ("noto-serif", "regular"), ("roboto-mono", "regular"))
CHINESE_GUESSES = (("noto-sans-sc", "regular"), ("noto-serif-sc", "regular"))


@dataclass(frozen=True)
class Lettering:
    """A font with all that draws it into a picture."""

    font: FontUse
    tracking: float
    """Pixels between letters, on the flat page."""
    to_picture: Matrix
    """(3, 3) from the flat page, with the origin where the baseline begins, to the picture."""
    blur: float = 0.0
    """Standard deviation of a Gaussian, in pixels of the picture."""
    score: float = 0.0
    """Correlation of what it draws with what is there."""

    def length(self, text: str) -> float:
        """How far the text runs, in pixels of the flat page."""
        return _length(self.font, text) + self.tracking * len(text)

    def coverage(self, text: str, window: Window, *, start: float = 0.0) -> Coverage:
        """The text as it would show in a window, beginning `start` flat pixels after the line's beginning."""
        flat, left, top = _drawn(self.font, text, self.tracking)
        scale = np.sqrt(abs(np.linalg.det(self.to_picture[:2, :2] / self.to_picture[2, 2])))
        if scale < 0.85:
            flat = _blurred(flat, 0.4 / float(scale))
        move = _shift(-window.left - 0.5, -window.top - 0.5) @ self.to_picture @ _shift(start + left + 0.5, top + 0.5)
        shown = cv2.warpPerspective(flat, move, (window.width, window.height), flags=cv2.INTER_LINEAR)
        return _blurred(np.asarray(shown, np.float32), self.blur)

    def quad(self, start: float, end: float, above: float, below: float) -> Quad:
        """A piece of the line on the picture, from and to so many flat pixels along it and about its baseline."""
        return warped(((start, -above), (end, -above), (end, below), (start, below)), self.to_picture)


def lettering_of(window: Window, ink: Ink, line: TextLine) -> Lettering | None:
    """How a line is set, or None where no font known here draws what is seen there."""
    if not line.text.strip():
        return None
    if line.font is not None:
        return _fitted(window, ink, line.text, line.font, line.quad, KNOWN_ENOUGH, free=False)
    quad = _tight(window, ink, line.quad)
    if quad is None:
        return None
    found = [_fitted(window, ink, line.text, font, quad, GUESSED_ENOUGH, free=True) for font in _guesses(line, quad)]
    return max((fit for fit in found if fit), key=lambda fit: fit.score, default=None)


def ink_colour(pixels: Pixels, paper: Floats, coverage: Coverage) -> NDArray[np.float32]:
    """The colour (3,) that explains best, by least squares, what the text did to the paper."""
    inked = coverage > 0.25
    weight = coverage[inked][:, None]
    if not weight.size:
        return np.zeros(3, np.float32)
    ground = paper[inked]
    change = (weight * (pixels[inked] - ground)).sum(0) / (weight**2).sum()
    return np.asarray(np.clip(ground.mean(0) + change, 0, 255), np.float32)


def _fitted(
    window: Window, ink: Ink, text: str, font: FontUse, quad: Quad, enough: float, *, free: bool
) -> Lettering | None:
    """A font laid into a quad that is tight around the ink; a `free` one may be stretched a little, not spaced."""
    (left, top), (right, bottom) = _ink_box(font, text, 0.0)
    if right <= left:
        return None
    missing = width_of(quad) / height_of(quad) * (bottom - top) - (right - left)
    if free and abs(missing) > 0.12 * (right - left):
        return None
    plain = _settled(_laid(font, text, 0.0, quad), window, ink, text, enough)
    if free or len(text) < 2 or abs(missing) < 2.5 or (plain and plain.score > SURE):
        return plain
    tracking = missing / (len(text) - 1)
    if abs(tracking) > 0.5 * font.size:
        return plain
    spaced = _settled(_laid(font, text, tracking, quad), window, ink, text, enough)
    return max((fit for fit in (plain, spaced) if fit), key=lambda fit: fit.score, default=None)


def _laid(font: FontUse, text: str, tracking: float, quad: Quad) -> Lettering:
    """The text's ink box on the flat page brought to four corners on the picture."""
    (left, top), (right, bottom) = _ink_box(font, text, tracking)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    to_picture = cv2.getPerspectiveTransform(corners, np.asarray(quad, np.float32))
    return Lettering(font, tracking, np.asarray(to_picture, np.float64))


def _ink_box(font: FontUse, text: str, tracking: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Top left and bottom right of the ink, from the beginning of the baseline."""
    flat, left, top = _drawn(font, text, tracking)
    x, y, width, height = cv2.boundingRect((flat > FAINT).astype(np.uint8))
    return (left + x, top + y), (left + x + width, top + y + height)


def _settled(plain: Lettering, window: Window, ink: Ink, text: str, enough: float) -> Lettering | None:
    """Moved by up to two pixels to where it matches best, and blurred as much as what is seen."""
    coverage = plain.coverage(text, window)
    reach = 2 if min(coverage.shape) > 12 else 1
    inner = coverage[reach:-reach, reach:-reach]
    if float(inner.max(initial=0)) < 0.3:
        return None
    match = np.asarray(cv2.matchTemplate(ink.strength, inner, cv2.TM_CCOEFF_NORMED), np.float32)
    _, score, _, (across, down) = cv2.minMaxLoc(match)
    if score < enough - 0.15:
        return None
    dx, dy = across - reach + _peak(match[down], across), down - reach + _peak(match[:, across], down)
    if abs(dx) < 0.2 and abs(dy) < 0.2:
        dx = dy = 0.0
    moved = replace(plain, to_picture=_shift(dx, dy) @ plain.to_picture)
    blur, score = _best_blur(moved.coverage(text, window), ink.strength)
    return replace(moved, blur=blur, score=score) if score >= enough else None


def _best_blur(coverage: Coverage, strength: NDArray[np.float32]) -> tuple[float, float]:
    """The blur with the best correlation, and that; near the text only: what else a window shows does not count."""
    near = cv2.dilate((coverage > 0.1).astype(np.uint8), np.ones((7, 7), np.uint8)).astype(np.bool_)
    seen = strength[near] - strength[near].mean()
    scored = []
    for blur in (0.0, 0.45, 0.7, 1.0, 1.4, 2.0):
        drawn = _blurred(coverage, blur)[near]
        drawn = drawn - drawn.mean()
        scored.append((float(drawn @ seen) / float(np.linalg.norm(drawn) * np.linalg.norm(seen) + 1e-6), blur))
    score, blur = max(scored)
    return blur, score


def _peak(values: NDArray[np.float32], place: int) -> float:
    """Where between the neighbours of a maximum a parabola through the three has its top."""
    if not 0 < place < len(values) - 1:
        return 0.0
    before, here, after = (float(v) for v in values[place - 1 : place + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))


def _blurred(coverage: Coverage, blur: float) -> Coverage:
    return np.asarray(cv2.GaussianBlur(coverage, (0, 0), blur), np.float32) if blur else coverage


def _tight(window: Window, ink: Ink, quad: Quad) -> Quad | None:
    """A user's box drawn in to the ink that it holds."""
    width, height = round(width_of(quad)), round(height_of(quad))
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    lift = cv2.getPerspectiveTransform(flat, np.asarray(quad, np.float32))
    move = _shift(-window.left - 0.5, -window.top - 0.5) @ lift @ _shift(0.5, 0.5)
    strip = cv2.warpPerspective(ink.strength, move, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    inked = strip > 0.3
    columns, rows = np.flatnonzero(inked.any(0)), np.flatnonzero(inked.sum(1) >= 2)
    if not len(columns) or not len(rows):
        return None
    x0, x1, y0, y1 = (float(n) for n in (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1))
    return warped(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), np.asarray(lift, np.float64))


def _guesses(line: TextLine, quad: Quad) -> Iterator[FontUse]:
    """Common faces at the size that gives the text its height."""
    for name, cut in CHINESE_GUESSES if is_chinese(line.text) else GUESSES:
        try:
            font = fonts.use(name, 40.0, cut)
        except TiltyardError:
            continue
        _, top, _, bottom = fonts.loaded(font).getbbox(line.text, anchor="ls")
        if bottom - top >= 1:
            yield fonts.use(name, float(np.clip(40.0 * height_of(quad) / (bottom - top), 5, 200)), cut)


@lru_cache(maxsize=4096)
def _length(font: FontUse, text: str) -> float:
    return float(fonts.loaded(font).getlength(text))


@lru_cache(maxsize=64)
def _drawn(font: FontUse, text: str, tracking: float) -> tuple[Coverage, int, int]:
    """Coverage on the flat page and where its corner lies from the beginning of the baseline."""
    face = fonts.loaded(font)
    left, top, right, bottom = face.getbbox(text, anchor="ls")
    spacing = round(abs(tracking) * len(text))
    image = Image.new("L", (round(right - left) + spacing + 6, round(bottom - top) + 6))
    draw, start, base = ImageDraw.Draw(image), 3 - round(left), 3 - round(top)
    if tracking:
        for place, letter in enumerate(text):
            ahead = _length(font, text[:place]) + tracking * place
            draw.text((start + round(ahead), base), letter, fill=255, font=face, anchor="ls")
    else:
        draw.text((start, base), text, fill=255, font=face, anchor="ls")
    return np.asarray(np.asarray(image) / 255, np.float32), -start, -base


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
