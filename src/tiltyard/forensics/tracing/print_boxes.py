"""Boxes around what is printed on a page: strokes, words, lines, paragraphs; and whether a picture is such a page."""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Boxes = NDArray[np.intp]
"""(n, 4): left, top, right, bottom in pixels, the last two exclusive."""

STROKE = 40
"""Grey levels between neighbouring pixels from which there is the edge of a stroke."""
GAPS = ((5, 3), (9, 3), (15, 3), (25, 5), (9, 9), (25, 15), (41, 25))
"""Width and height of gaps that are closed: between strokes, letters, words, lines."""
LINE_GAP = 15, 3
LINE_HEIGHTS = 6, 40
"""Pixels."""
FILLED = 0.6
"""Share of its box that a line of text covers once its gaps are closed."""
FEWEST_LINES = 4
WRITTEN = 0.1
"""Area of the boxes of lines against that of all that has strokes: in photographs at most 0.07, on nineteen of twenty
pages above."""
SMALLEST, LARGEST_SHARE = 150, 0.25
"""Pixels of a box; share of the picture."""


def is_written(grey: Grey) -> bool:
    """Whether a (h, w) picture is mostly lines of text."""
    width, height, area = _closed(_strokes(grey), LINE_GAP)[:, 2:].T
    low, high = LINE_HEIGHTS
    lines = (width >= 2 * height) & (height >= low) & (height <= high) & (area > FILLED * width * height)
    return bool(lines.sum() >= FEWEST_LINES and (width * height)[lines].sum() >= WRITTEN * area.sum())


def print_boxes(grey: Grey) -> Boxes:
    """The boxes of all that is printed on a (h, w) picture, small ones within large ones."""
    strokes = _strokes(grey)
    left, top, width, height, _ = np.concatenate([_closed(strokes, gap) for gap in GAPS]).T
    fits = (width * height >= SMALLEST) & (width * height <= LARGEST_SHARE * grey.size)
    return np.unique(np.stack([left, top, left + width, top + height], 1)[fits], axis=0)


def _strokes(grey: Grey) -> Grey:
    kernel = np.ones((3, 3), np.uint8)
    return (cv2.subtract(cv2.dilate(grey, kernel), cv2.erode(grey, kernel)) > STROKE).astype(np.uint8)


def _closed(strokes: Grey, gap: tuple[int, int]) -> Boxes:
    """(n, 5): left, top, width, height and area of what hangs together once gaps of that size are closed."""
    closed = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones(gap[::-1], np.uint8))
    return np.asarray(cv2.connectedComponentsWithStats(closed, connectivity=8)[2][1:], np.intp)
