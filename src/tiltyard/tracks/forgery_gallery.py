"""Pictures for the report: the best and the worst of each shard, as test image, truth and what was found."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.contest.entry import Entry
from tiltyard.errors import TiltyardError
from tiltyard.forensics.truth_folder import TruthFolder, TruthItem
from tiltyard.vision.masks import decode_map
from tiltyard.vision.pictures import read_picture

SIDE, GAP = 240, 8
STRIP = (3 * SIDE + 2 * GAP, SIDE)
"""Width and height of what is kept."""
MOST_IMAGES = 20_000
"""Of a contest: above it no shard keeps pictures, so that the evaluation folder stays small."""
QUALITY = 85


def example_name(index: int) -> str:
    """The artefact that shows the image of that place in the truth."""
    return f"example-{index:07d}.jpg"


def gallery(
    entry: Entry, data: TruthFolder, members: Sequence[str], judged: Sequence[float | None], *, first: int
) -> dict[str, bytes]:
    """Artefacts for the forged image of the shard that scored worst and that which scored best; none without pictures.

    `judged` has one figure an image of the shard, None for those not shown; `first` is the place of its first image.
    """
    known = [(score, place) for place, score in enumerate(judged) if score is not None]
    if not known or not data.pictures or len(data.items) > MOST_IMAGES:
        return {}
    chosen = sorted({min(known)[1], max(known)[1]})
    found = {}
    for place, (name, content) in zip(chosen, entry.contents([members[place] for place in chosen]), strict=True):
        shown = _strip(data, data.items[first + place], decode_map(content, name, size=None))
        if shown is not None:
            found[example_name(first + place)] = shown
    return found


def _strip(data: TruthFolder, item: TruthItem, found: NDArray[np.uint8]) -> bytes | None:
    """A JPEG of three squares; None where the picture is not there or cannot be read: a report can do without."""
    try:
        pixels = read_picture(data.pictures[item.name]).pixels
    except (KeyError, TiltyardError):
        return None
    truth = np.where(item.read(), 255, 0).astype(np.uint8)
    gap = np.full((SIDE, GAP, 3), 128, np.uint8)
    strip = [_square(pixels), gap, _square(_rgb(truth)), gap, _square(_rgb(found))]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(strip, axis=1)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[..., None], 3, axis=2)


def _square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scaled to fit, on mid grey."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    canvas = np.full((SIDE, SIDE, 3), 128, np.uint8)
    top, left = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas
