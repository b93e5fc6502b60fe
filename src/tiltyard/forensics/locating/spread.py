"""A few of many, forged and authentic ones in the proportion of all, at least one of each."""

from collections.abc import Sequence

import numpy as np


def spread(forged: Sequence[bool], most: int) -> list[int]:
    """Positions of at most `most` (two or more), spread evenly over the authentic, then over the forged."""
    order = np.argsort(np.asarray(forged), kind="stable")
    return sorted(int(order[int(at)]) for at in np.linspace(0, len(order) - 1, min(most, len(order))))
