"""Which 8 × 8 blocks were saved as JPEG before the last saving: their DCT values prefer the multiples of other steps.

A place that was pasted or repainted after the first saving lacks what the rest has (Farid 2009, "Exposing Digital
Forgeries From JPEG Ghosts"). The error of resaving shows it for a quality that has to be guessed; the histogram of each
DCT frequency shows it for any table (Lin, He, Tang and Tang 2009; Bianchi and Piva 2012).
"""

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.saving import Table

BLOCK = 8
FREQUENCIES = tuple((u, v) for u in range(BLOCK) for v in range(BLOCK) if 0 < u + v <= 9)
"""Row and column of the DCT values that are looked at: higher ones are mostly 0."""
SHIFTS = ((4, 4), (2, 4), (4, 2), (6, 4), (4, 6))
"""Off the grid, values keep the picture's statistics and lose every trace of steps."""
LARGEST = 60
"""Values beyond this, in steps, are too rare to say anything."""
RARE = 3.0
"""Counts added to both sides of a ratio."""
SMOOTH, COARSE = 0.7, 3.0
"""Widths, in steps, at which a histogram without a past is smoothed, and brought to the height of the one with one."""

Blocks = NDArray[np.float32]
"""One value for each 8 × 8 block, (h // 8, w // 8)."""
Luma = NDArray[np.float32]
"""(h, w), in grey levels less 128."""
Counts = NDArray[np.float64]


def earlier_saving(luma: Luma, steps: Table | None) -> Blocks:
    """Logarithm, per block, of how much likelier its values are in this picture than in one without an earlier saving.

    `steps` are those of the last saving, None where it lost nothing. Blocks without any structure are 0; where nothing
    was saved twice, the mean is still above 0, for a histogram fits the picture that it was taken from best.
    """
    here = _values(luma, 0, 0)
    elsewhere = [_values(luma, down, right) for down, right in SHIFTS]
    found = np.zeros(here[FREQUENCIES[0]].shape, np.float32)
    for frequency in FREQUENCIES:
        step = 1 if steps is None else steps[frequency[0] * BLOCK + frequency[1]]
        bins = _bins(here[frequency], step)
        usual = sum((_histogram(_bins(values[frequency], step)) for values in elsewhere), np.zeros(2 * LARGEST + 3))
        found += _log_ratio(_histogram(bins), usual)[bins]
    return found


def _values(luma: Luma, down: int, right: int) -> dict[tuple[int, int], Blocks]:
    """The DCT of the blocks of a grid that begins there, by frequency; sums in a fixed order, whatever the threads."""
    shifted = luma[down:, right:]
    height, width = shifted.shape[0] // BLOCK, shifted.shape[1] // BLOCK
    blocks = shifted[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK)
    columns = [_weighted(row, [blocks[:, n] for n in range(BLOCK)]) for row in _BASIS]
    return {(u, v): _weighted(_BASIS[v], [columns[u][..., n] for n in range(BLOCK)]) for u, v in FREQUENCIES}


def _weighted(weights: list[float], values: list[Blocks]) -> Blocks:
    total = np.zeros_like(values[0])
    for weight, value in zip(weights, values, strict=True):
        total += np.float32(weight) * value
    return total


_BASIS = [
    [float(np.sqrt((2 if k else 1) / BLOCK) * np.cos(np.pi * (2 * n + 1) * k / (2 * BLOCK))) for n in range(BLOCK)]
    for k in range(BLOCK)
]


def _bins(values: Blocks, step: int) -> NDArray[np.intp]:
    inside = np.clip(np.rint(values / np.float32(step)), -LARGEST - 1, LARGEST + 1)
    return np.asarray(inside + (LARGEST + 1), np.intp)


def _histogram(bins: NDArray[np.intp]) -> Counts:
    """Counts of values from -LARGEST to LARGEST, signs taken together; without 0 and what is beyond."""
    counts = np.bincount(bins.ravel(), minlength=2 * LARGEST + 3).astype(np.float64)
    counts[[0, LARGEST + 1, -1]] = 0
    return (counts + counts[::-1]) / 2


def _log_ratio(counts: Counts, usual: Counts) -> Blocks:
    """By value; only what is finer than the coarse course of the histogram counts."""
    expected = _smoothed(usual, SMOOTH)
    expected *= _smoothed(counts, COARSE) / np.maximum(_smoothed(expected, COARSE), 1e-9)
    ratio = np.log((counts + RARE) / (expected + RARE))
    ratio[[0, LARGEST + 1, -1]] = 0
    return ratio.astype(np.float32)


def _smoothed(counts: Counts, sigma: float) -> Counts:
    reach = int(3 * sigma)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return np.convolve(counts, weights / weights.sum(), "same")
