"""What the network is told at the scale of JPEG blocks: what the whole picture says of each block."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.forensics.tracing.earlier_saving import BLOCK, FREQUENCIES, evidence_by_frequency
from tiltyard.forensics.tracing.error_level import error_level

LOW = 5
"""Frequencies with u + v up to this have a plane of their own; the others share one."""
OWN = [number for number, (u, v) in enumerate(FREQUENCIES) if u + v <= LOW]
SHARED = [number for number, (u, v) in enumerate(FREQUENCIES) if u + v > LOW]
PLANES = len(OWN) + 1 + 2 + 4
"""Evidence of an earlier saving by frequency; error level and noise level; four numbers of the whole picture."""
LARGEST = 4.0

Planes = NDArray[np.float16]
"""(PLANES, h // 8, w // 8), each about within ±4."""


def planes_of(subject: Subject) -> Planes:
    """The planes of a picture whose blocks begin at (0, 0); sides of at least 8."""
    evidence = evidence_by_frequency(subject.luma, subject.steps)
    own, shared = evidence[OWN], evidence[SHARED].sum(0)
    rows, columns = shared.shape
    facts = np.broadcast_to(_facts(subject, float(evidence.sum(0).mean()))[:, None, None], (4, rows, columns))
    levels = np.stack([_above_usual(_error(subject.pixels)), _above_usual(_noise(subject.luma))])
    planes = np.concatenate([2 * own, shared[None] / 2, levels, facts])
    return np.asarray(np.clip(planes, -LARGEST, LARGEST), np.float16)


def _facts(subject: Subject, evidence: float) -> NDArray[np.float32]:
    """Whether it is a JPEG, how coarse its low and its high steps are, how plain an earlier saving is."""
    if subject.steps is None:
        return np.array([0, 0, 0, evidence / 2], np.float32)
    steps = np.log2(np.asarray(subject.steps, np.float32)).reshape(BLOCK, BLOCK)
    return np.array([1, steps[:3, :3].mean() / 2, steps.mean() / 2, evidence / 2], np.float32)


def _error(pixels: Pixels) -> NDArray[np.float32]:
    """Logarithm of what a block loses by another saving, in grey levels."""
    return np.asarray(np.log(_averaged(error_level(pixels)) + 0.1), np.float32)


def _noise(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithm of a block's noise, in grey levels (Immerkær 1996, averaged in place of a whole picture)."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    fine = np.abs(cv2.filter2D(luma, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT))
    return np.asarray(np.log(_averaged(np.asarray(np.minimum(fine, 12), np.float32)) + 0.1), np.float32)


def _averaged(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    whole = values[: rows * BLOCK, : columns * BLOCK]
    return np.asarray(whole.reshape(rows, BLOCK, columns, BLOCK).mean((1, 3)), np.float32)


def _above_usual(level: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(level - np.median(level), np.float32)
