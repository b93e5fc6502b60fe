"""Which samples belong together: those of one source, template or family, and those that look alike."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.making.perceptual import RADIUS, as_hashes, near_pairs


class Groups:
    """Union–find over samples numbered from 0, with path halving."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def root(self, number: int) -> int:
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    def join(self, first: int, second: int) -> bool:
        """Whether they had been apart."""
        low, high = sorted((self.root(first), self.root(second)))
        self._above[high] = low
        return low != high

    def labels(self) -> NDArray[np.intp]:
        """For each sample the lowest number in its group."""
        return np.array([self.root(number) for number in range(len(self._above))], np.intp)


def grouped(keys: Sequence[str], hashes: Sequence[str], *, radius: int = RADIUS) -> tuple[NDArray[np.intp], int]:
    """The group of each sample, and how many groups of equal keys were joined because pictures look alike."""
    groups, first = Groups(len(keys)), dict[str, int]()
    for number, key in enumerate(keys):
        groups.join(first.setdefault(key, number), number)
    joined = sum(groups.join(one, other) for one, other in _pairs(hashes, radius))
    return groups.labels(), joined


def across(sides: NDArray[np.intp], hashes: Sequence[str], *, radius: int = RADIUS) -> Iterable[tuple[int, int]]:
    """Near-duplicates that stand on different sides."""
    return ((one, other) for one, other in _pairs(hashes, radius) if sides[one] != sides[other])


def _pairs(hashes: Sequence[str], radius: int) -> Iterable[tuple[int, int]]:
    for first, second in near_pairs(as_hashes(list(hashes)), radius=radius):
        yield from zip(first.tolist(), second.tolist(), strict=True)
