"""How well a grey map ranks pixels, without a threshold of the entrant's: pixel AUC, and IoU at false-alarm levels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEVELS = 256
PERCENTILES = tuple(range(91, 100))
"""Of the authentic images' maxima (ICDAR 2023, Detecting Tampered Text in Images)."""
EXACT = 1 << 24
"""Counts up to here survive OpenCV's float32."""
Counts = NDArray[np.uint32]


@dataclass(frozen=True)
class PixelCounts:
    """Forged and authentic pixels of one image whose value is at least 0, 1, …, 255; each (256,) uint32."""

    forged: Counts
    authentic: Counts

    @property
    def largest(self) -> int:
        """The largest value of the map."""
        return int(np.flatnonzero(self.forged + self.authentic)[-1])


def count_pixels(values: NDArray[np.uint8], truth: NDArray[np.bool_]) -> PixelCounts:
    """Counts over an (h, w) map and the mask of what is forged."""
    everything, forged = _histogram(values, None), _histogram(values, truth.view(np.uint8))
    return PixelCounts(_at_least(forged), _at_least(everything - forged))


def pixel_auc(forged: NDArray[np.integer], authentic: NDArray[np.integer]) -> float | None:
    """Area under the ROC curve over pixels, ties counted half, from counts (256,); None unless both kinds occur."""
    if not forged[0] or not authentic[0]:
        return None
    hits, alarms = (np.append(counts, 0).astype(np.float64) for counts in (forged, authentic))
    area = ((alarms[:-1] - alarms[1:]) * (hits[:-1] + hits[1:])).sum() / 2
    return float(area / (hits[0] * alarms[0]))


def false_alarm_thresholds(maxima: NDArray[np.integer]) -> NDArray[np.float64]:
    """(9,) percentiles 91–99, linear, of the largest values of authentic images' maps: at each, 9–1 % of them alarm."""
    return np.asarray(np.percentile(maxima, PERCENTILES), np.float64)


def iou_above(forged: Counts, authentic: Counts, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, t) IoU of `map > threshold` with the truth, from the counts (n, 256) of n images with something forged."""
    levels = np.floor(thresholds).astype(np.int64) + 1
    hits, alarms = (_columns(counts, levels) for counts in (forged, authentic))
    return hits / (forged[:, :1].astype(np.float64) + alarms)


def _columns(counts: Counts, levels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts at these levels; nothing is above the last."""
    inside = counts[:, np.minimum(levels, LEVELS - 1)].astype(np.float64)
    return np.where(levels < LEVELS, inside, 0.0)


def _histogram(values: NDArray[np.uint8], mask: NDArray[np.uint8] | None) -> NDArray[np.int64]:
    rows, found = max(1, EXACT // values.shape[1]), np.zeros(LEVELS, np.int64)
    for start in range(0, len(values), rows):
        block = slice(start, start + rows)
        counted = cv2.calcHist([values[block]], [0], None if mask is None else mask[block], [LEVELS], [0, LEVELS])
        found += counted.ravel().astype(np.int64)
    return found


def _at_least(histogram: NDArray[np.int64]) -> Counts:
    return histogram[::-1].cumsum()[::-1].astype(np.uint32)
