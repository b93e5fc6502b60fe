"""Leases: a worker takes a job for a while, says that it is still there, or gives it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tiltyard.site.clock import now
from tiltyard.site.models import Attempt, Challenge, Evaluation, Job, Worker
from tiltyard.site.queue.terms import LEASE, PATIENCE, hard_limit


class Fenced(Exception):
    """The lease is another worker's by now, or the job is not needed any more: nothing was written."""


@dataclass(frozen=True)
class Leased:
    """A job that a worker holds; `attempt` is the fence that its writes pass."""

    job: int
    attempt: int
    evaluation: int
    worker: int
    kind: Job.Kind
    shard: str
    items: int
    seconds: float | None
    deadline: datetime
    """When the attempt is given up."""


def take(worker: Worker) -> Leased | None:
    """The oldest job that this worker can do, leased to it; None where there is none."""
    if not waiting_for(worker).exists():
        return None
    with transaction.atomic():
        free = waiting_for(worker).select_related("evaluation")
        job = free.select_for_update(skip_locked=True, no_key=True, of=("self", "evaluation")).first()
        return None if job is None else _lease(job, worker)


def waiting_for(worker: Worker) -> QuerySet[Job]:
    """What waits and this worker can do, evaluations that began earlier first."""
    waiting = Job.objects.filter(state=Job.State.WAITING).exclude(
        evaluation__entry__challenge__state=Challenge.State.PAUSED
    )
    mine = waiting if worker.jail else waiting.filter(needs_jail=False)
    return mine.order_by("evaluation_id", "position")


def renew(leased: Leased, *, done_items: int = 0, spent: dict[str, Any] | None = None) -> bool:
    """Holds the lease for another while and tells how far the work is.

    False where it is lost: to another worker, by cancellation or because its time is over. Then the work is to stop.
    """
    moment = now()
    if moment >= leased.deadline:
        return False
    until = min(moment + LEASE, leased.deadline)
    held = _held(leased).update(lease_until=until, done_items=done_items, spent=spent or {})
    Worker.objects.filter(pk=leased.worker).update(seen=moment, ended=None)
    return held == 1 or _finished(leased)


@transaction.atomic
def give_back(leased: Leased, message: str = "") -> None:
    """Lets another worker have the job; the attempt costs nothing. No effect where the lease is lost."""
    if free(_held(leased)):
        close_attempt(leased.job, leased.attempt, Attempt.Outcome.RETURNED, message)


def locked(leased: Leased) -> tuple[Evaluation, Job]:
    """Evaluation and job, locked in the caller's transaction; Fenced where the lease is lost."""
    evaluation = Evaluation.objects.select_for_update(no_key=True).get(pk=leased.evaluation)
    job = _held(leased).select_for_update(no_key=True).first()
    if job is None:
        raise Fenced
    return evaluation, job


def free(jobs: QuerySet[Job]) -> int:
    """Makes leased jobs wait again; returns how many."""
    return jobs.update(
        state=Job.State.WAITING, worker=None, lease_until=None, deadline=now() + PATIENCE, done_items=0, spent={}
    )


def close_attempt(job: int, number: int, outcome: Attempt.Outcome, message: str = "") -> None:
    Attempt.objects.filter(job=job, number=number).update(outcome=outcome, ended=now(), message=message[:2000])


def _held(leased: Leased) -> QuerySet[Job]:
    return Job.objects.filter(pk=leased.job, state=Job.State.LEASED, attempt=leased.attempt)


def _finished(leased: Leased) -> bool:
    """By its own worker, which may still be busy with what follows."""
    return Job.objects.filter(pk=leased.job, state=Job.State.DONE, attempt=leased.attempt).exists()


def _lease(job: Job, worker: Worker) -> Leased:
    moment, evaluation = now(), job.evaluation
    job.state, job.worker, job.attempt = Job.State.LEASED, worker, job.attempt + 1
    job.lease_until, job.deadline = moment + LEASE, moment + hard_limit(job.seconds)
    job.save()
    Attempt.objects.create(job=job, number=job.attempt, worker=worker)
    if evaluation.state == Evaluation.State.WAITING:
        Evaluation.objects.filter(pk=evaluation.pk).update(state=Evaluation.State.RUNNING, started=moment)
    return Leased(
        job.pk,
        job.attempt,
        evaluation.pk,
        worker.pk,
        Job.Kind(job.kind),
        job.shard,
        job.items,
        job.seconds,
        job.deadline,
    )
