"""What a JPEG's file holds of a page: how large its DCT values are, in the steps by which they were divided.

From these a network can read how often a place was saved and with which tables (Kwon, Nam, Yu, Lee and Kim 2022,
"Learning JPEG Compression Artifacts for Image Manipulation Detection and Localization").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from tiltyard.forensics.tracing.cue import Subject
from tiltyard.forensics.tracing.earlier_saving import BLOCK

FREQUENCIES = BLOCK**2
CAP = 7
"""Steps: what is larger counts as this."""
NONE = -1.0
"""In place of a step, where the file's format lost nothing."""


@dataclass(frozen=True)
class Stored:
    """Of each block and frequency, and of the page."""

    sizes: NDArray[np.uint8]
    """(FREQUENCIES, rows, columns) up to CAP, without sign; 0 where the file's format lost nothing."""
    steps: NDArray[np.float16]
    """(FREQUENCIES,) logarithms to base 2."""


def stored_of(subject: Subject) -> Stored:
    """Of a picture whose blocks begin at (0, 0)."""
    rows, columns = (side // BLOCK for side in subject.shape)
    if subject.steps is None:
        return Stored(np.zeros((FREQUENCIES, rows, columns), np.uint8), np.full(FREQUENCIES, NONE, np.float16))
    steps = np.asarray(subject.steps, np.float32)
    blocks = subject.luma[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK).transpose(0, 2, 1, 3)
    values = dctn(blocks, axes=(2, 3), norm="ortho").reshape(rows, columns, FREQUENCIES) / steps
    sizes = np.minimum(np.abs(np.rint(values)), CAP).astype(np.uint8).transpose(2, 0, 1)
    return Stored(np.ascontiguousarray(sizes), np.log2(steps).astype(np.float16))
