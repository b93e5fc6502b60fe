"""Keypoints of a picture that look like others of the same picture (SIFT, g2NN: Amerini et al. 2011, IEEE TIFS 6)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MOST = 6000
"""Keypoints that are compared; the strongest stay."""
CONTRAST = 0.002
"""A twentieth of SIFT's own default: what is copied is often smooth, or was smoothed afterwards."""
RATIO, RATIO_IN_PRINT = 0.8, 0.6
"""All neighbours count up to the first that is this much nearer than the next one (g2NN ends before it: two copies that
look alike would hide each other). Wide: movements are checked densely."""
NEIGHBOURS = 3
"""Copies of one thing that are followed: more are a pattern."""
NEAREST = 12.0
"""Pixels between a place and its copy; nearer ones are the same edge."""
LOOKED_AT = 10
"""Nearest descriptors among which those of the same edge are left out."""
FARTHEST_LOOK = 300.0
"""Distance of descriptors (norm 512) above which two places do not look alike at all."""
ROWS, GROUPED = 512, 16
DIRECTION = np.array([0.92, 0.39])


@dataclass(frozen=True)
class Matches:
    """Pairs of places that look alike: (n, 2) float64 coordinates x, y, each unordered pair once."""

    source: NDArray[np.float64]
    target: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.source)

    def only(self, kept: NDArray[np.bool_]) -> "Matches":
        return Matches(self.source[kept], self.target[kept])


def alike(grey: NDArray[np.uint8], ratio: float = RATIO) -> Matches:
    """Matches within a (h, w) picture."""
    places, looks = _described(grey)
    if len(places) < 2:
        return Matches(np.empty((0, 2)), np.empty((0, 2)))
    pairs = np.concatenate([_neighbours(places, looks, start, ratio) for start in range(0, len(places), ROWS)])
    pairs = np.unique(_one_way(pairs, places), axis=0)
    source, target = places[pairs[:, 0]], places[pairs[:, 1]]
    _, single = np.unique(np.concatenate([source, target], axis=1).round(1), axis=0, return_index=True)
    single.sort()
    return Matches(source[single], target[single])


def _described(grey: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Places (n, 2) and descriptors (n, 128) of the strongest keypoints, in a fixed order."""
    sift = cv2.SIFT_create(MOST, contrastThreshold=CONTRAST, edgeThreshold=15)  # type: ignore[attr-defined]
    points, looks = sift.detectAndCompute(grey, None)
    if not points:
        return np.empty((0, 2)), np.empty((0, 128), np.float32)
    order = sorted(range(len(points)), key=lambda one: (points[one].pt, points[one].size, points[one].angle))[:MOST]
    places = np.array([points[one].pt for one in order], np.float64)
    return places, np.asarray(looks[order], np.float32)


def _neighbours(places: NDArray[np.float64], looks: NDArray[np.float32], start: int, ratio: float) -> NDArray[np.int64]:
    """Pairs (n, 2) of indices for ROWS keypoints from `start`, by the generalised ratio test."""
    rows = np.arange(start, min(start + ROWS, len(places)))
    nearest, found = _nearest(looks, rows)
    found[np.abs(places[nearest] - places[rows, None]).max(2) < NEAREST] = np.inf
    order = np.lexsort((nearest, found), axis=1)
    nearest, found = np.take_along_axis(nearest, order, axis=1), np.take_along_axis(found, order, axis=1)
    closer = (found[:, :-1] < ratio * found[:, 1:]) & (found[:, :-1] < FARTHEST_LOOK) & np.isfinite(found[:, 1:])
    return _leading(rows, nearest, closer)


def _nearest(looks: NDArray[np.float32], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices and distances (rows, count) of the nearest descriptors, unsorted, from the groups whose least is least.

    Exact, whatever the order of summing: descriptors hold small whole numbers.
    """
    squared = (looks**2).sum(1)
    count, spare = min(LOOKED_AT + 1, len(looks)), -len(looks) % GROUPED
    distances = np.full((len(rows), len(looks) + spare), np.inf, np.float32)
    np.add((-2 * looks[rows]) @ looks.T, squared, out=distances[:, : len(looks)])
    groups = distances.reshape(len(rows), GROUPED, -1)
    least = np.argpartition(groups.min(1), min(count, groups.shape[2]) - 1, axis=1)[:, :count]
    members = (least[:, None] + groups.shape[2] * np.arange(GROUPED)[:, None]).reshape(len(rows), -1)
    found = np.take_along_axis(distances, members, axis=1)
    kept = np.argpartition(found, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(found, kept, axis=1).astype(np.float64) + squared[rows, None]
    return np.take_along_axis(members, kept, axis=1), np.sqrt(np.maximum(found, 0))


def _one_way(pairs: NDArray[np.int64], places: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pairs turned so that those of one movement go the same way; the direction is no common one."""
    ahead = (places[pairs[:, 1]] - places[pairs[:, 0]]) @ DIRECTION >= 0
    return np.where(ahead[:, None], pairs, pairs[:, ::-1])


def _leading(rows: NDArray[np.int64], nearest: NDArray[np.int64], closer: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The neighbours up to the first wide gap; a row without any gap has none."""
    gaps = closer.argmax(1)
    counts = np.where(closer.any(1) & (gaps < NEIGHBOURS), gaps + 1, 0)
    taken = np.arange(nearest.shape[1])[None] < counts[:, None]
    return np.stack([np.repeat(rows, counts), nearest[taken]], axis=1)
