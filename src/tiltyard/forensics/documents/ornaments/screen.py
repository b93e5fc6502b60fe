"""Parts of phone screens: status bar, avatars, bubbles, ticks and arrows."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.glyphs import rendered
from tiltyard.forensics.documents.kit.theme import ACCENTS, WHITE, mixed
from tiltyard.forensics.documents.ornaments.portrait import Sitter, bust
from tiltyard.forensics.picture import Pixels

_ALBUM = 96
_SIDE = 96


def status_bar(canvas: Canvas, rng: Generator, colour: Colour, *, clock: str, face: str, height: float = 34) -> None:
    """Clock at the left, signal, wireless and battery at the right."""
    base = height * 0.66
    canvas.text(24, base, clock, Pen(face, 15, colour, "bold"), role="date")
    right = canvas.width - 20
    _battery(canvas, rng, right - 30, base - 11, colour)
    _wireless(canvas, right - 46, base, colour)
    for bar in range(4):
        height_of = 4 + bar * 2.6
        shade = colour if bar < 3 or chance(rng, 0.7) else mixed(colour, (128, 128, 128), 0.7)
        canvas.area(Box(right - 88 + bar * 5.2, base - height_of, 3.6, height_of), shade)
    if chance(rng, 0.5):
        canvas.text(
            right - 96,
            base,
            pick(rng, ("5G", "4G", "LTE")),
            Pen("roboto", 12, colour, "bold"),
            align="right",
            listed=False,
        )


def _battery(canvas: Canvas, rng: Generator, x: float, y: float, colour: Colour) -> None:
    canvas.frame(Box(x, y, 25, 12), mixed(colour, (128, 128, 128), 0.4), 1.2)
    canvas.area(Box(x + 2.4, y + 2.4, 20.2 * between(rng, 0.2, 1), 7.2), colour)
    canvas.area(Box(x + 26, y + 4, 2, 4), mixed(colour, (128, 128, 128), 0.4))


def _wireless(canvas: Canvas, x: float, base: float, colour: Colour) -> None:
    turns = np.linspace(-0.78, 0.78, 12)
    canvas.disc(x, base - 1.5, 1.8, colour)
    for radius in (5.5, 9.5):
        points = [(x + radius * float(np.sin(turn)), base - 1 - radius * float(np.cos(turn))) for turn in turns]
        canvas.curve(points, colour, 2)


def avatar(canvas: Canvas, rng: Generator, box: Box, *, letter: str, face: str, round_: bool) -> None:
    """A picture of somebody: a photograph, a landscape or an initial on a colour."""
    side = max(round(box.width * canvas.unit), 8)
    form = pick(rng, ("letter", "letter", "scene", "scene", "bust"))
    tile: Pixels = np.empty((side, side, 3), np.uint8)
    if form == "letter":
        tile[:] = mixed(pick(rng, ACCENTS), WHITE, between(rng, 0.1, 0.45))
    else:
        tile[:] = cv2.resize(_photo(form, int(rng.integers(_ALBUM))), (side, side), interpolation=cv2.INTER_AREA)
    _clipped(canvas, tile, box, side / 2 if round_ else side * 0.12)
    if form == "letter":
        mask, _, _ = rendered(canvas.font(Pen(face, box.width * 0.5, cut="bold")), letter)
        left, top = (round((start + box.width / 2) * canvas.unit) for start in (box.x, box.y))
        canvas.ink(mask, left - mask.shape[1] // 2, top - mask.shape[0] // 2, WHITE)


def _clipped(canvas: Canvas, tile: Pixels, box: Box, radius: float) -> None:
    side = tile.shape[0]
    mask = np.zeros((side, side, 1), np.float32)
    far = side - 1 - radius
    for x, y in ((radius, radius), (far, radius), (radius, far), (far, far)):
        cv2.circle(mask, (round(x * 16), round(y * 16)), round(radius * 16), 1.0, -1, cv2.LINE_AA, 4)
    if far > radius:
        mask[round(radius) : round(far), :] = 1
        mask[:, round(radius) : round(far)] = 1
    left, top = round(box.x * canvas.unit), round(box.y * canvas.unit)
    below = canvas.pixels[top : top + side, left : left + side]
    mask = mask[: below.shape[0], : below.shape[1]]
    below[:] = np.rint(below + (tile[: below.shape[0], : below.shape[1]].astype(np.float32) - below) * mask)


@lru_cache(maxsize=2 * _ALBUM)
def _photo(form: str, number: int) -> Pixels:
    """One picture of the album, drawn once: people keep theirs for years."""
    rng = default_rng([number, 20_240])
    return _scene(rng) if form == "scene" else _face(rng)


def _scene(rng: Generator) -> Pixels:
    """Sky over hills: what people take who will not show themselves."""
    side = _SIDE
    down = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    high = np.array(pick(rng, ((90, 150, 220), (240, 150, 110), (60, 70, 130), (130, 200, 220))), np.float32)
    image = np.ascontiguousarray(np.broadcast_to(high + (240 - high) * down * 0.8, (side, side, 3)))
    x = np.linspace(0, 1, side)
    for hill in range(3):
        y = 0.5 + 0.14 * hill + 0.1 * np.sin(x * between(rng, 3, 9) + between(rng, 0, 6))
        points = np.concatenate([np.stack([x, y], 1), [(1, 1), (0, 1)]]) * side * 16
        tone = np.array(pick(rng, ((70, 110, 70), (60, 80, 60), (90, 90, 110), (120, 100, 70))), np.float32) * (
            1 - 0.18 * hill
        )
        cv2.fillPoly(image, [np.rint(points).astype(np.int32)], tuple(map(float, tone)), cv2.LINE_AA, 4)
    return np.clip(image + rng.normal(0, 5, image.shape), 0, 255).astype(np.uint8)


def _face(rng: Generator) -> Pixels:
    photo = bust(rng, Sitter(chance(rng, 0.5)), ground=pick(rng, ("pale", "bold")))
    width = photo.shape[1]
    return np.clip(cv2.resize(photo[12 : 12 + width], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), 0, 255).astype(
        np.uint8
    )


def bubble(canvas: Canvas, box: Box, colour: Colour, *, side: str, radius: float, tail: bool) -> None:
    """A speech bubble; its tail points to `side`, left or right."""
    canvas.rounded(box, colour, radius)
    if tail:
        edge, out = (box.x + 1, -7) if side == "left" else (box.right - 1, 7)
        canvas.polygon([(edge, box.y + 13), (edge + out, box.y + 20), (edge, box.y + 27)], colour)


def tick(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    """A disc with a tick: it has gone through."""
    canvas.disc(x, y, radius, colour)
    points = [
        (x - radius * 0.42, y + radius * 0.02),
        (x - radius * 0.1, y + radius * 0.36),
        (x + radius * 0.46, y - radius * 0.3),
    ]
    canvas.curve(points, WHITE, radius * 0.16)


def chevron(canvas: Canvas, x: float, y: float, size: float, colour: Colour, *, left: bool, thick: float = 2) -> None:
    """An arrowhead whose point is at (x, y)."""
    back = size if left else -size
    canvas.curve([(x + back, y - size), (x, y), (x + back, y + size)], colour, thick)
