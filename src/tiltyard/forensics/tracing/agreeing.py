"""Windows of blocks that agree against what the rest of a picture went through.

A scan statistic: log-likelihoods are summed over windows of many sizes, and what lies far below all that chance gives
anywhere in a picture is a place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.earlier_saving import Blocks

SIDES = 2, 3, 4, 6, 9, 13, 19, 28, 40
"""Blocks: heights and widths of the windows that are tried."""
LARGEST_SHARE = 0.4
"""Of the picture's blocks: the rest must be more than the place."""
MARGIN = 0.1
"""Of what a block of the picture speaks for the saving on average, that each block of a place must speak against it."""
MOST = 4
"""Places; a picture where more stand out is uneven by itself."""
BESIDE = 0.2
"""Share of the clearest place's that a further one must have."""
REACH = 5
"""Blocks a side over which the blocks of a place are heard together."""

Window = tuple[slice, slice]
"""Rows and columns of blocks."""


@dataclass(frozen=True)
class Agreeing:
    """Which blocks of the picture belong to a place, and the log-likelihood that it lacks the saving."""

    mask: Mask
    clearness: float


def agreeing(evidence: Blocks, *, clear: float) -> list[Agreeing]:
    """The places whose log-likelihood reaches `clear`, clearest first; none where too many do.

    `evidence` is, block by block, the log-likelihood of having been saved like the rest; 0 says nothing.
    """
    left, found = evidence.copy(), list[Agreeing]()
    left[left != 0] += MARGIN * max(0.0, usual(evidence))
    while len(found) <= MOST:
        window, clearness = _densest(left, max(clear, BESIDE * found[0].clearness if found else 0))
        if clearness == 0:
            return found
        found.append(Agreeing(_place(left, window), clearness))
        left[window] = np.maximum(left[window], 0)
    return []


def usual(evidence: Blocks) -> float:
    """The mean over the blocks that say anything."""
    return float(evidence.sum(dtype=np.float64) / max(1, np.count_nonzero(evidence)))


def _densest(evidence: Blocks, clear: float) -> tuple[Window, float]:
    """Of the windows that are `clear` the one that stands out most for its size, and its clearness; 0 where none is."""
    total = cv2.integral(evidence, sdepth=cv2.CV_64F)
    heard = cv2.integral((evidence != 0).astype(np.uint8))
    densest, clearness, window = 0.0, 0.0, (slice(0, 0), slice(0, 0))
    for height, width in _sizes(evidence.shape):
        against = -_sums(total, height, width)
        density = np.where(against >= clear, against / np.sqrt(_sums(heard, height, width) + 1), 0)
        at = int(density.argmax())
        if density.flat[at] > densest:
            top, first = divmod(at, density.shape[1])
            densest, clearness = float(density.flat[at]), float(against.flat[at])
            window = slice(top, top + height), slice(first, first + width)
    return window, clearness


def _sums(total: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Of all windows of that size, from an integral image."""
    return np.asarray(
        total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    )


def _sizes(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    rows, columns = shape
    for height in SIDES:
        for width in SIDES:
            if height <= rows and width <= columns and height * width <= LARGEST_SHARE * rows * columns:
                yield height, width


def _place(evidence: Blocks, window: Window) -> Mask:
    """The blocks in and around a window that speak against the saving together with their neighbours."""
    near = np.zeros(evidence.shape, np.uint8)
    near[window] = 1
    heard = cv2.GaussianBlur(evidence, (REACH, REACH), 0, borderType=cv2.BORDER_CONSTANT)
    speaks = ((heard < 0) & (cv2.dilate(near, np.ones((REACH, REACH), np.uint8)) > 0)).astype(np.uint8)
    labels = cv2.connectedComponents(speaks, connectivity=8)[1]
    counts = np.bincount(labels[near > 0], minlength=2)
    counts[0] = 0
    if not counts.any():
        return np.asarray(near > 0)
    mask = np.asarray(labels == counts.argmax())
    return mask if 2 * np.count_nonzero(mask & (near > 0)) >= np.count_nonzero(near) else np.asarray(near > 0)
