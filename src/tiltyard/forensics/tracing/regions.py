"""Connected regions of a mask: specks are dropped, the rest is listed from the largest."""

from dataclasses import dataclass

import cv2
import numpy as np

from tiltyard.forensics.picture import Mask


@dataclass(frozen=True)
class Place:
    """A connected region within its bounding box: memory follows the box, not the picture."""

    box: tuple[slice, slice]
    """Rows and columns of the picture."""
    mask: Mask
    """Of the box's size."""
    pixels: int


def places_of(mask: Mask) -> list[Place]:
    """The 8-connected regions of a (h, w) mask, largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    found = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        box = slice(top, top + height), slice(left, left + width)
        found.append(Place(box, np.asarray(labels[box] == number), area))
    return sorted(found, key=lambda place: -place.pixels)


def regions_of(mask: Mask, *, most: int) -> list[Mask]:
    """At most so many regions, largest first, each as a mask of the picture's size."""
    return [_whole(place, mask) for place in places_of(mask)[:most]]


def _whole(place: Place, like: Mask) -> Mask:
    region = np.zeros_like(like)
    region[place.box] = place.mask
    return region


def without_specks(mask: Mask, smallest: int) -> Mask:
    """The mask without regions of fewer than `smallest` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    keep = np.zeros(count, bool)
    keep[1:] = stats[1:, cv2.CC_STAT_AREA] >= smallest
    return np.asarray(keep[labels])


def filled(mask: Mask) -> Mask:
    """The mask without holes."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return np.asarray(whole > 0)
