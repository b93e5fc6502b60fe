"""Whether two places of a picture really are the same pixels: dense correlation, then correlation of their noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.transformations import Movement

WINDOW = 15
ALIKE = 0.8
"""Local zero-mean normalised correlation above which two windows show the same thing."""
QUIET = 4.0
"""Variance, in squared grey levels, that a window must well exceed to show anything."""
CALM = 8.0
"""Grey levels within a window below which there is paper, skin or sky, neither the edge of a letter nor a fine line."""
CALM_WINDOW, CALM_WINDOW_ON_GRID = 7, 17
"""Pixels; a JPEG whose blocks fall alike on both places repeats its ringing too, two blocks wide."""
ROOM = 20
"""Pixels."""
PAPER = 24
"""Grey levels that the tone of paper spans."""
LARGE, DRAWN = 0.25, 0.4
"""Shares: of the picture that is calm, and of that which shows noise. JPEG leaves some of it nearly everywhere."""
FAINTEST = 0.25
"""Grey levels of noise below which a file keeps none."""

Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Agreement:
    """A region and its copy, and how far their finest detail is the same."""

    source: Mask
    target: Mask
    likeness: Grey
    """Local correlation (h, w) in [-1, 1], in the source's place."""
    detail: float
    """Correlation of fine detail over the whole region."""
    calm_detail: float
    """The same where no edge is near: what repeated print cannot share."""
    calm_pixels: int
    """Pixels without an edge nearby where the file keeps some noise."""
    paper: float
    """Share of the region that has one tone: high in print, low in a texture."""


def agreement(grey: Grey, movement: Movement) -> Agreement | None:
    """Looks at a (h, w) picture in [0, 255] and itself moved; None where no region follows the movement."""
    moved = moved_back(grey, movement)
    likeness = correlation(grey, moved, WINDOW, QUIET)
    source = _followed(likeness >= ALIKE, movement)
    if not source.any():
        return None
    target = _moved_on(source, movement)
    box = _box(source)
    grey, moved, there = grey[box], moved[box], source[box]
    window = CALM_WINDOW_ON_GRID if movement.keeps_blocks else CALM_WINDOW
    calm = there & _calm(grey, window) & _calm(moved, window)
    detail, calm_detail, calm_pixels = _detail(grey, moved, there, calm)
    return Agreement(source, target, likeness, detail, calm_detail, calm_pixels, _paper(grey[there]))


def correlation(first: Grey, second: Grey, window: int, quiet: float) -> Grey:
    """Zero-mean normalised correlation of two pictures in a sliding window; `quiet` pulls flat places to 0."""

    def mean(values: Grey) -> Grey:
        return np.asarray(cv2.blur(values, (window, window), borderType=cv2.BORDER_REFLECT_101), np.float32)

    middle_first, middle_second = mean(first), mean(second)
    shared = mean(first * second) - middle_first * middle_second
    spread_first = np.maximum(mean(first * first) - middle_first**2, 0) + quiet
    spread_second = np.maximum(mean(second * second) - middle_second**2, 0) + quiet
    return np.asarray(shared / np.sqrt(spread_first * spread_second), np.float32)


def moved_back(grey: Grey, movement: Movement) -> Grey:
    """In the source's place, what the target shows."""
    height, width = grey.shape
    return np.asarray(
        cv2.warpAffine(
            grey, movement.affine, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderValue=0
        ),
        np.float32,
    )


def _moved_on(source: Mask, movement: Movement) -> Mask:
    height, width = source.shape
    moved = cv2.warpAffine(source.astype(np.uint8), movement.affine, (width, height), flags=cv2.INTER_NEAREST)
    return np.asarray(moved > 0)


def _followed(alike: Mask, movement: Movement) -> Mask:
    """The regions that look alike and hold at least two matches, gaps closed."""
    kernel = np.ones((WINDOW // 2, WINDOW // 2), np.uint8)
    closed = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    height, width = alike.shape
    columns, rows = np.clip(movement.matches.source.round().astype(int), 0, (width - 1, height - 1)).T
    count, labels = cv2.connectedComponents(closed, connectivity=8)
    holds = np.bincount(labels[rows, columns], minlength=count) >= 2
    holds[0] = False
    return np.asarray(holds[labels])


def _box(mask: Mask) -> tuple[slice, slice]:
    """What holds the mask, with room for the widest filter around it."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return slice(max(0, top - ROOM), top + height + ROOM), slice(max(0, left - ROOM), left + width + ROOM)


def _detail(grey: Grey, moved: Grey, source: Mask, calm: Mask) -> tuple[float, float, int]:
    """Correlation of fine detail in the region and in its calm part, each pixel of equal weight; calm pixels."""
    first, second = _fine(grey), _fine(moved)
    kept = (_level(first) > FAINTEST) & (_level(second) > FAINTEST)
    first, second = first / (_level(first) + FAINTEST), second / (_level(second) + FAINTEST)
    noisy = calm & kept
    return _correlated(first, second, source & kept), _correlated(first, second, noisy), int(noisy.sum())


def is_drawn(grey: Grey) -> bool:
    """Whether a program drew the picture: large parts of it are calm, and most of them without any noise.

    What repeats in such a picture is the same to the last bit, copied or not.
    """
    calm = _calm(grey, CALM_WINDOW)
    noisy = calm & (_level(_fine(grey)) > FAINTEST)
    return bool(calm.mean() > LARGE and noisy.sum() < DRAWN * calm.sum())


def _fine(grey: Grey) -> Grey:
    """What is finer than about three pixels."""
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), 1.2), np.float32)


def _level(fine: Grey) -> Grey:
    return np.asarray(np.sqrt(np.maximum(cv2.blur(fine * fine, (7, 7)), 0)), np.float32)


def _calm(grey: Grey, window: int) -> Mask:
    smooth, kernel = cv2.GaussianBlur(grey, (0, 0), 1.0), np.ones((window, window), np.uint8)
    return np.asarray(cv2.dilate(smooth, kernel) - cv2.erode(smooth, kernel) < CALM)


def _paper(tones: Grey) -> float:
    counts = np.bincount(np.clip(tones, 0, 255).astype(int), minlength=256)
    return float(np.convolve(counts, np.ones(PAPER, int)).max() / len(tones))


def _correlated(first: Grey, second: Grey, where: Mask) -> float:
    if where.sum() < 100:
        return 0.0
    a, b = first[where].astype(np.float64), second[where].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / np.sqrt((a @ a) * (b @ b) + 1e-12))
