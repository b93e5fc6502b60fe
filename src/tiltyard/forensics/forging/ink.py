"""Telling a line's ink from its paper."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask, Pixels

CONTRAST = 26.0
"""Grey levels between ink and paper below which a line is too faint to work on."""


@dataclass(frozen=True)
class Ink:
    """What a window shows of ink."""

    strength: NDArray[np.float32]
    """(h, w), 0 on paper, about 1 in the middle of a stroke."""
    contrast: float
    """Grey levels between the two."""
    dark: bool
    """Whether the ink is darker than the paper."""
    height: float
    """Of the line, in pixels."""

    @property
    def content(self) -> Mask:
        """Ink with its soft border: what must go when text goes."""
        found = (self.strength > 0.14).astype(np.uint8)
        return cv2.dilate(found, np.ones((3, 3), np.uint8)).astype(np.bool_)

    @property
    def rules(self) -> Mask:
        """Horizontal rules, which stay when text goes: longer than letters that touch, or as long as the window."""
        length = max(round(min(4 * self.height, 0.9 * self.strength.shape[1])), 8)
        found = (self.strength > 0.2).astype(np.uint8)
        straight = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
        return cv2.dilate(straight, np.ones((3, 3), np.uint8)).astype(np.bool_)


def ink_of(window: Pixels, line: Mask, height: float) -> Ink | None:
    """The ink of a line of some height (pixels) within a window; None where the line is too faint or no line at all.

    Thin strokes are what a grey opening or closing wider than any stroke removes (top-hat transform).
    """
    grey = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
    seen = grey[::2, ::2][line[::2, ::2]]
    if seen.size < 12:
        return None
    low, middle, high = (float(level) for level in np.percentile(seen, (4, 50, 96)))
    dark = middle - low >= high - middle
    reach = int(height * 0.8) // 2 * 2 + 3
    how = cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT
    padded = cv2.copyMakeBorder(grey, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    hat = cv2.morphologyEx(padded, how, np.ones((reach, reach), np.uint8))[reach:-reach, reach:-reach]
    strength = hat.astype(np.float32)
    inner = line[::2, ::2]
    floor = float(np.median(strength[::2, ::2][inner]))
    strength -= min(floor, 12.0)
    contrast = float(np.percentile(strength[::2, ::2][inner], 97))
    if contrast < CONTRAST:
        return None
    return Ink(np.clip(strength / contrast, 0, 1), contrast, dark, height)


def hulls(core: Mask, gap: float) -> Mask:
    """The hull of each cluster of ink that lies farther than `gap` pixels from the next."""
    reach = max(round(gap), 1)
    padded = cv2.copyMakeBorder(core.astype(np.uint8), 0, 0, reach, reach, cv2.BORDER_CONSTANT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((2 * reach + 1, reach), np.uint8))[:, reach:-reach]
    count, clusters = cv2.connectedComponents(closed, connectivity=8, ltype=cv2.CV_32S)
    region = np.zeros_like(core)
    for cluster in range(1, count):
        region |= hull(core & (np.asarray(clusters) == cluster))
    return region


def hull(core: Mask) -> Mask:
    """All between the outermost pixels of some ink, with a pixel of margin."""
    grown = cv2.dilate(core.astype(np.uint8), np.ones((3, 3), np.uint8))
    points = cv2.findNonZero(grown)
    region = np.zeros_like(grown)
    if points is not None:
        cv2.fillConvexPoly(region, cv2.convexHull(points), 1)
    return region.astype(np.bool_)
