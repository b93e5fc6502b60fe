"""Runs of neighbouring letters that all have a double at the same whole shift: what a copied word leaves."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.tracing.letter_pairs import Floats, Pairs

OFF = 0.15
"""Part of a pixel by which a double may seem moved, and of the contrast by which it may differ."""
GAP, LEADING = 1.6, 1.3
"""Heights of a letter within which the next one of a run stands: to its side, and in the middles' rows."""
WHOLE = 0.5
"""Height of a run's middle letter, from which others in its place count as missing."""
MOST_OF_THEM = 0.8
BLOCK = 8

Boxes = NDArray[np.intp]


@dataclass(frozen=True)
class Run:
    """Neighbouring letters and their doubles."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    """Their numbers in the list of letters."""
    shift: tuple[int, int]
    """Right and down, in whole pixels."""
    excess: float
    """Mean logarithm of how much more the doubles differ than the last saving makes the same pixels differ."""
    worst: float
    """What four letters in five do not exceed; of the worst one where there are at most five."""
    pixels: float
    """How many were compared."""
    contrast: float
    """The faintest letter's."""
    complete: float
    """Share of the letters in both places that have their double in the other; 1 for a single letter."""

    def __len__(self) -> int:
        return len(self.first)


def still(pairs: Pairs) -> NDArray[np.bool_]:
    """(n,): pairs that may be the same pixels: nothing is gained by moving one by part of a pixel."""
    return np.asarray((np.abs(pairs.off).max(1, initial=0) < OFF) & (np.abs(pairs.gain - 1) < OFF), np.bool_)


def runs_of(pairs: Pairs, excess: Floats, boxes: Boxes, chosen: NDArray[np.bool_]) -> list[Run]:
    """The chosen pairs, except those a whole number of blocks apart, where a JPEG repeats what is alike bit by bit."""
    back = (pairs.shift[:, 1] < 0) | ((pairs.shift[:, 1] == 0) & (pairs.shift[:, 0] < 0))
    first, second = np.where(back, pairs.second, pairs.first), np.where(back, pairs.first, pairs.second)
    shift = np.where(back[:, None], -pairs.shift, pairs.shift)
    kept = np.flatnonzero(chosen & (shift % BLOCK != 0).any(1))
    runs = []
    for together in _by_shift(kept, shift):
        for members in _neighbours(boxes[first[together]]):
            run = together[members]
            complete = min(_complete(first[run], boxes), _complete(second[run], boxes)) if len(run) > 1 else 1.0
            runs.append(
                Run(
                    first[run],
                    second[run],
                    (int(shift[run[0], 0]), int(shift[run[0], 1])),
                    float(excess[run].mean()),
                    float(np.quantile(excess[run], MOST_OF_THEM, method="higher")),
                    float(pairs.pixels[run].sum()),
                    float(pairs.contrast[run].min()),
                    complete,
                )
            )
    return runs


def _by_shift(kept: NDArray[np.intp], shift: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    _, group = np.unique(shift[kept], axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    return [part for part in np.split(kept[order], np.flatnonzero(np.diff(group[order])) + 1) if len(part)]


def _neighbours(boxes: Boxes) -> Iterator[NDArray[np.intp]]:
    """Letters that stand side by side, as numbers within (n, 4) boxes."""
    if len(boxes) == 1:
        yield np.zeros(1, np.intp)
        return
    width, height = boxes[:, 2], np.maximum(boxes[:, 3], 6)
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    beside = np.abs(middle[:, None, 0] - middle[None, :, 0]) - (width[:, None] + width[None]) / 2
    apart = np.abs(middle[:, None, 1] - middle[None, :, 1])
    tall = np.maximum(height[:, None], height[None])
    near = (beside < GAP * tall) & (apart < LEADING * tall)
    left = np.ones(len(boxes), np.bool_)
    while left.any():
        members = np.zeros(len(boxes), np.bool_)
        members[left.argmax()] = True
        newest = members.copy()
        while newest.any():
            newest = near[newest].any(0) & left & ~members
            members |= newest
        left &= ~members
        yield np.flatnonzero(members)


def _complete(members: NDArray[np.intp], boxes: Boxes) -> float:
    members = np.unique(members)
    own = boxes[members]
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    there = (middle >= own[:, :2].min(0)) & (middle <= (own[:, :2] + own[:, 2:]).max(0))
    tall = boxes[:, 3] >= WHOLE * np.median(own[:, 3])
    return min(1.0, len(members) / max(int((there.all(1) & tall).sum()), 1))
