"""The places that lack the earlier saving which the rest shows: boxes of a page, regions of a photograph."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.earlier_saving import BLOCK, Blocks, over_pixels
from tiltyard.forensics.tracing.print_boxes import Boxes, Grey, is_written, print_boxes

MARGIN = 1.25
"""Log-likelihood that each block of a place must have against an earlier saving: what is merely doubtful costs."""
RATIO = 0.4
"""A block of a place must speak at least this much against it, on average, as one of the picture speaks for it."""
CLEAR = 30.0
"""Log-likelihood beyond the margin, over a whole place. Of 426 authentic pages, six had a box that clear."""
BESIDE = 0.2
"""Share of the clearest place's that a further one must have."""
MOST = 4
"""Places; a picture where more stand out is uneven by itself."""
LEVELS = 0.0, -0.7, -1.5
"""Log-likelihoods below which neighbouring blocks are taken together, whatever is shown there."""
FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class LeftOut:
    """A place of a (h, w) picture, and the log-likelihood beyond the margin that it was not saved earlier."""

    where: tuple[slice, slice]
    """Its box."""
    mask: Mask
    """Which pixels of the box belong to it."""
    clearness: float

    def mark(self, pixels: NDArray[Any], value: float) -> None:
        """Set its pixels in a (h, w) array."""
        pixels[self.where][self.mask] = value


def left_out(grey: Grey, evidence: Blocks) -> list[LeftOut]:
    """What stands out of a (h, w) picture with the `evidence` of `earlier_saving`: the clearest first, none overlap."""
    if not evidence.any():
        return []
    found, taken = list[LeftOut](), np.zeros(grey.shape, np.bool_)
    for place in _boxes(grey, evidence) if is_written(grey) else _regions(evidence):
        least = max(CLEAR, BESIDE * found[0].clearness) if found else CLEAR
        if place.clearness < least or len(found) > MOST:
            break
        if not (taken[place.where] & place.mask).any():
            found.append(place)
            place.mark(taken, True)
    return found if len(found) <= MOST else []


def _clearness(against: NDArray[np.float64], blocks: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """From the sums of the evidence against an earlier saving and the numbers of blocks that have any."""
    return np.where(against >= RATIO * usual * blocks, against - MARGIN * blocks, 0)


def _usual(evidence: Blocks) -> float:
    return float(evidence[evidence != 0].mean())


def _boxes(grey: Grey, evidence: Blocks) -> Iterator[LeftOut]:
    """The clearest first."""
    boxes = np.concatenate([print_boxes(grey), _dark_boxes(evidence)])
    boxes[:, 2:] = np.minimum(boxes[:, 2:], grey.shape[::-1])
    against, blocks = (_sums(values, boxes, grey.shape) for values in (-evidence, (evidence != 0).astype(np.float32)))
    clearness = _clearness(against, blocks, _usual(evidence))
    for number in np.argsort(-clearness, kind="stable"):
        left, top, right, bottom = boxes[number]
        whole = np.ones((bottom - top, right - left), np.bool_)
        yield LeftOut((slice(top, bottom), slice(left, right)), whole, float(clearness[number]))


def _regions(evidence: Blocks) -> list[LeftOut]:
    """The clearest first."""
    usual, found = _usual(evidence), list[LeftOut]()
    for dark in _dark(evidence):
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
        values, at = evidence[evidence != 0].astype(np.float64), labels[evidence != 0]
        blocks = np.bincount(at, minlength=count).astype(np.float64)
        against = np.bincount(at, -values, minlength=count).astype(np.float64)
        clearness = np.where(blocks >= FEWEST_BLOCKS, _clearness(against, blocks, usual), 0)
        for label in (int(number) for number in np.flatnonzero(clearness >= CLEAR) if number):
            found.append(_region(labels == label, boxes[label], float(clearness[label])))
    return sorted(found, key=lambda place: -place.clearness)


def _region(blocks: Mask, stats: NDArray[np.int32], clearness: float) -> LeftOut:
    left, top, width, height = (int(side) for side in stats[:4])
    mask = over_pixels(blocks[top : top + height, left : left + width], (height * BLOCK, width * BLOCK)) > 0
    where = slice(top * BLOCK, (top + height) * BLOCK), slice(left * BLOCK, (left + width) * BLOCK)
    return LeftOut(where, mask, clearness)


def _dark(evidence: Blocks) -> Iterator[Grey]:
    """For each of LEVELS, the blocks that speak against an earlier saving with their neighbours."""
    there = evidence != 0
    blocks = cv2.boxFilter(there.astype(np.float32), -1, (3, 3), normalize=False)
    mean = cv2.boxFilter(evidence, -1, (3, 3), normalize=False) / np.maximum(blocks, 1)
    for level in LEVELS:
        yield ((mean < level) & there).astype(np.uint8)


def _dark_boxes(evidence: Blocks) -> Boxes:
    """Boxes, in pixels, around neighbouring blocks that speak against an earlier saving."""
    found = [np.zeros((0, 5), np.intp)]
    for dark in _dark(evidence):
        found.append(np.asarray(cv2.connectedComponentsWithStats(dark, connectivity=8)[2][1:], np.intp))
    left, top, width, height, area = np.concatenate(found).T
    boxes = np.stack([left, top, left + width, top + height], 1)[area >= FEWEST_BLOCKS] * BLOCK
    return np.unique(boxes, axis=0)


def _sums(blocks: Blocks, boxes: Boxes, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """For each box the sum over its blocks, those on its border by the share of their pixels."""
    total = cv2.integral(over_pixels(blocks / BLOCK**2, shape), sdepth=cv2.CV_64F)
    left, top, right, bottom = boxes.T
    return np.asarray(total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left], np.float64)
