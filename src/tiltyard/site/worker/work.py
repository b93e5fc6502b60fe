"""The three kinds of work: planning an evaluation, measuring a shard of it, concluding it."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from tiltyard.contest.evaluate import assemble, fails, identity_of, in_time_left, parquet
from tiltyard.contest.evaluation import Identity
from tiltyard.contest.executor import Executor
from tiltyard.contest.registry import find_track
from tiltyard.contest.run import Progress
from tiltyard.contest.track import Measured, Shard
from tiltyard.report.evaluation import write_report
from tiltyard.site.models import Evaluation, Job
from tiltyard.site.places import places
from tiltyard.site.queue.ending import LIVE
from tiltyard.site.queue.finishing import Concluded, Planned, Result, ShardMeasured
from tiltyard.site.queue.leasing import Leased
from tiltyard.site.storing.files import keep_all, keep_bytes
from tiltyard.site.storing.store import store
from tiltyard.site.worker.errand import Errand, measure_elsewhere
from tiltyard.site.worker.public import public_figures

Work = Callable[[Leased, Progress, Executor | None], Result]


def work_on(leased: Leased, progress: Progress, executor: Executor | None) -> Result:
    """What a job gives. EntryError where the entry fails by the rules; JailUnavailable."""
    evaluation = Evaluation.objects.select_related("entry", "version", "basis").get(pk=leased.evaluation)
    if leased.kind is Job.Kind.PLAN:
        return plan(evaluation)
    if leased.kind is Job.Kind.MEASURE:
        return measure(evaluation, leased, progress, executor)
    return conclude(evaluation)


def plan(evaluation: Evaluation) -> Planned:
    """The shards, after the entry was opened and compared with the data."""
    errand = errand_of(evaluation)
    track, entry, data = find_track(errand.track), errand.entry(), errand.data()
    identity = identity_of(track, entry, data, errand.run())
    return Planned(track.plan(entry, data), track.runs_code, asdict(identity))


def measure(evaluation: Evaluation, leased: Leased, progress: Progress, executor: Executor | None) -> ShardMeasured:
    """One shard, here or where the executor sends it; rows, facts and artefacts are in the store then."""
    errand, earlier = errand_of(evaluation), [job.result for job in measured_jobs(evaluation)]
    shard = in_time_left(Shard(leased.shard, leased.items, leased.seconds), earlier)
    if executor is None:
        measured = errand.measure(shard, progress)
    else:
        measured = measure_elsewhere(errand, shard, executor)
    return ShardMeasured(_keep(measured), fails=_others_wait(evaluation, leased) and _fails(evaluation, measured))


def conclude(evaluation: Evaluation) -> Concluded:
    """Score, intervals, public figures and the evaluation folder, from what was measured for it or for its basis."""
    errand, source = errand_of(evaluation), measured_source(evaluation)
    track, measured = find_track(errand.track), measured_shards(source)
    identity = replace(_identity(source), track_version=track.version)
    with tempfile.TemporaryDirectory(dir=places().cache, prefix="evaluation-") as made:
        done = assemble(track, errand.entry(), identity, measured, Path(made))
        write_report(done)
        public = public_figures(track, done, evaluation)
        record = done.record
        return Concluded(
            reason=record.reason,
            track_version=identity.track_version,
            data_version=identity.data_version,
            values=dict(record.values),
            intervals={name: list(bounds) for name, bounds in record.intervals.items()},
            public_values=public.values,
            public_intervals=public.intervals,
            parts=[dict(part) for part in record.parts],
            files=keep_all(Path(made)),
        )


def errand_of(evaluation: Evaluation) -> Errand:
    """What measuring this evaluation needs."""
    contest, entry = evaluation.version.file.contest(evaluation.entry.contest), evaluation.entry
    return Errand(
        track=contest.track,
        where=contest.data,
        settings=contest.settings,
        manifest=evaluation.version.manifest,
        digest=entry.file_id,
        file_name=entry.file_name,
        seed=evaluation.seed,
    )


def measured_source(evaluation: Evaluation) -> Evaluation:
    """The evaluation whose rows count: its own, or those at the end of the chain of bases."""
    while evaluation.basis is not None:
        evaluation = evaluation.basis
    return evaluation


def measured_jobs(evaluation: Evaluation) -> list[Job]:
    """Its finished shards, in order."""
    done = evaluation.jobs.filter(kind=Job.Kind.MEASURE, state=Job.State.DONE)
    return list(done.order_by("position"))


def measured_shards(evaluation: Evaluation) -> list[Measured]:
    """What its finished shards gave, from the store."""
    return [_kept(job.result) for job in measured_jobs(evaluation)]


def _identity(evaluation: Evaluation) -> Identity:
    planned = evaluation.jobs.get(kind=Job.Kind.PLAN)
    return Identity(**planned.result["identity"])


def _keep(measured: Measured) -> dict[str, Any]:
    facts = json.dumps(dict(measured.facts), allow_nan=False).encode()
    return {
        "rows": keep_bytes(parquet(measured.rows)).digest,
        "facts": keep_bytes(facts).digest,
        "artefacts": {name: keep_bytes(content).digest for name, content in measured.artefacts.items()},
        "seconds": float(measured.facts.get("seconds", 0.0)),
    }


def _kept(result: dict[str, Any]) -> Measured:
    read = store().read
    rows = pl.read_parquet(BytesIO(read(result["rows"])))
    artefacts = {name: read(digest) for name, digest in result["artefacts"].items()}
    return Measured(rows, json.loads(read(result["facts"])), artefacts)


def _others_wait(evaluation: Evaluation, leased: Leased) -> bool:
    return evaluation.jobs.filter(state__in=LIVE).exclude(pk=leased.job).exists()


def _fails(evaluation: Evaluation, measured: Measured) -> bool:
    track = find_track(evaluation.version.file.contest(evaluation.entry.contest).track)
    return fails(track, [*measured_shards(evaluation), measured])
