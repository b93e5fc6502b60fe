"""The boxes of a page that lack the earlier saving which the rest of it shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.tracing.earlier_saving import BLOCK, Blocks
from tiltyard.forensics.tracing.print_boxes import Boxes, Grey, print_boxes

MARGIN = 1.25
"""Log-likelihood that each block of a box must have against an earlier saving: what is merely doubtful costs."""
RATIO = 0.4
"""A block of a box must speak at least this much against it, on average, as one of the picture speaks for it."""
CLEAR = 30.0
"""Log-likelihood beyond the margin, over a whole box. Of 426 authentic pages, six had a box that clear."""
BESIDE = 0.2
"""Share of the clearest box's that a further one must have."""
MOST = 4
"""Boxes; a page where more stand out is uneven by itself."""
LEVELS = 0.0, -0.7, -1.5
"""Log-likelihoods below which neighbouring blocks are taken together, whatever is printed there."""
FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class LeftOut:
    """A box (left, top, right, bottom), and the log-likelihood beyond the margin that it was not saved earlier."""

    box: tuple[int, int, int, int]
    clearness: float

    @property
    def where(self) -> tuple[slice, slice]:
        left, top, right, bottom = self.box
        return slice(top, bottom), slice(left, right)


def left_out(grey: Grey, evidence: Blocks) -> list[LeftOut]:
    """What stands out of a (h, w) page with the `evidence` of `earlier_saving`: the clearest first, none overlap."""
    if not evidence.any():
        return []
    boxes = np.concatenate([print_boxes(grey), _dark_boxes(evidence)])
    boxes[:, 2:] = np.minimum(boxes[:, 2:], grey.shape[::-1])
    against, blocks = (_sums(values, boxes, grey.shape) for values in (-evidence, (evidence != 0).astype(np.float32)))
    usual = float(evidence[evidence != 0].mean())
    clearness = np.where(against >= RATIO * usual * blocks, against - MARGIN * blocks, 0)
    found = _apart(boxes, clearness)
    return found if len(found) <= MOST else []


def _dark_boxes(evidence: Blocks) -> Boxes:
    """Boxes, in pixels, around neighbouring blocks that speak against an earlier saving."""
    blocks = cv2.boxFilter((evidence != 0).astype(np.float32), -1, (3, 3), normalize=False)
    mean = cv2.boxFilter(evidence, -1, (3, 3), normalize=False) / np.maximum(blocks, 1)
    found = [np.zeros((0, 5), np.intp)]
    for level in LEVELS:
        dark = ((mean < level) & (evidence != 0)).astype(np.uint8)
        found.append(np.asarray(cv2.connectedComponentsWithStats(dark, connectivity=8)[2][1:], np.intp))
    left, top, width, height, area = np.concatenate(found).T
    boxes = np.stack([left, top, left + width, top + height], 1)[area >= FEWEST_BLOCKS] * BLOCK
    return np.unique(boxes, axis=0)


def _sums(blocks: Blocks, boxes: Boxes, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """For each box the sum over its blocks, those on its border by the share of their pixels."""
    pixels = np.zeros(shape, np.float32)
    grown = np.repeat(np.repeat(blocks, BLOCK, 0), BLOCK, 1) / BLOCK**2
    pixels[: grown.shape[0], : grown.shape[1]] = grown
    total = cv2.integral(pixels, sdepth=cv2.CV_64F)
    left, top, right, bottom = boxes.T
    return np.asarray(total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left], np.float64)


def _apart(boxes: Boxes, clearness: NDArray[np.float64]) -> list[LeftOut]:
    found: list[LeftOut] = []
    for number in np.argsort(-clearness, kind="stable"):
        least = max(CLEAR, BESIDE * found[0].clearness) if found else CLEAR
        if clearness[number] < least or len(found) > MOST:
            break
        a, b, c, d = (int(side) for side in boxes[number])
        if not any(a < c2 and a2 < c and b < d2 and b2 < d for a2, b2, c2, d2 in (one.box for one in found)):
            found.append(LeftOut((a, b, c, d), float(clearness[number])))
    return found
