"""What a worker reports of a job: its state, the attempt and what follows are committed together, or not at all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tiltyard.site.clock import now
from tiltyard.site.models import Attempt, Evaluation, Job
from tiltyard.site.queue.beginning import add_job
from tiltyard.site.queue.ending import LIVE, break_off, drop_live_jobs, end
from tiltyard.site.queue.leasing import Leased, close_attempt, free, locked
from tiltyard.site.queue.terms import FAILED_THRICE, PATIENCE, TRIES

if TYPE_CHECKING:
    from tiltyard.contest.track import Shard


@dataclass(frozen=True)
class Planned:
    """The shards of an evaluation, and what is measured: `Identity` of the evaluation folder."""

    shards: "Sequence[Shard]"
    needs_jail: bool
    identity: dict[str, Any]

    @property
    def kept(self) -> dict[str, Any]:
        return {"identity": self.identity}


@dataclass(frozen=True)
class ShardMeasured:
    """One shard; `result` names stored files, `fails` says that the rules fail the entry whatever other shards give."""

    result: dict[str, Any]
    fails: bool = False

    @property
    def kept(self) -> dict[str, Any]:
        return self.result


@dataclass(frozen=True)
class Concluded:
    """The evaluation's figures and folder, as fields of `Evaluation`."""

    reason: str
    track_version: str
    data_version: str
    values: dict[str, float]
    intervals: dict[str, list[float]]
    public_values: dict[str, float]
    public_intervals: dict[str, list[float]]
    parts: list[dict[str, Any]]
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """The entry breaks its format or does not fit the data: it failed by the rules."""

    reason: str


Result = Planned | ShardMeasured | Concluded | Refused


@transaction.atomic
def finish(leased: Leased, result: Result) -> None:
    """Commits what a job gave, and what follows from it. Fenced where the lease is lost: then nothing changes."""
    evaluation, job = locked(leased)
    job.state, job.lease_until, job.done_items = Job.State.DONE, None, job.items
    job.result = result.kept if isinstance(result, Planned | ShardMeasured) else {}
    job.save()
    close_attempt(leased.job, leased.attempt, Attempt.Outcome.DONE)
    _follow(evaluation, result)


@transaction.atomic
def fault(leased: Leased, message: str) -> None:
    """Reports an error of ours: the job is tried again, or the evaluation is broken. Fenced where the lease is lost."""
    evaluation, job = locked(leased)
    close_attempt(leased.job, leased.attempt, Attempt.Outcome.ERROR, message)
    again_or_broken(evaluation, job)


def again_or_broken(evaluation: Evaluation, job: Job) -> None:
    """After an attempt that failed or was lost; inside the caller's transaction, which holds both locks."""
    failed = (Attempt.Outcome.ERROR, Attempt.Outcome.LOST)
    if job.attempts.filter(outcome__in=failed).count() < TRIES:
        free(Job.objects.filter(pk=job.pk))
        return
    Job.objects.filter(pk=job.pk).update(state=Job.State.BROKEN, lease_until=None)
    break_off(evaluation, FAILED_THRICE)


def _follow(evaluation: Evaluation, result: Result) -> None:
    if isinstance(result, Planned):
        _add_shards(evaluation, result)
    elif isinstance(result, ShardMeasured):
        _conclude_if_measured(evaluation, fails=result.fails)
    elif isinstance(result, Concluded):
        state = Evaluation.State.FAILED if result.reason else Evaluation.State.SCORED
        end(evaluation, state, **asdict(result))
    else:
        end(evaluation, Evaluation.State.FAILED, result.reason)


def _add_shards(evaluation: Evaluation, planned: Planned) -> None:
    Job.objects.bulk_create(
        Job(
            evaluation=evaluation,
            kind=Job.Kind.MEASURE,
            shard=shard.name,
            position=position,
            items=shard.items,
            seconds=shard.seconds,
            needs_jail=planned.needs_jail,
            deadline=now() + PATIENCE,
        )
        for position, shard in enumerate(planned.shards)
    )
    if not planned.shards:
        add_job(evaluation, Job.Kind.FINISH)


def _conclude_if_measured(evaluation: Evaluation, *, fails: bool) -> None:
    """The lock on the evaluation lets one of two shards that end together see that both are done."""
    if fails:
        drop_live_jobs(evaluation)
    if not evaluation.jobs.filter(state__in=LIVE).exists():
        add_job(evaluation, Job.Kind.FINISH)
