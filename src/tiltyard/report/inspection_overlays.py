"""Pictures and maps for a page: scaled down, small in bytes, each a data URI."""

import base64
import io
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.picture import Pixels

MAP_SIDE = 400
"""Long side of a heat map in the page: the browser enlarges it."""
LEVELS = 16
THRESHOLD = 128
QUALITY = 80
FAINTEST = 24
"""Below this nothing of a map could be seen."""
COLD, WARM, HOT = (112, 48, 190), (255, 160, 30), (200, 16, 16)


def picture_uri(pixels: Pixels, side: int) -> str:
    """The (h, w, 3) picture as a JPEG of at most `side` pixels on its long side."""
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def heat_uri(values: NDArray[np.uint8]) -> str:
    """A (h, w) map 0–255 as a transparent PNG to lay over the picture; empty where it says nothing anywhere.

    Violet where it stays below 128, orange to red from there on: small spots are kept when it is scaled down.
    """
    if not values.size or int(values.max()) < FAINTEST:
        return ""
    image = Image.fromarray(_shrunk(values) // (256 // LEVELS), "P")
    image.putpalette([part for colour, _ in COLOURS for part in colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", bits=4, transparency=bytes(opacity for _, opacity in COLOURS), optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _shrunk(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each pixel the largest of those that it stands for."""
    height, width = values.shape
    factor = max(height, width) / MAP_SIDE
    if factor <= 1:
        return values
    span = np.ones((math.ceil(factor), math.ceil(factor)), np.uint8)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return np.asarray(cv2.resize(cv2.dilate(values, span), size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _colour(level: int) -> tuple[tuple[int, int, int], int]:
    """Colour and opacity (0–255) of one of the levels."""
    first = THRESHOLD * LEVELS // 256
    if level < first:
        return COLD, round(140 * level / first)
    share = (level - first) / (LEVELS - 1 - first)
    red, green, blue = (round(one + share * (other - one)) for one, other in zip(WARM, HOT, strict=True))
    return (red, green, blue), round(110 + 80 * share)


COLOURS = tuple(_colour(level) for level in range(LEVELS))
