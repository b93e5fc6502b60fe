"""Blocks whose colours were cut off at the ends of the scale: what lay beyond is lost, and other traces are left."""

import numpy as np

from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.tracing.earlier_saving import BLOCK

WHITE, BLACK = 252, 3
"""Grey levels of a channel: another saving has shifted the ends a little."""


def cut_off(pixels: Pixels) -> Mask:
    """(h // 8, w // 8), from (h, w, 3) pixels whose blocks begin at (0, 0)."""
    rows, columns = (side // BLOCK for side in pixels.shape[:2])
    blocks = pixels[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK * pixels.shape[2])
    return np.asarray((blocks.max((1, 3)) >= WHITE) | (blocks.min((1, 3)) <= BLACK))
