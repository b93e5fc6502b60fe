"""The public part of a score: the figures of the phase's public items alone."""

from dataclasses import dataclass

import polars as pl

from tiltyard.contest import evaluation as folders
from tiltyard.contest.challenge import BoardRules
from tiltyard.contest.evaluate import score_record
from tiltyard.contest.files import read_bounded
from tiltyard.contest.split import public_rows
from tiltyard.contest.track import Track
from tiltyard.errors import TiltyardError
from tiltyard.site.models import ChallengeVersion, Evaluation
from tiltyard.site.storing.unpacking import unpacked

MOST_BYTES = 64 << 20
"""Of a list of public items."""


@dataclass(frozen=True)
class Figures:
    """A score's values and intervals, as JSON values."""

    values: dict[str, float]
    intervals: dict[str, list[float]]


def public_figures(track: Track, done: folders.Evaluation, evaluation: Evaluation) -> Figures:
    """All of them where every item is public or the entry failed; else those metrics that are functions of items."""
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
    listed = public_items(version, rules.public_items)
    return rows.filter(pl.col(track.cluster).cast(pl.String).is_in(listed))


def public_items(version: ChallengeVersion, name: str) -> list[str]:
    """The lines of a list of the challenge's folder; TiltyardError where it is not there or no text."""
    path = unpacked(version.manifest) / name
    try:
        return read_bounded(path, MOST_BYTES, "public_items", name).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise TiltyardError(f"public_items {name}: is no UTF-8 text: write one item a line") from None
