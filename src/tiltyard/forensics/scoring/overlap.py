"""How well a mask fits the truth: F1 and IoU of an image, from counts of pixels."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

EmptyRule = Literal["iou", "both", "none"]
"""What an image scores when both masks are empty: `iou`: IoU 1, F1 0; `both`: 1 and 1; `none`: 0 and 0."""
OF_EMPTY: dict[str, tuple[float, float]] = {"iou": (0.0, 1.0), "both": (1.0, 1.0), "none": (0.0, 0.0)}
"""F1 and IoU under each rule."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """Pixels found and forged, found only, forged only; and all."""

    tp: int
    fp: int
    fn: int
    pixels: int


def overlap(found: Mask, truth: Mask) -> Overlap:
    """Counts over two (h, w) masks of one size."""
    both = int(np.count_nonzero(found & truth))
    return Overlap(both, int(np.count_nonzero(found)) - both, int(np.count_nonzero(truth)) - both, truth.size)


def f1_and_iou(
    tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, *, empty: EmptyRule
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """F1 = 2·tp / (2·tp + fp + fn) and IoU = tp / (tp + fp + fn) of n images; both 0 where only one mask is empty.

    `empty` says what holds where both are: CONTESTS' default `iou` is what a top team's code did (unconfirmed).
    """
    hits, wrong = np.asarray(tp, np.float64), np.asarray(fp, np.float64) + np.asarray(fn, np.float64)
    f1_of_empty, iou_of_empty = OF_EMPTY[empty]
    nothing = hits + wrong == 0
    union = np.where(nothing, 1.0, hits + wrong)
    return (
        np.where(nothing, f1_of_empty, 2 * hits / (union + hits)),
        np.where(nothing, iou_of_empty, hits / union),
    )
