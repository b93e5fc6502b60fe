"""Two evaluations of the same items, compared pair by pair."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tiltyard.contest.board import check_comparable
from tiltyard.contest.bootstrap import RESAMPLES, clusters_of, percentile_interval
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Facts, Track
from tiltyard.errors import EvaluationError


@dataclass(frozen=True)
class Comparison:
    """A minus B on the ranking metric, its paired 95 % interval and two-sided bootstrap p-value."""

    metric: str
    first: float
    second: float
    difference: float
    interval: tuple[float, float]
    p_value: float

    @property
    def significant(self) -> bool:
        low, high = self.interval
        return low > 0 or high < 0


def compare(first: Evaluation, second: Evaluation, *, seed: int = 0, count: int = RESAMPLES) -> Comparison:
    """Resamples the same clusters on both sides; EvaluationError where the two did not measure the same items."""
    check_comparable([first, second])
    for evaluation in (first, second):
        if evaluation.record.reason:
            raise EvaluationError(f"{evaluation.folder} failed ({evaluation.record.reason}): there is nothing to pair")
    track = find_track(first.record.identity.track)
    keys = list(track.keys)
    rows = [evaluation.rows.sort(keys) for evaluation in (first, second)]
    if not rows[0].select(keys).equals(rows[1].select(keys)):
        raise EvaluationError(f"{first.folder} and {second.folder} did not measure the same items")
    return _paired(track, rows, [first.record.facts, second.record.facts], seed=seed, count=count)


def _paired(track: Track, rows: list[pl.DataFrame], facts: list[Facts], *, seed: int, count: int) -> Comparison:
    metric = track.metrics[0].name
    first, second = (track.score(frame, fact).values[metric] for frame, fact in zip(rows, facts, strict=True))
    groups = clusters_of(rows[0], track.cluster, track.stratum)
    generator = np.random.default_rng(seed)
    differences = []
    for _ in range(count):
        chosen = groups.row_indices(groups.draw(generator))
        one, other = (track.score(frame[chosen], fact).values[metric] for frame, fact in zip(rows, facts, strict=True))
        differences.append(one - other)
    below = (1 + sum(value <= 0 for value in differences)) / (count + 1)
    above = (1 + sum(value >= 0 for value in differences)) / (count + 1)
    return Comparison(
        metric, first, second, first - second, percentile_interval(differences), min(1.0, 2 * min(below, above))
    )
