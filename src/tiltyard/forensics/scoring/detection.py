"""How well a score of a whole image tells forged images from authentic ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERCENTILES = tuple(range(90, 100))
"""Of the authentic images' scores: thresholds at false-alarm rates of 10 % down to 1 %."""


@dataclass(frozen=True)
class Ranked:
    """The scores of each kind of image, rising: sorted once, they answer every question fast. Neither is empty."""

    authentic: NDArray[np.float64]
    forged: NDArray[np.float64]

    def auc(self) -> float:
        """Area under the ROC curve: the share of pairs (forged, authentic) in order, ties counted half (Hanley and
        McNeil 1982)."""
        below = np.searchsorted(self.authentic, self.forged, side="left").sum()
        not_above = np.searchsorted(self.authentic, self.forged, side="right").sum()
        return float(int(below) + int(not_above)) / (2 * len(self.authentic) * len(self.forged))

    def recalls(self, percentiles: tuple[int, ...] = PERCENTILES) -> NDArray[np.float64]:
        """The share of forged images whose score is above each percentile of the authentic images' scores.

        Their mean over 90–99 is the measure by which ICDAR 2023 (Detecting Tampered Text in Images) classified images.
        Percentiles are interpolated linearly, as numpy does by default.
        """
        thresholds = np.percentile(self.authentic, percentiles)
        return 1 - np.searchsorted(self.forged, thresholds, side="right") / len(self.forged)


def ranked(scores: NDArray[np.float64], forged: NDArray[np.bool_]) -> Ranked:
    """The (n,) finite scores of n images, apart by whether they are forged."""
    return Ranked(np.sort(scores[~forged]), np.sort(scores[forged]))
