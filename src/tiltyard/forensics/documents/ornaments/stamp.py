"""Stamps and seals: round, oval and boxed, with text on an arc and ink that did not take everywhere."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.kit.canvas import Canvas, Colour
from tiltyard.forensics.documents.kit.glyphs import Grey, rendered
from tiltyard.forensics.picture import FontUse

_SHIFT = 4
REDS: tuple[Colour, ...] = ((206, 34, 40), (190, 24, 48), (214, 50, 36), (178, 30, 34))
BLUES: tuple[Colour, ...] = ((40, 52, 150), (70, 50, 140), (28, 70, 130), (50, 60, 110))


@dataclass(frozen=True)
class Seal:
    """What a seal says: text round the rim, lines across the middle; a star where `star`."""

    rim: str
    middle: tuple[str, ...] = ()
    star: bool = False
    face: str = "open-sans"
    form: str = "round"
    """`round`, `oval` or `box`."""
    sweep: float = 260.0
    """Degrees of the rim that the text may take."""


def stamp(
    canvas: Canvas,
    rng: Generator,
    seal: Seal,
    *,
    x: float,
    y: float,
    width: float,
    colour: Colour,
    tilt: float | None = None,
) -> None:
    """Presses a seal of the given width with its middle at (x, y), turned a little unless `tilt` (degrees) is given."""
    pixels = max(round(width * canvas.unit), 24)
    mask = _worn(_pressed(seal, pixels), rng)
    angle = between(rng, -14, 14) if tilt is None else tilt
    size = mask.shape[0]
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), angle, 1.0)
    mask = np.asarray(cv2.warpAffine(mask, turn, (size, size)), np.uint8)
    left, top = round(x * canvas.unit - size / 2), round(y * canvas.unit - size / 2)
    canvas.ink(mask, left, top, colour, soaks=chance(rng, 0.8))


def date_seal(rng: Generator, top: str, day: str, bottom: str, *, face: str = "open-sans") -> Seal:
    """A bank teller's stamp: who, the day, what was done."""
    return Seal("", (top, day, bottom), face=face, form=pick(rng, ("box", "oval")))


def _pressed(seal: Seal, pixels: int) -> Grey:
    mask: Grey = np.zeros((pixels, pixels), np.uint8)
    aspect = {"round": 1.0, "oval": 0.68, "box": 0.5}[seal.form]
    middle, radius = pixels / 2, pixels / 2 - 3
    _outline(mask, seal.form, middle, radius, aspect, max(round(pixels * 0.017), 1), pixels)
    if seal.rim:
        _rim_text(mask, seal, middle, radius, aspect)
    if seal.star:
        _star(mask, middle, pixels * 0.15)
    _middle_lines(mask, seal, middle, pixels, aspect)
    return mask


def _outline(mask: Grey, form: str, middle: float, radius: float, aspect: float, thick: int, pixels: int) -> None:
    if form == "box":
        corners = [
            (round(middle - radius), round(middle - radius * aspect)),
            (round(middle + radius), round(middle + radius * aspect)),
        ]
        cv2.rectangle(mask, corners[0], corners[1], 255, thick)
        return
    for share, width in ((1.0, thick), (0.94, max(thick // 3, 1))):
        axes = (round(radius * share * 16), round(radius * aspect * share * 16))
        if share == 1.0 or form == "oval":
            cv2.ellipse(
                mask, (round(middle * 16), round(middle * 16)), axes, 0, 0, 360, 255, width, cv2.LINE_AA, _SHIFT
            )


def _rim_text(mask: Grey, seal: Seal, middle: float, radius: float, aspect: float) -> None:
    count = len(seal.rim)
    step = min(seal.sweep / max(count - 1, 1), 34.0)
    size = min(radius * 0.3, step * np.pi / 180 * radius * (0.92 if ord(seal.rim[0]) > 0x2E80 else 1.35))
    font = fonts.use(seal.face, float(size), "bold")
    distance = radius * 0.92 - size * 0.62
    for place, letter in enumerate(seal.rim):
        degrees = (place - (count - 1) / 2) * step
        turn = np.deg2rad(degrees)
        x, y = middle + distance * np.sin(turn), middle - distance * aspect * np.cos(turn)
        tilt = np.rad2deg(np.arctan2(np.sin(turn) * aspect, np.cos(turn)))
        _letter(mask, font, letter, float(x), float(y), float(-tilt))


def _letter(mask: Grey, font: FontUse, letter: str, x: float, y: float, degrees: float) -> None:
    glyph, _, top = rendered(font, letter)
    rows, columns = glyph.shape
    turn = cv2.getRotationMatrix2D((columns / 2, -top - font.size * 0.36), degrees, 1.0)
    side = int(max(rows, columns) * 1.6) + 4
    x0, y0 = round(x) - side // 2, round(y) - side // 2
    turn[:, 2] += np.array((x - x0 - columns / 2, y - y0 - (-top - font.size * 0.36)))
    turned = cv2.warpAffine(glyph, turn, (side, side), flags=cv2.INTER_LINEAR)
    y1, x1 = min(y0 + side, mask.shape[0]), min(x0 + side, mask.shape[1])
    y2, x2 = max(y0, 0), max(x0, 0)
    if y2 < y1 and x2 < x1:
        np.maximum(mask[y2:y1, x2:x1], turned[y2 - y0 : y1 - y0, x2 - x0 : x1 - x0], out=mask[y2:y1, x2:x1])


def _star(mask: Grey, middle: float, radius: float) -> None:
    turns = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2 == 0, radius, radius * 0.382)
    points = np.stack([middle + reach * np.cos(turns), middle + reach * np.sin(turns)], 1)
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)


def _middle_lines(mask: Grey, seal: Seal, middle: float, pixels: int, aspect: float) -> None:
    lines = [line for line in seal.middle if line]
    room = pixels * (0.84 if seal.form == "box" else 0.62 if not seal.rim else 0.5)
    height = pixels * aspect * (0.8 if not seal.rim else 0.4) / max(len(lines), 1)
    for place, line in enumerate(lines):
        font = fonts.use(seal.face, min(height * 0.78, pixels * 0.13))
        length = fonts.loaded(font).getlength(line)
        if length > room:
            font = fonts.use(seal.face, font.size * room / length)
        glyphs, _, top = rendered(font, line)
        base = middle + (pixels * 0.24 if seal.star else 0) + (place - (len(lines) - 1) / 2) * height + font.size * 0.36
        x0, y0 = round(middle - glyphs.shape[1] / 2), round(base) + top
        y0, x0 = max(y0, 0), max(x0, 0)
        target = mask[y0 : y0 + glyphs.shape[0], x0 : x0 + glyphs.shape[1]]
        np.maximum(target, glyphs[: target.shape[0], : target.shape[1]], out=target)


def _worn(mask: Grey, rng: Generator) -> Grey:
    """Blotches where little ink took, grain where the paper is rough."""
    side = mask.shape[0]
    coarse = cv2.resize(rng.random((9, 9), np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.random((side // 2, side // 2), np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    cover = np.clip(between(rng, 0.95, 1.2) - 0.45 * coarse - 0.35 * fine**2, 0.12, 0.95)
    return np.asarray(cv2.GaussianBlur(mask, (3, 3), 0.6) * cover, np.uint8)
