"""Text as coverage, put together from glyphs that are rendered once a font and size.

Advances are whole pixels and kerning is off (basic layout), so a run is exactly the sum of its glyphs: PIL draws the
same pixels from the same FontUse.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.picture import FontUse

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Glyph:
    """A sign's coverage (h, w), where its corner lies from the pen on the baseline, how far the pen moves on."""

    mask: Grey
    left: int
    top: int
    advance: float


def length(font: FontUse, text: str, tracking: float = 0.0) -> float:
    """How far the pen moves, in pixels; `tracking` is added between letters."""
    return sum(glyph.advance for glyph in _glyphs(font, text)) + tracking * max(len(text) - 1, 0)


def rendered(font: FontUse, text: str, tracking: float = 0.0) -> tuple[Grey, int, int]:
    """The text as coverage (h, w), cut to its ink, with where its corner lies from the origin on the baseline."""
    pen, placed = 0.0, []
    for glyph in _glyphs(font, text):
        if glyph.mask.size:
            placed.append((glyph.mask, round(pen) + glyph.left, glyph.top))
        pen += glyph.advance + tracking
    if not placed:
        return np.zeros((1, 1), np.uint8), 0, 0
    x0, y0 = min(left for _, left, _ in placed), min(top for _, _, top in placed)
    x1 = max(left + mask.shape[1] for mask, left, _ in placed)
    y1 = max(top + mask.shape[0] for mask, _, top in placed)
    run: Grey = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for mask, left, top in placed:
        part = run[top - y0 : top - y0 + mask.shape[0], left - x0 : left - x0 + mask.shape[1]]
        np.maximum(part, mask, out=part)
    return run, x0, y0


def _glyphs(font: FontUse, text: str) -> list[Glyph]:
    known = _table(font)
    for letter in text:
        if letter not in known:
            known[letter] = _drawn(font, letter)
    return [known[letter] for letter in text]


@lru_cache(maxsize=1500)
def _table(font: FontUse) -> dict[str, Glyph]:
    """What was drawn of a font so far."""
    return {}


def _drawn(font: FontUse, letter: str) -> Glyph:
    face = fonts.loaded(font)
    advance = float(face.getlength(letter))
    core, (left, top) = face.getmask2(letter, "L", anchor="ls")
    image = Image.new("L", core.size)
    if 0 not in core.size:
        image.im.paste(core, (0, 0, *core.size))
    box = image.getbbox()
    if box is None:
        return Glyph(np.zeros((0, 0), np.uint8), 0, 0, advance)
    return Glyph(np.asarray(image.crop(box)), box[0] + round(left), box[1] + round(top), advance)
