"""How far each measure of a block is from what blocks that look alike have on the same page."""

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float32]
"""(rows, columns, things)."""
LARGEST = 8.0
"""Deviations; more says nothing more."""
FEWEST = 30
"""Blocks with ink, or without, from which a deviation can be told."""
WITH_INK = 0.01
"""Share of ink from which a block counts as written on."""
CUT = 0.5
"""Per cent of the values at each end that do not bend the fit."""
RIDGE = 1e-3


def unusual(measured: Cells, conditions: Cells) -> Cells:
    """Measures less what a fit over the page expects of such conditions, in robust deviations of blocks with ink, and
    of those without, each for themselves. `conditions` begin with the share of ink."""
    rows, columns, things = measured.shape
    values = measured.reshape(-1, things)
    seen = conditions.reshape(rows * columns, -1)
    rest = values - _expected(values, _terms(seen))
    written = seen[:, 0] > WITH_INK
    result = np.zeros_like(rest)
    for group in (written, ~written):
        if group.sum() > FEWEST:
            result[group] = _in_deviations(rest[group])
    return result.reshape(measured.shape)


def _terms(seen: Cells) -> NDArray[np.float64]:
    """Conditions, their squares and products, apart for blocks with ink."""
    written = (seen[:, :1] > WITH_INK).astype(np.float32)
    even = (seen - seen.mean(0)) / (seen.std(0) + 1e-3)
    terms = [np.ones_like(written), even, even[:, :5] ** 2, written, written * even[:, :5], even[:, :1] * even[:, 1:3]]
    return np.concatenate(terms, 1, dtype=np.float64)


def _expected(values: Cells, terms: NDArray[np.float64]) -> Cells:
    low, high = np.percentile(values, (CUT, 100 - CUT), axis=0)
    square = terms.T @ terms + RIDGE * len(terms) * np.eye(terms.shape[1])
    weights = np.linalg.solve(square, terms.T @ np.clip(values, low, high))
    return np.asarray(terms @ weights, np.float32)


def _in_deviations(rest: Cells) -> Cells:
    """The spread of most blocks, and a share of that of all: a measure that hardly varies is not odd for a trifle."""
    middle = np.median(rest, 0)
    spread = 1.4826 * np.median(np.abs(rest - middle), 0) + 0.25 * rest.std(0) + 1e-4
    return np.asarray(np.clip((rest - middle) / spread, -LARGEST, LARGEST), np.float32)
