"""A scene of blobs of all sizes with camera noise: what an honest small photograph is to the cues."""

import numpy as np
from PIL import Image


def scene(seed: int, height: int = 240, width: int = 320) -> np.ndarray:
    """(height, width, 3) uint8; sides are multiples of 16."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3))
    for size in (4, 8, 16):
        tiles = rng.integers(0, 255, (height // size, width // size, 3)).astype(np.uint8)
        pixels += np.asarray(Image.fromarray(tiles).resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(pixels / 3 + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
