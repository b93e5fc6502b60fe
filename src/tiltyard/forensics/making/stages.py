"""The randomness of each stage of a sample, apart from that of all others."""

from enum import IntEnum

import numpy as np
from numpy.random import Generator


class Stage(IntEnum):
    """What draws of its own, so that a change of one stage leaves the others as they were."""

    PAGE = 0
    CAPTURE = 1
    CHOICE = 2
    DONOR = 3
    FORGE = 4
    SAVE = 5
    POST = 6
    ORDER = 7


def chance(seed: int, number: int, stage: Stage) -> Generator:
    """The randomness of one stage of the sample (document, image) of that number."""
    return np.random.default_rng([seed, number, int(stage)])
