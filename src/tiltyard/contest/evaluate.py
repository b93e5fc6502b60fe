"""The one path: entry → shards → rows and facts → score → evaluation folder."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from tiltyard.contest.bootstrap import intervals
from tiltyard.contest.entry import Entry, digest_of
from tiltyard.contest.environment import describe_environment
from tiltyard.contest.evaluation import (
    ARTEFACTS,
    RECORD,
    ROWS,
    Evaluation,
    Identity,
    Record,
    first_line,
    read_evaluation,
    write_atomically,
    write_record,
)
from tiltyard.contest.executor import Executor, Here
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Score, Shard, Track, TrackData
from tiltyard.errors import EvaluationError

PLAN = "plan.json"
SHARDS = "shards"


def evaluate_entry(
    track: Track,
    entry: Entry,
    data: TrackData,
    run: Run,
    folder: Path,
    *,
    resume: bool = False,
    executor: Executor | None = None,
) -> Evaluation:
    """Measures every shard that is not there yet and writes the evaluation folder.

    Stops early where the rules already fail the entry. An interrupted run leaves finished shards in the folder, and
    `resume` goes on from them to the same rows; EvaluationError where the folder belongs to another evaluation.
    """
    identity = _identity(track, entry, data, run)
    if (folder / RECORD).is_file() and resume:
        return _same(read_evaluation(folder), identity)
    store = _Store(folder, identity, resume=resume)
    shards = track.plan(entry, data)
    kept = store.load(shards)
    waiting = [shard for shard in shards if shard.name not in kept]
    if not _failed(track, kept):
        task = partial(track.measure, entry, data=data, run=run)
        for shard, measured in (executor or Here()).submit(task, waiting):
            store.keep(shard, measured)
            kept[shard.name] = measured
            if _failed(track, kept):
                break
    return _finish(track, entry, identity, store, [kept[shard.name] for shard in shards if shard.name in kept])


def score_record(track: Track, rows: pl.DataFrame, facts: Facts, *, seed: int) -> tuple[Score, dict[str, Any]]:
    """Score and intervals as they are written into the record, and recomputed by `verify`."""
    score = track.score(rows, facts)
    if score.reason:
        return score, {}
    names = [metric.name for metric in track.metrics if metric.of_items and metric.name in score.values]
    return score, intervals(
        rows,
        lambda sample: {name: value for name, value in track.score(sample, facts).values.items() if name in names},
        cluster=track.cluster,
        stratum=track.stratum,
        seed=seed,
    )


def _identity(track: Track, entry: Entry, data: TrackData, run: Run) -> Identity:
    return Identity(
        track.name, track.version, data.name, data.version, entry.name, entry.digest, run.seed, run.device, run.trust
    )


def _same(evaluation: Evaluation, identity: Identity) -> Evaluation:
    _check_same(evaluation.folder, asdict(evaluation.record.identity), identity)
    return evaluation


def _check_same(folder: Path, found: Mapping[str, Any], wanted: Identity) -> None:
    for name, value in asdict(wanted).items():
        if found.get(name) != value:
            raise EvaluationError(
                f"{folder}: was begun with {name} {found.get(name)!r}, not {value!r}: choose another folder"
            )


def _failed(track: Track, kept: Mapping[str, Measured]) -> bool:
    measured = list(kept.values())
    return bool(measured) and bool(track.score(_rows(measured), [shard.facts for shard in measured]).reason)


def _rows(measured: list[Measured]) -> pl.DataFrame:
    return pl.concat([shard.rows for shard in measured]) if measured else pl.DataFrame()


def _finish(track: Track, entry: Entry, identity: Identity, store: "_Store", measured: list[Measured]) -> Evaluation:
    folder, rows, facts = store.folder, _rows(measured), [dict(shard.facts) for shard in measured]
    artefacts = folder / ARTEFACTS
    shutil.rmtree(artefacts, ignore_errors=True)
    artefacts.mkdir()
    entry.keep(artefacts)
    for shard in measured:
        for name, content in shard.artefacts.items():
            (artefacts / name).write_bytes(content)
    write_atomically(folder / ROWS, _parquet(rows))
    score, bounds = score_record(track, rows, facts, seed=identity.seed)
    record = Record(
        identity=identity,
        facts=facts,
        status=score.status,
        reason=score.reason,
        values=dict(score.values),
        intervals={name: [low, high] for name, (low, high) in bounds.items()},  # type: ignore[misc]
        parts=tuple(dict(part) for part in score.parts),
        environment={**describe_environment(), "finished": datetime.now(UTC).isoformat(timespec="seconds")},
        files=_digests(folder),
    )
    evaluation = write_record(folder, record)
    store.clear()
    return evaluation


def _digests(folder: Path) -> dict[str, str]:
    evidence = [folder / ROWS, *sorted((folder / ARTEFACTS).iterdir())]
    return {file.relative_to(folder).as_posix(): digest_of(file) for file in evidence}


def _parquet(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


@dataclass(frozen=True)
class _Store:
    """The finished shards of an unfinished evaluation."""

    folder: Path
    identity: Identity
    resume: bool

    def __post_init__(self) -> None:
        plan = self.folder / PLAN
        if self.resume and plan.is_file():
            try:
                found = json.loads(plan.read_text(encoding="utf-8"))
            except ValueError as error:
                raise EvaluationError(f"{plan}: malformed ({first_line(error)})") from None
            _check_same(self.folder, found, self.identity)
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            raise EvaluationError(f"{self.folder}: is not empty: choose another folder, or add --resume")
        (self.folder / SHARDS).mkdir(parents=True, exist_ok=True)
        write_atomically(plan, json.dumps(asdict(self.identity)).encode())

    def load(self, shards: list[Shard]) -> dict[str, Measured]:
        return {shard.name: self._read(shard) for shard in shards if (self._at(shard) / "facts.json").is_file()}

    def keep(self, shard: Shard, measured: Measured) -> None:
        """The facts are written last: a shard counts as finished when they are there."""
        at = self._at(shard)
        (at / ARTEFACTS).mkdir(parents=True, exist_ok=True)
        for name, content in measured.artefacts.items():
            (at / ARTEFACTS / name).write_bytes(content)
        write_atomically(at / ROWS, _parquet(measured.rows))
        write_atomically(at / "facts.json", json.dumps(dict(measured.facts), allow_nan=False).encode())

    def clear(self) -> None:
        shutil.rmtree(self.folder / SHARDS)
        (self.folder / PLAN).unlink()

    def _at(self, shard: Shard) -> Path:
        return self.folder / SHARDS / shard.name

    def _read(self, shard: Shard) -> Measured:
        at = self._at(shard)
        try:
            facts = json.loads((at / "facts.json").read_text(encoding="utf-8"))
            artefacts = {file.name: file.read_bytes() for file in (at / ARTEFACTS).iterdir()}
            return Measured(pl.read_parquet(at / ROWS), facts, artefacts)
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            raise EvaluationError(
                f"{at}: cannot be read ({first_line(error)}); delete it to measure it again"
            ) from None
