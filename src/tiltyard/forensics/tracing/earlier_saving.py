"""Which 8 × 8 blocks were saved as JPEG before the last saving: their DCT values prefer the multiples of other steps.

A place that was pasted or repainted after the first saving lacks what the rest has (Farid 2009, "Exposing Digital
Forgeries From JPEG Ghosts"). The error of resaving shows it for a quality that has to be guessed; the histogram of each
DCT frequency shows it for any table (Lin, He, Tang and Tang 2009; Bianchi and Piva 2012).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.saving import Table
from tiltyard.forensics.tracing.remembered import remembered

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
    return np.asarray(evidence_by_frequency(luma, steps).sum(0), np.float32)


@remembered
def evidence_by_frequency(luma: Luma, steps: Table | None) -> NDArray[np.float32]:
    """The same for each of FREQUENCIES alone: (48, h // 8, w // 8)."""
    here = _values(luma, 0, 0)
    elsewhere = [_values(luma, down, right) for down, right in SHIFTS]
    found = np.zeros(here.shape, np.float32)
    for number, (u, v) in enumerate(FREQUENCIES):
        step = 1 if steps is None else steps[u * BLOCK + v]
        bins = _bins(here[number], step)
        usual = sum((_histogram(_bins(values[number], step)) for values in elsewhere), np.zeros(2 * LARGEST + 3))
        found[number] = _log_ratio(_histogram(bins), usual)[bins]
    return found


def over_pixels(blocks: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Each block over its pixels; what the last blocks leave over is 0."""
    pixels = np.zeros(shape, np.float32)
    grown = np.repeat(np.repeat(blocks, BLOCK, 0), BLOCK, 1)
    pixels[: grown.shape[0], : grown.shape[1]] = grown
    return pixels


def _values(luma: Luma, down: int, right: int) -> NDArray[np.float32]:
    """The DCT of the blocks of a grid that begins there: (48, rows, columns)."""
    shifted = luma[down:, right:]
    rows, columns = shifted.shape[0] // BLOCK, shifted.shape[1] // BLOCK
    blocks = shifted[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK).transpose(1, 3, 0, 2)
    return np.asarray(_BASIS @ blocks.reshape(BLOCK**2, rows * columns), np.float32).reshape(
        len(FREQUENCIES), rows, columns
    )


def _wave(frequency: int) -> NDArray[np.float64]:
    scale = np.sqrt((2 if frequency else 1) / BLOCK)
    return np.asarray(scale * np.cos(np.pi * (2 * np.arange(BLOCK) + 1) * frequency / (2 * BLOCK)))


_BASIS = np.stack([np.outer(_wave(u), _wave(v)).ravel() for u, v in FREQUENCIES]).astype(np.float32)


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
