"""What the network is told of one block, and the blocks of a picture that it is trained on."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.locating.measures import by_block
from tiltyard.forensics.locating.planes import FACTS, PLANES, Planes, on_grid, planes_of
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import Subject

AROUND = (3, 9)
"""Blocks a side over which each plane is averaged, beside its own value: a word, a paragraph."""
TOLD = PLANES + len(AROUND) * (PLANES - FACTS)
FORGED, OTHERS = 60, 250
"""Blocks of a picture that are kept for training, at most."""
FORGED_FROM, OTHER_UP_TO = 0.5, 0.05
"""Shares of a block; what lies between teaches nothing."""
WITH_INK, OFTENER = 0.02, 4.0
"""Blocks with that share of ink are drawn so much oftener than blank ones."""


@dataclass(frozen=True)
class Cells:
    """Some blocks of a picture: (n, TOLD) and whether each is forged (n)."""

    told: NDArray[np.float16]
    forged: NDArray[np.bool_]


def told_of(planes: Planes) -> NDArray[np.float32]:
    """(rows, columns, TOLD): the planes of each block, and their means around it."""
    own = np.ascontiguousarray(planes.transpose(1, 2, 0), np.float32)
    local = own[..., : PLANES - FACTS]
    return np.concatenate([own, *(_averaged(local, side) for side in AROUND)], -1)


def _averaged(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """OpenCV filters four channels at once."""
    groups = np.split(values, range(4, values.shape[-1], 4), axis=-1)
    blurred = [cv2.blur(np.ascontiguousarray(group), (side, side)) for group in groups]
    return np.concatenate([one.reshape(*values.shape[:2], -1) for one in blurred], -1)


def cells_of(subject: Subject, mask: Mask, rng: Generator) -> Cells:
    """Blocks of a picture with its (h, w) mask, to train on."""
    down, right = subject.grid
    shares = by_block(mask[down:, right:].astype(np.float32)).ravel()
    told = told_of(planes_of(on_grid(subject))).reshape(-1, TOLD)
    chosen = _chosen(shares, told[:, 0], rng)
    return Cells(told[chosen].astype(np.float16), shares[chosen] > FORGED_FROM)


def _chosen(shares: NDArray[np.float32], ink: NDArray[np.float32], rng: Generator) -> NDArray[np.intp]:
    forged, others = np.flatnonzero(shares > FORGED_FROM), np.flatnonzero(shares < OTHER_UP_TO)
    chances = np.where(ink[others] > WITH_INK, OFTENER, 1.0)
    count = min(OTHERS, len(others))
    drawn = rng.choice(others, count, replace=False, p=chances / chances.sum()) if count else others
    return np.concatenate([rng.permutation(forged)[:FORGED], drawn])
