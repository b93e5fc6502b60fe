"""The public part of a score: the figures of the phase's public items alone."""

from dataclasses import dataclass

import polars as pl

from tiltyard.contest import evaluation as folders
from tiltyard.contest.challenge import BoardRules
from tiltyard.contest.evaluate import score_record
from tiltyard.contest.public_list import listed_rows, read_list
from tiltyard.contest.split import public_rows
from tiltyard.contest.track import Track
from tiltyard.errors import TiltyardError
from tiltyard.site.models import ChallengeVersion, Evaluation
from tiltyard.site.storing.unpacking import unpacked


@dataclass(frozen=True)
class Figures:
    """A score's values and intervals, as JSON values."""

    values: dict[str, float]
    intervals: dict[str, list[float]]


def public_figures(track: Track, done: folders.Evaluation, evaluation: Evaluation) -> Figures:
    """All of them where every item is public or the entry failed; else those metrics that are functions of items.

    TiltyardError where a list names none of the items: that is no fault of the entry's.
    """
    rules, record = evaluation.version.file.phase(evaluation.entry.phase).board, done.record
    whole = not rules.public_items and rules.public_share >= 1
    if whole or record.reason:
        return Figures(dict(record.values), {name: list(bounds) for name, bounds in record.intervals.items()})
    rows = _public_rows(track, done.rows, rules, evaluation.version)
    score, bounds = score_record(track, rows, record.facts, seed=record.identity.seed)
    names = [metric.name for metric in track.metrics if metric.of_items and metric.name in score.values]
    return Figures({name: score.values[name] for name in names}, {name: list(bounds[name]) for name in bounds})


def _public_rows(track: Track, rows: pl.DataFrame, rules: BoardRules, version: ChallengeVersion) -> pl.DataFrame:
    if not rules.public_items:
        return public_rows(rows, track.cluster, share=rules.public_share, seed=rules.split_seed)
    name = rules.public_items
    listed = set(read_list(unpacked(version.manifest) / name, name).values())
    public = listed_rows(rows, track.cluster, listed)
    if public.is_empty():
        raise TiltyardError(f"public_items {name}: no line is a {track.cluster} of the rows: no public score is made")
    return public
