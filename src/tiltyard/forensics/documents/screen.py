"""What never was on paper: a screenshot, or a page that was turned into an image by a program."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.geometry import scaled
from tiltyard.forensics.picture import Picture

_FILTERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA)


def screened(page: Picture, rng: Generator, *, long_side: int) -> Picture:
    """The page at that size: untouched where it has it already, else resampled by one of three common filters."""
    size = sized(page.size, long_side)
    if size == page.size:
        return page
    pixels = cv2.resize(page.pixels, size, interpolation=_FILTERS[rng.integers(len(_FILTERS))])
    return page.moved(np.asarray(pixels, np.uint8), scaled(page.size, size))


def sized(size: tuple[float, float], long_side: int) -> tuple[int, int]:
    """The same shape with that long side."""
    width, height = (max(1, round(side * long_side / max(size))) for side in size)
    return width, height
