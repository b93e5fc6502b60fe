"""Whether two places of a picture really are the same pixels: dense correlation, then that of fine detail and noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.boxes import Box, box_around, box_of
from tiltyard.forensics.tracing.regions import filled
from tiltyard.forensics.tracing.transformations import Movement

WINDOW = 11
ALIKE = 0.7
"""Local zero-mean normalised correlation above which two windows show the same thing."""
GAP = 9
"""Pixels between alike places that belong together."""
NEAR = 7
"""Pixels across in which a match meets the place that it belongs to."""
FEWEST = 2
"""Matches that a region must hold."""
FIRST_ROOM, GROWTHS = 48, 5
"""Pixels around the matches that are compared first; how often that is doubled while the region goes on."""
WIDE_GAP, RIM = 31, 7
"""Pixels: gaps and holes of an object without texture; what a window loses along an outline, across."""
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
    held: int
    """Matches within the region."""
    detail: float
    """Correlation of fine detail over the whole region, each place of equal weight."""
    middle: float
    """Correlation of detail of about two to five pixels, what is strong weighing more."""
    calm_detail: float
    """That of fine detail where no edge is near: what repeated print cannot share."""
    calm_pixels: int
    """Pixels of the whole object without an edge nearby where the file keeps some noise."""
    paper: float
    """Share of the region that has one tone: high in print, low in a texture."""
    two_tone: float
    """How far its tones are two: print on paper above 0.8, scenes below."""


def agreement(grey: Grey, movement: Movement) -> Agreement | None:
    """Looks at a (h, w) picture in [0, 255] and itself moved; None where no region follows the movement."""
    box, there, held = _followed(grey, movement)
    if not there.any():
        return None
    source = np.zeros(grey.shape, bool)
    source[box] = there
    box = box_of(source, ROOM)
    here, moved, there = grey[box], moved_back(grey, movement, box), source[box]
    window = CALM_WINDOW_ON_GRID if movement.keeps_blocks else CALM_WINDOW
    calm = whole(there) & _calm(here, window) & _calm(moved, window)
    detail, calm_detail, calm_pixels = _detail(here, moved, there, calm)
    middle = _correlated(_band(here), _band(moved), there)
    return Agreement(
        source,
        moved_on(source, movement),
        held,
        detail,
        middle,
        calm_detail,
        calm_pixels,
        _paper(here[there]),
        two_tone(here[there]),
    )


def correlation(first: Grey, second: Grey, window: int, quiet: float) -> Grey:
    """Zero-mean normalised correlation of two pictures in a sliding window; `quiet` pulls flat places to 0."""

    def mean(values: Grey) -> Grey:
        return np.asarray(cv2.blur(values, (window, window), borderType=cv2.BORDER_REFLECT_101), np.float32)

    middle_first, middle_second = mean(first), mean(second)
    shared = mean(first * second) - middle_first * middle_second
    spread_first = np.maximum(mean(first * first) - middle_first**2, 0) + quiet
    spread_second = np.maximum(mean(second * second) - middle_second**2, 0) + quiet
    return np.asarray(shared / np.sqrt(spread_first * spread_second), np.float32)


def moved_back(grey: Grey, movement: Movement, box: Box) -> Grey:
    """In the source's place, what the target shows, within a box."""
    rows, columns = box
    affine = movement.affine.copy()
    affine[:, 2] += affine[:, :2] @ np.array([columns.start, rows.start], np.float64)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(grey, affine, size, flags=flags, borderValue=0), np.float32)


def moved_on(source: Mask, movement: Movement) -> Mask:
    """The (h, w) mask of what the movement makes of another."""
    height, width = source.shape
    moved = cv2.warpAffine(source.astype(np.uint8), movement.affine, (width, height), flags=cv2.INTER_NEAREST)
    return np.asarray(moved > 0)


def whole(mask: Mask) -> Mask:
    """A region as the object that it is part of: gaps and holes closed, the rim given back."""
    space = WIDE_GAP
    closed = cv2.morphologyEx(np.pad(mask.astype(np.uint8), space), cv2.MORPH_CLOSE, _disc(WIDE_GAP))
    rimmed = cv2.dilate(filled(closed > 0).astype(np.uint8), _disc(RIM))
    return np.asarray(rimmed[space:-space, space:-space] > 0)


def _followed(grey: Grey, movement: Movement) -> tuple[Box, Mask, int]:
    """The places around the matches that look alike once moved, in a box that grows until it holds them."""
    for growth in range(GROWTHS):
        box = box_around(movement.matches.source, grey.shape, FIRST_ROOM << growth)
        likeness = correlation(grey[box], moved_back(grey, movement, box), WINDOW, QUIET)
        there, held = _with_matches(likeness >= ALIKE, movement.matches.source - (box[1].start, box[0].start))
        if not _goes_on(there, box, grey.shape):
            break
    return box, there, held


def _with_matches(alike: Mask, points: NDArray[np.float64]) -> tuple[Mask, int]:
    """The regions that hold at least FEWEST matches, and how many these are."""
    opened = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _disc(GAP)), connectivity=8)
    nearby = cv2.dilate(labels.astype(np.float32), np.ones((NEAR, NEAR), np.uint8)).astype(int)
    height, width = alike.shape
    columns, rows = np.clip(points.round().astype(int), 0, (width - 1, height - 1)).T
    held = np.bincount(nearby[rows, columns], minlength=count)
    held[0] = 0
    held[held < FEWEST] = 0
    return np.asarray(held[labels] > 0), int(held.sum())


def _goes_on(there: Mask, box: Box, shape: tuple[int, ...]) -> bool:
    """Whether the region touches a side of its box that is not one of the picture."""
    rows, columns = box
    ends = (rows.start > 0, rows.stop < shape[0], columns.start > 0, columns.stop < shape[1])
    sides = (there[0], there[-1], there[:, 0], there[:, -1])
    return any(more and bool(side.any()) for more, side in zip(ends, sides, strict=True))


def _disc(across: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across)), np.uint8)


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


def _band(grey: Grey) -> Grey:
    """What lies between about two and five pixels."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 2.0), np.float32)


def _level(fine: Grey) -> Grey:
    return np.asarray(np.sqrt(np.maximum(cv2.blur(fine * fine, (7, 7)), 0)), np.float32)


def _calm(grey: Grey, window: int) -> Mask:
    smooth, kernel = cv2.GaussianBlur(grey, (0, 0), 1.0), np.ones((window, window), np.uint8)
    return np.asarray(cv2.dilate(smooth, kernel) - cv2.erode(smooth, kernel) < CALM)


def two_tone(tones: Grey) -> float:
    """Variance between the two best classes of (n,) tones over that of all (Otsu 1979), in [0, 1]."""
    chances = np.bincount(np.clip(tones, 0, 255).astype(int), minlength=256) / len(tones)
    below, mean = np.cumsum(chances), np.cumsum(chances * np.arange(256))
    spread = float((chances * (np.arange(256) - mean[-1]) ** 2).sum())
    apart = (mean[-1] * below - mean) ** 2 / np.maximum(below * (1 - below), 1e-9)
    return float(apart[:-1].max() / max(spread, 1e-9))


def _paper(tones: Grey) -> float:
    counts = np.bincount(np.clip(tones, 0, 255).astype(int), minlength=256)
    return float(np.convolve(counts, np.ones(PAPER, int)).max() / len(tones))


def _correlated(first: Grey, second: Grey, where: Mask) -> float:
    if where.sum() < 100:
        return 0.0
    a, b = first[where].astype(np.float64), second[where].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b) / np.sqrt((a @ a) * (b @ b) + 1e-12))
