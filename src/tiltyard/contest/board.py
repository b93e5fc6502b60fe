"""Rankings of evaluations that measured the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiltyard.contest.evaluate import score_record
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.registry import find_track
from tiltyard.contest.split import public_rows
from tiltyard.contest.track import Metric, Score
from tiltyard.errors import EvaluationError


@dataclass(frozen=True)
class Standing:
    """One line of a board; equal scores share a rank (1, 2, 2, 4)."""

    rank: int
    name: str
    score: Score
    interval: tuple[float, float] | None
    trusted: bool = False
    """Whether its code ran without a jail."""


@dataclass(frozen=True)
class Candidate:
    """What is ranked: a name and its score."""

    name: str
    score: Score
    interval: tuple[float, float] | None = None
    trusted: bool = False


def rank(candidates: Sequence[Candidate], metric: Metric) -> list[Standing]:
    """Standard competition ranking by the metric as it is shown (rounded); ties stand in order of name."""
    sign = -1 if metric.higher_is_better else 1

    def shown(candidate: Candidate) -> float:
        return sign * round(candidate.score.values[metric.name], metric.decimals)

    ordered = sorted(candidates, key=lambda candidate: (shown(candidate), candidate.name))
    keys = [shown(candidate) for candidate in ordered]
    return [
        Standing(keys.index(key) + 1, candidate.name, candidate.score, candidate.interval, candidate.trusted)
        for key, candidate in zip(keys, ordered, strict=True)
    ]


def board(
    evaluations: Sequence[Evaluation], *, names: Sequence[str] | None = None, share: float = 1.0, split_seed: int = 0
) -> list[Standing]:
    """Ranks evaluations of one track and data version; with `share` below 1, on the fixed public items alone."""
    check_comparable(evaluations)
    if not evaluations:
        return []
    track = find_track(evaluations[0].record.identity.track)
    metric = track.metrics[0]
    labels = names or [evaluation.record.identity.entry for evaluation in evaluations]
    return rank(
        [
            _candidate(label, evaluation, metric, share=share, split_seed=split_seed)
            for label, evaluation in zip(labels, evaluations, strict=True)
        ],
        metric,
    )


def check_comparable(evaluations: Sequence[Evaluation]) -> None:
    """Raises EvaluationError unless all measured one track version on one data version."""
    if not evaluations:
        return
    first = evaluations[0]
    for other in evaluations[1:]:
        for what in ("track", "track_version", "data_version"):
            mine, theirs = getattr(first.record.identity, what), getattr(other.record.identity, what)
            if mine != theirs:
                raise EvaluationError(
                    f"{other.folder} cannot be compared with {first.folder}: {what.replace('_', ' ')} differs"
                )


def _candidate(label: str, evaluation: Evaluation, metric: Metric, *, share: float, split_seed: int) -> Candidate:
    record = evaluation.record
    if share >= 1:
        interval = record.intervals.get(metric.name)
        bounds = (interval[0], interval[1]) if interval else None
        return Candidate(label, record.score, bounds, record.identity.trust)
    track = find_track(record.identity.track)
    rows = public_rows(evaluation.rows, track.cluster, share=share, seed=split_seed)
    score, intervals = score_record(track, rows, record.facts, seed=record.identity.seed)
    return Candidate(label, score, intervals.get(metric.name), record.identity.trust)
