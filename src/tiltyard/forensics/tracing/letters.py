"""Letters of a picture: what stands out of its paper, each with the pixels that are its own and those around it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask

Grey = NDArray[np.float32]

SMALL, LARGE = 32, 64
"""Sides, in pixels, of the windows in which letters are compared."""
BORDER = 3
"""Pixels that a window has to spare on each side: a letter and its border lie within, and it can be moved."""
SHORTEST, NARROWEST, SMALLEST = 6, 2, 10
"""Height, width and number of pixels below which a stroke says nothing."""
PAPER = 31
"""Pixels across: what is seen there mostly is paper."""
FAINTEST = 30.0
"""Grey levels between ink and paper."""
NEARBY = 15
"""Pixels across in which the strongest ink tells how strong half ink is."""
MOST = 3000
"""Letters that are compared; the largest stay."""


@dataclass(frozen=True)
class Letters:
    """Strokes that hang together, of either polarity; all arrays have one entry a letter."""

    boxes: NDArray[np.intp]
    """(n, 4): left, top, width, height."""
    pixels: NDArray[np.float32]
    """(n, side + 2 BORDER, side + 2 BORDER): the picture around the middle of each box."""
    own: NDArray[np.bool_]
    """(n, side, side): strokes and the pixel around them."""
    ink: NDArray[np.float32]
    """(n, side, side): what the strokes add to the paper, 0 beside them."""

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def middles(self) -> NDArray[np.intp]:
        """(n, 2): x and y, in whole pixels."""
        return np.asarray(self.boxes[:, :2] + self.boxes[:, 2:] // 2, np.intp)


def letters_of(grey: Grey) -> tuple[Letters, Letters]:
    """Those of a (h, w) picture in [0, 255] that fit windows of side SMALL, and the others that fit those of LARGE."""
    paper = cv2.medianBlur(np.asarray(np.clip(grey, 0, 255), np.uint8), PAPER).astype(np.float32)
    ink = cv2.GaussianBlur(grey, (0, 0), 0.5) - paper
    found = [_strokes(np.asarray(sign * ink, np.float32)) for sign in (-1, 1)]
    boxes = np.concatenate([boxes for boxes, _ in found])
    shapes = [shape for _, shapes in found for shape in shapes]
    longest = boxes[:, 2:].max(1, initial=0)
    small = np.flatnonzero(longest <= SMALL - 2 * BORDER)
    large = np.flatnonzero((longest > SMALL - 2 * BORDER) & (longest <= LARGE - 2 * BORDER))
    few, more = (
        _lifted(grey, paper, boxes[kept], [shapes[number] for number in kept], side)
        for kept, side in ((_largest(boxes, small), SMALL), (_largest(boxes, large), LARGE))
    )
    return few, more


def _largest(boxes: NDArray[np.intp], kept: NDArray[np.intp]) -> NDArray[np.intp]:
    order = np.argsort(-boxes[kept, 2] * boxes[kept, 3], kind="stable")
    return np.sort(kept[order[:MOST]])


def _strokes(ink: Grey) -> tuple[NDArray[np.intp], list[Mask]]:
    """Boxes and shapes of what is at least half as inked as the strongest ink nearby."""
    top = cv2.dilate(ink, np.ones((NEARBY, NEARBY), np.uint8))
    inked = ((ink > 0.5 * top) & (top > FAINTEST)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    fits = (height >= SHORTEST) & (width >= NARROWEST) & (area >= SMALLEST)
    fits &= np.maximum(width, height) <= LARGE - 2 * BORDER
    kept = np.flatnonzero(fits[1:]) + 1
    shapes = [
        np.asarray(labels[y : y + tall, x : x + wide] == number)
        for number, (x, y, wide, tall) in zip(kept, stats[kept, :4], strict=True)
    ]
    return np.asarray(stats[kept, :4], np.intp), shapes


def _lifted(grey: Grey, paper: Grey, boxes: NDArray[np.intp], shapes: list[Mask], side: int) -> Letters:
    room = side // 2 + BORDER
    around, below = (np.pad(values, room, mode="edge") for values in (grey, paper))
    pixels = np.zeros((len(boxes), 2 * room, 2 * room), np.float32)
    own, ink = np.zeros((len(boxes), side, side), np.bool_), np.zeros((len(boxes), side, side), np.float32)
    inner = slice(BORDER, -BORDER)
    for number, ((left, top, width, height), shape) in enumerate(zip(boxes, shapes, strict=True)):
        x, y = left + width // 2, top + height // 2
        window = slice(y, y + 2 * room), slice(x, x + 2 * room)
        pixels[number] = around[window]
        strokes, down, right = np.zeros((side, side), np.uint8), side // 2 - height // 2, side // 2 - width // 2
        strokes[down : down + height, right : right + width] = shape
        own[number] = cv2.dilate(strokes, np.ones((3, 3), np.uint8)) > 0
        ink[number] = (pixels[number] - below[window])[inner, inner] * own[number]
    return Letters(boxes, pixels, own, ink)
