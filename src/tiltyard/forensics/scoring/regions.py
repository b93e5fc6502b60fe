"""How well claimed regions agree with the true ones: one-to-one matches at an IoU threshold, micro-averaged F1."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from tiltyard.errors import EntryError
from tiltyard.forensics.scoring.polygons import Regions, gathered

MOST_PAIRS = 500_000
"""Pairs of regions that are looked at in one go: memory stays flat whatever is claimed."""
DECIMALS = 9
"""Of an IoU; what lies beyond may be the rounding of coordinates and areas."""


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and false negatives over any number of files."""

    matched: int
    found: int
    truth: int

    @property
    def f1(self) -> float:
        """2 tp / (2 tp + fp + fn); 1 where nothing is there and nothing is claimed."""
        return 2 * self.matched / (self.found + self.truth) if self.found + self.truth else 1.0

    @property
    def precision(self) -> float:
        """tp / (tp + fp); where nothing is claimed 1 if nothing is there, else 0."""
        return self.matched / self.found if self.found else float(self.truth == 0)

    @property
    def recall(self) -> float:
        """tp / (tp + fn); where nothing is there 1 if nothing is claimed, else 0."""
        return self.matched / self.truth if self.truth else float(self.found == 0)


def snapped(ious: ArrayLike) -> NDArray[np.float64]:
    """IoUs, or thresholds of them, within [0, 1] and rounded to nine decimals, so that exactly half is 0.5."""
    return np.asarray(np.round(np.clip(ious, 0, 1), DECIMALS), np.float64)


def match_levels(truth: Regions, found: Regions, *, names: Sequence[str]) -> list[list[float]]:
    """For each file, falling IoUs: with k of them at or above a threshold, k regions at most can be matched there.

    A match is one true and one claimed region; each takes part in one match at most. The number of matches at a
    threshold t is the size of a maximum matching among the pairs of IoU >= t. Taking the best pair first would not
    find it: where a claim overlaps two true regions by 0.9 and 0.6 and a second claim only the first of them, by 0.6,
    it finds one match at 0.5, and there are two. The IoUs are `snapped`, and so must a threshold be.

    `truth` and `found` hold the same files, `names` their names for errors. EntryError where GEOS cannot intersect.
    """
    levels: list[list[float]] = []
    for first, last in _runs(truth.counts * found.counts):
        chosen = np.arange(first, last)
        levels += _levels(truth.take(chosen), found.take(chosen), names[first:last])
    return levels


