"""Connected regions of a mask: specks are dropped, the rest is listed from the largest."""

from collections.abc import Iterator

import cv2
import numpy as np

from tiltyard.forensics.picture import Mask


def regions_of(mask: Mask) -> list[Mask]:
    """The 8-connected regions of a (h, w) mask, largest first."""
    return [mask_of for _, mask_of in sorted(_components(mask), key=lambda item: -item[0])]


def without_specks(mask: Mask, smallest: int) -> Mask:
    """The mask without regions of fewer than `smallest` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    keep = np.zeros(count, bool)
    keep[1:] = stats[1:, cv2.CC_STAT_AREA] >= smallest
    return np.asarray(keep[labels])


def _components(mask: Mask) -> Iterator[tuple[int, Mask]]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        yield int(stats[number, cv2.CC_STAT_AREA]), labels == number


def filled(mask: Mask) -> Mask:
    """The mask without holes."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return np.asarray(whole > 0)
