"""Percentile intervals by a clustered, stratified bootstrap (Efron and Tibshirani 1993, chapter 13)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

RESAMPLES = 500
LEVEL = 0.95
Interval = tuple[float, float]
Figures = Callable[[pl.DataFrame], Mapping[str, float]]


@dataclass(frozen=True)
class Clusters:
    """Which rows belong to each independent unit, and which units may stand in for each other.

    `order` lists row indices unit by unit; unit u has `sizes[u]` of them from `starts[u]` on.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    strata: list[NDArray[np.int64]]

    def draw(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """Indices of the units of one resample: within each stratum, as many as it has, with replacement."""
        return np.concatenate([generator.choice(units, size=len(units)) for units in self.strata])

    def row_indices(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        sizes = self.sizes[units]
        ends = np.cumsum(sizes)
        shift = np.repeat(self.starts[units] - (ends - sizes), sizes)
        chosen: NDArray[np.int64] = self.order[shift + np.arange(ends[-1])]
        return chosen


def clusters_of(rows: pl.DataFrame, cluster: str, stratum: str | None) -> Clusters:
    """Groups rows by stratum and cluster, in sorted order, so that row order does not matter to a resample."""
    keys = [stratum, cluster] if stratum else [cluster]
    groups = rows.with_row_index("_row").group_by(keys).agg(pl.col("_row").sort()).sort(keys)
    sizes = groups["_row"].list.len().to_numpy().astype(np.int64)
    order = groups["_row"].explode().to_numpy().astype(np.int64)
    labels = groups[stratum].to_list() if stratum else [None] * len(groups)
    strata = [np.flatnonzero([label == chosen for label in labels]) for chosen in dict.fromkeys(labels)]
    return Clusters(order, np.cumsum(sizes) - sizes, sizes, strata)


def resamples(
    rows: pl.DataFrame, cluster: str, stratum: str | None, *, seed: int, count: int = RESAMPLES
) -> Iterator[pl.DataFrame]:
    """Frames of whole clusters drawn with replacement; the same seed and clusters give the same draws."""
    rows = rows.rechunk()  # rows of many shards are gathered many times slower
    groups = clusters_of(rows, cluster, stratum)
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield rows[groups.row_indices(groups.draw(generator))]


def intervals(
    rows: pl.DataFrame, figures: Figures, *, cluster: str, stratum: str | None, seed: int
) -> dict[str, Interval]:
    """A 95 % interval for each figure; none where there are no rows."""
    if rows.is_empty():
        return {}
    draws = [figures(sample) for sample in resamples(rows, cluster, stratum, seed=seed)]
    return {name: percentile_interval([draw[name] for draw in draws]) for name in draws[0]}


def percentile_interval(values: list[float]) -> Interval:
    tail = (1 - LEVEL) / 2 * 100
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
