"""The one path: entry → shards → rows and facts → score → evaluation folder."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from tiltyard.contest.bootstrap import intervals
from tiltyard.contest.decoder import is_plain
from tiltyard.contest.entry import Entry
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
from tiltyard.contest.files import digest_of
from tiltyard.contest.rows import read_rows
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Score, Shard, Track, TrackData
from tiltyard.errors import EvaluationError, TiltyardError

PLAN = "plan.json"
SHARDS = "shards"
FACTS = "facts.json"


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
    identity = identity_of(track, entry, data, run)
    if (folder / RECORD).is_file() and resume:
        return _same(read_evaluation(folder), identity)
    store = _Store(folder, identity, resume=resume)
    shards = track.plan(entry, data)
    kept = store.load(shards)
    waiting = [shard for shard in shards if shard.name not in kept]
    if not fails(track, kept.values()):
        task = partial(track.measure, entry, data=data, run=run)
        left = (in_time_left(shard, (measured.facts for measured in kept.values())) for shard in waiting)
        for shard, measured in (executor or Here()).submit(task, left):
            store.keep(shard, measured)
            kept[shard.name] = measured
            if fails(track, kept.values()):
                break
    finished = [kept[shard.name] for shard in shards if shard.name in kept]
    evaluation = assemble(track, entry, identity, finished, folder)
    _clear(folder)
    return evaluation


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


def identity_of(track: Track, entry: Entry, data: TrackData, run: Run) -> Identity:
    """What is evaluated and how."""
    return Identity(
        track.name, track.version, data.name, data.version, entry.name, entry.digest, run.seed, run.device, run.trust
    )


def in_time_left(shard: Shard, finished: Iterable[Mapping[str, Any]]) -> Shard:
    """Where the rules bound the time of all shards together, what the finished ones took by their facts is gone."""
    if shard.seconds is None:
        return shard
    taken = sum(float(facts.get("seconds", 0.0)) for facts in finished)
    return replace(shard, seconds=max(shard.seconds - taken, 1e-3))


def fails(track: Track, measured: Iterable[Measured]) -> bool:
    """Whether the rules fail the entry by these shards alone, whatever others would give."""
    shards = list(measured)
    return bool(shards) and bool(track.score(rows_of(shards), [shard.facts for shard in shards]).reason)


def rows_of(measured: Sequence[Measured]) -> pl.DataFrame:
    """The rows of all shards, in their order."""
    return pl.concat([shard.rows for shard in measured]) if measured else pl.DataFrame()


def assemble(track: Track, entry: Entry, identity: Identity, measured: Sequence[Measured], folder: Path) -> Evaluation:
    """Writes the evaluation of these shards into the folder: artefacts, rows, score and record."""
    facts = [dict(shard.facts) for shard in measured]
    artefacts = folder / ARTEFACTS
    shutil.rmtree(artefacts, ignore_errors=True)
    artefacts.mkdir()
    entry.keep(artefacts)
    for shard in measured:
        for name, content in shard.artefacts.items():
            (artefacts / name).write_bytes(content)
    rows = rows_of(measured)
    write_atomically(folder / ROWS, parquet(rows))
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
    return write_record(folder, record)


def parquet(rows: pl.DataFrame) -> bytes:
    """The rows as a Parquet file; TiltyardError where it would be refused when it is read."""
    for name, dtype in rows.schema.items():
        if not is_plain(dtype):
            raise TiltyardError(f"rows: column {name} holds {type(dtype).__name__}: let the track cast it to pl.String")
    buffer = BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def _same(evaluation: Evaluation, identity: Identity) -> Evaluation:
    _check_same(evaluation.folder, asdict(evaluation.record.identity), identity)
    _clear(evaluation.folder)
    return evaluation


def _check_same(folder: Path, found: Mapping[str, Any], wanted: Identity) -> None:
    for name, value in asdict(wanted).items():
        if found.get(name) != value:
            raise EvaluationError(
                f"{folder}: was begun with {name} {found.get(name)!r}, not {value!r}: choose another folder"
            )


def _digests(folder: Path) -> dict[str, str]:
    evidence = [folder / ROWS, *sorted((folder / ARTEFACTS).iterdir())]
    return {file.relative_to(folder).as_posix(): digest_of(file) for file in evidence}


def _read_plan(plan: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(plan.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise EvaluationError(f"{plan}: malformed ({first_line(error)})") from None


def _half_written(path: Path) -> bool:
    """What a process leaves that is killed while it writes."""
    return path.name.startswith((f".{PLAN}.", f".{ROWS}.", f".{RECORD}."))


def _clear(folder: Path) -> None:
    """Takes away what only an unfinished evaluation needs."""
    shutil.rmtree(folder / SHARDS, ignore_errors=True)
    for path in (folder / PLAN, *filter(_half_written, folder.iterdir())):
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Store:
    """The finished shards of an unfinished evaluation."""

    folder: Path
    identity: Identity
    resume: bool

    def __post_init__(self) -> None:
        plan = self.folder / PLAN
        try:
            if self.resume and plan.is_file():
                _check_same(self.folder, _read_plan(plan), self.identity)
            elif self.folder.exists() and any(not _half_written(path) for path in self.folder.iterdir()):
                hint = "" if self.resume else ", or add --resume"
                raise EvaluationError(f"{self.folder}: is not empty: choose another folder{hint}")
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(plan, json.dumps(asdict(self.identity)).encode())
            (self.folder / SHARDS).mkdir(exist_ok=True)
        except OSError as error:
            raise EvaluationError(f"{self.folder}: cannot be written ({error.strerror})") from None

    def load(self, shards: list[Shard]) -> dict[str, Measured]:
        return {shard.name: self._read(shard) for shard in shards if (self._at(shard) / FACTS).is_file()}

    def keep(self, shard: Shard, measured: Measured) -> None:
        """The facts are written last: a shard counts as finished when they are there."""
        at = self._at(shard)
        (at / ARTEFACTS).mkdir(parents=True, exist_ok=True)
        for name, content in measured.artefacts.items():
            (at / ARTEFACTS / name).write_bytes(content)
        rows = parquet(measured.rows)
        write_atomically(at / ROWS, rows)
        finished = {"rows": hashlib.sha256(rows).hexdigest(), "facts": dict(measured.facts)}
        write_atomically(at / FACTS, json.dumps(finished, allow_nan=False).encode())

    def _at(self, shard: Shard) -> Path:
        return self.folder / SHARDS / shard.name

    def _read(self, shard: Shard) -> Measured:
        at = self._at(shard)
        try:
            finished = json.loads((at / FACTS).read_text(encoding="utf-8"))
            artefacts = {file.name: file.read_bytes() for file in (at / ARTEFACTS).iterdir()}
            return Measured(read_rows(at / ROWS, finished["rows"]), dict(finished["facts"]), artefacts)
        except (EvaluationError, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise EvaluationError(
                f"{at}: cannot be read ({first_line(error)}); delete it to measure it again"
            ) from None
