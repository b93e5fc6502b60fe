"""Whether pixels were ever saved as JPEG: the 8 × 8 grid that blocks leave behind (Fan and de Queiroz 2003)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Pixels

STRONGEST = 24.0
"""Steps above this many grey levels are the picture's own edges and are cut to it."""
SIGMAS = 4.0
"""A grid line must stand out from the other seven phases by this many standard errors, in both directions."""
SMALLEST = 64
"""Pixels a side below which no grid can be told."""


def has_jpeg_grid(pixels: Pixels) -> bool:
    """True where block borders of some past JPEG are seen along both axes of (h, w, 3) pixels."""
    if min(pixels.shape[:2]) < SMALLEST:
        return False
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return all(_outstanding(axis) > SIGMAS for axis in (grey, grey.T))


def _outstanding(grey: NDArray[np.float32]) -> float:
    """How far the strongest of eight column phases stands out: the jump across it against those beside it."""
    steps = np.minimum(np.abs(np.diff(grey, axis=1)), STRONGEST)
    jumps = (steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2).mean(0)
    phases = [jumps[phase::8] for phase in range(8)]
    means = np.array([phase.mean() for phase in phases])
    best = int(means.argmax())
    others = np.delete(means, best)
    spread = float(np.median([phase.std() / np.sqrt(len(phase)) for phase in phases])) + 1e-3
    return float((means[best] - np.median(others)) / spread)
