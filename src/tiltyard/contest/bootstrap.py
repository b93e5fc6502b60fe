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
    """Which rows belong to each independent unit, and which units may stand in for each other."""

    rows: list[NDArray[np.int64]]
    strata: list[NDArray[np.int64]]

    def draw(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """Indices of the units of one resample: within each stratum, as many as it has, with replacement."""
        return np.concatenate([generator.choice(units, size=len(units)) for units in self.strata])

    def row_indices(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.concatenate([self.rows[unit] for unit in units])


def clusters_of(rows: pl.DataFrame, cluster: str, stratum: str | None) -> Clusters:
    """Groups rows by stratum and cluster, in sorted order, so that row order does not matter to a resample."""
    keys = [stratum, cluster] if stratum else [cluster]
    groups = rows.with_row_index("_row").group_by(keys).agg(pl.col("_row").sort()).sort(keys)
    members = [np.asarray(group, dtype=np.int64) for group in groups["_row"].to_list()]
    labels = groups[stratum].to_numpy() if stratum else np.zeros(len(members))
    return Clusters(members, [np.flatnonzero(labels == label) for label in dict.fromkeys(labels.tolist())])


def resamples(
    rows: pl.DataFrame, cluster: str, stratum: str | None, *, seed: int, count: int = RESAMPLES
) -> Iterator[pl.DataFrame]:
    """Frames of whole clusters drawn with replacement; the same seed and clusters give the same draws."""
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
