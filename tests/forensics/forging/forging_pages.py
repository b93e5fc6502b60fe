"""Pictures that the tests of forging forge: a drawn page, the same photographed, a photograph-like scene."""

from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.picture import Picture, TextLine

ROWS = (
    ("Invoice of March", "title", 30.0),
    ("Date: 2024-03-17", "date", 18.0),
    ("Maria Weber", "name", 18.0),
    ("Station Street 14, Bern", "address", 18.0),
    ("1,250.00 EUR", "amount", 22.0),
    ("Account No. 4420 1187 3395", "number", 18.0),
    ("Total 968.50", "amount", 18.0),
    ("Delivery of goods in January", "text", 18.0),
)


@cache
def page(*, face: str = "arimo", width: int = 420, height: int = 520, known_fonts: bool = True) -> Picture:
    """A clean page of eight lines that knows everything of them; with `known_fonts=False` only text and boxes."""
    image = Image.new("RGB", (width, height), (250, 249, 245))
    draw, lines = ImageDraw.Draw(image), []
    for row, (text, role, size) in enumerate(ROWS):
        font = fonts.use(face, size)
        place = (30 + 20 * (row % 3), 70 + 55 * row)
        draw.text(place, text, fill=(25, 30, 60), font=fonts.loaded(font), anchor="ls")
        left, top, right, bottom = _ink(image.size, text, place, font)
        quad = ((left, top), (right, top), (right, bottom), (left, bottom))
        lines.append(TextLine(text, quad, role if known_fonts else "text", font if known_fonts else None, (25, 30, 60)))
    return Picture(np.asarray(image), tuple(lines), source=f"page in {face}")


def _ink(size, text, place, font):
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).text(place, text, fill=255, font=fonts.loaded(font), anchor="ls")
    left, top, wide, high = cv2.boundingRect((np.asarray(mask) > 24).astype(np.uint8))
    return float(left), float(top), float(left + wide), float(top + high)


@cache
def photographed(*, known_fonts: bool = True) -> Picture:
    """The page aslant, in uneven light, with noise."""
    flat = page(face="pt-serif", known_fonts=known_fonts)
    width, height = flat.size
    edges = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array([(12, 8), (width - 9, 5), (width - 14, height - 10), (6, height - 4)], np.float32)
    lean = cv2.getPerspectiveTransform(edges, seen)
    pixels = cv2.warpPerspective(flat.pixels, lean, flat.size, borderValue=(90, 80, 70)).astype(np.float32)
    noise = np.random.default_rng(7).normal(0, 4, pixels.shape)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 0.6) * np.linspace(0.85, 1, width)[None, :, None] + noise
    return flat.moved(np.clip(pixels, 0, 255).astype(np.uint8), np.asarray(lean, np.float64))


@cache
def scene(seed: int, *, width: int = 240, height: int = 180, grey: bool = False) -> Picture:
    """Soft coloured texture with discs on it and noise, of any size; no lines."""
    rng = np.random.default_rng(seed)
    base = cv2.resize(
        rng.uniform(40, 210, (5, 7, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    for _ in range(12):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        colour = tuple(float(c) for c in rng.uniform(0, 255, 3))
        cv2.circle(base, centre, int(rng.integers(3, max(min(width, height) // 7, 4))), colour, -1)
    pixels = np.clip(base + rng.normal(0, 5, base.shape), 0, 255).astype(np.uint8)
    if grey:
        pixels = np.repeat(pixels.mean(2, keepdims=True), 3, 2).astype(np.uint8)
    return Picture(pixels, source=f"scene {seed}")