def _runs(pairs: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Neighbouring files that have no more than MOST_PAIRS pairs together, or one file that has more by itself."""
    first, total = 0, 0
    for index, count in enumerate(pairs.tolist()):
        if index > first and total + count > MOST_PAIRS:
            yield first, index
            first, total = index, 0
        total += count
    if len(pairs):
        yield first, len(pairs)


def _levels(truth: Regions, found: Regions, names: Sequence[str]) -> list[list[float]]:
    levels: list[list[float]] = [[] for _ in names]
    ours, theirs, ious = _overlapping(truth, found, names)
    lonely = (_times(ours) == 1) & (_times(theirs) == 1)
    owners = np.searchsorted(truth.files, ours, side="right") - 1
    for owner, iou in zip(owners[lonely].tolist(), ious[lonely].tolist(), strict=True):
        levels[owner].append(iou)
    rest = ~lonely
    starts = np.flatnonzero(np.diff(owners[rest], prepend=-1))
    for ones, others, shares, owner in zip(
        np.split(ours[rest], starts[1:]),
        np.split(theirs[rest], starts[1:]),
        np.split(ious[rest], starts[1:]),
        owners[rest][starts].tolist(),
        strict=False,
    ):
        levels[owner] += bottlenecks(ones.tolist(), others.tolist(), shares.tolist())
    return [sorted(level, reverse=True) for level in levels]


def _times(members: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each member stands in the list."""
    _, places, times = np.unique(members, return_inverse=True, return_counts=True)
    return times[places]


def _overlapping(
    truth: Regions, found: Regions, names: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """True region, claimed region and snapped IoU of every pair in a file that shares some area, file by file."""
    ours, theirs = _pairs(truth, found)
    shapes, claims = truth.geometries(), found.geometries()
    boxes, others = shapely.bounds(shapes)[ours], shapely.bounds(claims)[theirs]
    meet = (np.maximum(boxes[:, :2], others[:, :2]) < np.minimum(boxes[:, 2:], others[:, 2:])).all(1)
    ours, theirs = ours[meet], theirs[meet]
    try:
        shared = shapely.area(shapely.intersection(shapes[ours], claims[theirs]))
    except shapely.errors.GEOSException:
        raise EntryError(_culprit(truth, found, ours, theirs, names)) from None
    ious = snapped(shared / (shapely.area(shapes)[ours] + shapely.area(claims)[theirs] - shared))
    some = ious > 0
    return ours[some], theirs[some], ious[some]


def _pairs(truth: Regions, found: Regions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every true region with every claimed one of its file."""
    owner = np.repeat(np.arange(len(truth)), truth.counts)
    theirs, bounds = gathered(found.files, owner)
    return np.repeat(np.arange(len(owner)), np.diff(bounds)), theirs


def _culprit(
    truth: Regions, found: Regions, ours: NDArray[np.int64], theirs: NDArray[np.int64], names: Sequence[str]
) -> str:
    shapes, claims = truth.geometries(), found.geometries()
    for one, other in zip(ours.tolist(), theirs.tolist(), strict=True):
        try:
            shapely.intersection(shapes[one], claims[other])
        except shapely.errors.GEOSException as error:
            file = found.file_of(other)
            reason = str(error).splitlines()[0][:100]
            return f"{names[file]}: polygon {other - int(found.files[file]) + 1} cannot be intersected ({reason})"
    return "polygons cannot be intersected, though any two of them can"


def bottlenecks(ours: Sequence[int], theirs: Sequence[int], ious: Sequence[float]) -> list[float]:
    """For k = 1, 2, …, the largest threshold at which a matching of k pairs exists; pairs are given as edges.

    Edges enter by falling IoU, and the matching grows whenever an alternating path ends at a free right end (Kuhn
    1955). Between two augmentations every edge is looked at once or twice, so k matches of e edges take O(k e).
    """
    matching = _Matching()
    levels: list[float] = []
    most = min(len(set(ours)), len(set(theirs)))
    for iou, one, other in sorted(zip(ious, ours, theirs, strict=True), key=lambda edge: -edge[0]):
        if len(levels) == most:
            break
        if matching.add(one, other):
            levels.append(iou)
    return levels


class _Matching:
    """A maximum matching that grows with the edges, and the forest of alternating paths from its free left ends."""

    def __init__(self) -> None:
        self.edges: dict[int, list[int]] = {}
        self.taken: dict[int, int] = {}
        """Right end → left end."""
        self.came: dict[int, int] = {}
        """Right end of the forest → the left end it was reached from."""
        self.reached: set[int] = set()
        """Left ends of the forest."""

    def add(self, one: int, other: int) -> bool:
        """Adds an edge; whether the matching grew by it."""
        if one not in self.edges:
            self.edges[one] = []
            self.reached.add(one)
        self.edges[one].append(other)
        if one not in self.reached or other in self.came:
            return False
        self.came[other] = one
        end = self._grow(other)
        if end is None:
            return False
        self._augment(end)
        return True

    def _grow(self, right: int) -> int | None:
        """Extends the forest from a new right end; the free right end where a path ends, if one does."""
        waiting = [right]
        while waiting:
            right = waiting.pop()
            if right not in self.taken:
                return right
            left = self.taken[right]
            self.reached.add(left)
            for further in self.edges[left]:
                if further not in self.came:
                    self.came[further] = left
                    waiting.append(further)
        return None

    def _augment(self, end: int) -> None:
        before = {left: right for right, left in self.taken.items()}
        right: int | None = end
        while right is not None:
            left = self.came[right]
            self.taken[right] = left
            right = before.get(left)
        self._replant()

    def _replant(self) -> None:
        """The forest of the new matching; it holds no path to a free right end, for the matching is maximum."""
        free = set(self.edges) - set(self.taken.values())
        self.came, self.reached = {}, set(free)
        for left in free:
            for right in self.edges[left]:
                if right not in self.came:
                    self.came[right] = left
                    self._grow(right)
