"""Which blocks have settled: saved once more with the file's own table, they hardly change.

Saved again and again with one table, a block changes less each time, until it changes no more: rounding of pixels turns
over a value of a fine step now and then, and what it turned once seldom turns again. So a place that went through one
saving less than the rest of the picture is less settled, even though both savings had the same table (Lai and Böhme
2013; Huang, Huang and Shi 2010). How much fewer savings would leave is measured on the picture itself, off its grid.
"""

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.saving import Table
from tiltyard.forensics.tracing.earlier_saving import BLOCK, Blocks

Grey = NDArray[np.uint8]
SIZES = (0.5, 2.5, 4.5, 8.5)
"""Sums of changes of a block, in grey levels, between which it counts as changed by nothing, little, more, much."""
RARE = 20.0
"""Counts added to each side of a ratio, as the ratio of all has them."""
EVEN = 3
"""Grey levels that a block must span: what is even has nothing to settle."""
SPANS = (10, 30, 80)
"""Grey levels between which blocks count as flat, soft, plain and harsh. Like is compared with like: letters settle
slower than paper where a page was sharpened or its colours were cut off."""
PLAIN = 0.18
"""Log-likelihood, on average, by which a block of a kind must speak for more than one saving: with less, nothing has
settled. Before kinds were told apart all true finds lay from 0.2 up, the false alarms at 0.06 to 0.17."""
FEWEST, FEWEST_ALIKE = 400, 50
"""Blocks from which the picture can be judged; blocks of a kind off the grid with which others can be compared."""
OFF_GRID = 4


def settled(grey: Grey, steps: Table, cut: Mask) -> Blocks:
    """Log-likelihood, per block of a (h, w) picture as decoded, that it went through as many savings as most others of
    its kind, against one alone; 0 where a block is `cut` off or even, or of a kind that does not show two savings.
    """
    shows = ~cut & ~_even(grey)
    if np.count_nonzero(shows) < FEWEST:
        return np.zeros(shows.shape, np.float32)
    fresh = _saved(grey[OFF_GRID:, OFF_GRID:], steps)
    left, first, usable = _changes(grey, steps), _changes(fresh, steps), ~_even(fresh)
    result = np.zeros(shows.shape, np.float32)
    for like, like_fresh in zip(_alike(grey), _alike(fresh), strict=True):
        reference = first[like_fresh & usable]
        if len(reference) >= FEWEST_ALIKE:
            result[like & shows] = _ratios(left[like & shows], reference)[left[like & shows]]
    return result


def _saved(grey: Grey, steps: Table) -> Grey:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", qtables=[list(steps)])
    with Image.open(buffer, formats=("JPEG",)) as image:
        return np.array(image)


def _changes(grey: Grey, steps: Table) -> NDArray[np.intp]:
    """Which of SIZES a block's change exceeds, as a number."""
    change = cv2.absdiff(grey, _saved(grey, steps)).astype(np.float32)
    return np.asarray(np.digitize(_by_block(change).sum((2, 3)), SIZES), np.intp)


def _even(grey: Grey) -> Mask:
    return np.asarray(_span(grey) < EVEN)


def _alike(grey: Grey) -> list[Mask]:
    """The blocks of each kind of SPANS."""
    kind = np.digitize(_span(grey), SPANS)
    return [np.asarray(kind == number) for number in range(len(SPANS) + 1)]


def _span(grey: Grey) -> Grey:
    blocks = _by_block(grey)
    return np.asarray(blocks.max((2, 3)) - blocks.min((2, 3)), np.uint8)


def _by_block(values: NDArray[Any]) -> NDArray[Any]:
    rows, columns = (side // BLOCK for side in values.shape)
    whole = values[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return whole.transpose(0, 2, 1, 3)


def _ratios(left: NDArray[np.intp], first: NDArray[np.intp]) -> NDArray[np.float64]:
    """By size of change: how often it is found against how often after one saving; 0 unless the blocks have settled."""
    settled, once = (np.bincount(sizes, minlength=len(SIZES) + 1) for sizes in (left, first))
    usual = (once + 1) / (once + 1).sum()
    share = (settled + RARE * usual) / (settled.sum() + RARE)
    ratios = np.log(share / usual)
    return ratios if share[0] > usual[0] and share @ ratios >= PLAIN else np.zeros_like(share)
