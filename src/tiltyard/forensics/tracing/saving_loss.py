"""What a saving with a picture's own tables takes from it where the grid of blocks lies elsewhere."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.tracing.cue import Subject

HALF = 4
"""Pixels by which the grid is moved."""
ROUNDING = 0.15
"""Squared grey levels that are lost in any file."""


def saving_loss(subject: Subject) -> NDArray[np.float32]:
    """(h, w), in squared grey levels: about the noise that the last saving left there, whatever it began with."""
    if subject.steps is None:
        return np.full(subject.shape, ROUNDING, np.float32)
    grey = np.asarray(np.clip(np.rint(subject.luma + 128), 0, 255), np.uint8)
    down, right = ((HALF - start) % 8 for start in subject.grid)
    moved = np.pad(grey, ((down, 0), (right, 0)), mode="edge")
    buffer = io.BytesIO()
    Image.fromarray(moved).save(buffer, "JPEG", qtables=[list(subject.steps)])
    with Image.open(buffer, formats=("JPEG",)) as image:
        again = np.asarray(image)[down:, right:]
    return np.asarray(cv2.absdiff(grey, again).astype(np.float32) ** 2 + ROUNDING, np.float32)


def mean_in(values: NDArray[np.float32], boxes: NDArray[np.intp]) -> NDArray[np.float64]:
    """The mean of (h, w) values in each of (n, 4) boxes (left, top, width, height) and a pixel around them."""
    total = cv2.integral(values, sdepth=cv2.CV_64F)
    left, top = np.maximum(boxes[:, 0] - 1, 0), np.maximum(boxes[:, 1] - 1, 0)
    right = np.minimum(boxes[:, 0] + boxes[:, 2] + 1, values.shape[1])
    bottom = np.minimum(boxes[:, 1] + boxes[:, 3] + 1, values.shape[0])
    sums = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return np.asarray(sums / ((right - left) * (bottom - top)), np.float64)
