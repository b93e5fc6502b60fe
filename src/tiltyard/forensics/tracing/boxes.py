"""Boxes within a picture: what holds points or a mask, with room around."""

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, slice]
"""Rows and columns."""


def box_around(points: NDArray[np.float64], shape: tuple[int, ...], room: int) -> Box:
    """What holds (n, 2) points x, y with that room around them, within a picture of that shape."""
    left, top = np.maximum(np.floor(points.min(0)).astype(int) - room, 0)
    right, bottom = np.minimum(np.ceil(points.max(0)).astype(int) + room + 1, shape[1::-1])
    return slice(int(top), int(max(top, bottom))), slice(int(left), int(max(left, right)))


def box_of(mask: NDArray[np.bool_], room: int) -> Box:
    """What holds a (h, w) mask that is not empty, with room around it, as far as the picture goes."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return box_around(np.array([[left, top], [left + width - 1, top + height - 1]], np.float64), mask.shape, room)
