"""How an evaluation ends: its state, what becomes of its jobs, and what the entry is charged."""

from typing import Any

from django.db import transaction

from tiltyard.site.clock import now
from tiltyard.site.models import Attempt, Entry, Evaluation, Job
from tiltyard.site.queue.terms import UNCHARGED

LIVE = (Job.State.WAITING, Job.State.LEASED)


def end(evaluation: Evaluation, state: Evaluation.State, reason: str, **figures: Any) -> None:
    """Makes the evaluation final, inside the caller's transaction, which holds its lock."""
    evaluation.state, evaluation.reason, evaluation.finished = state, reason[:1000], now()
    for name, value in figures.items():
        setattr(evaluation, name, value)
    evaluation.save()
    drop_live_jobs(evaluation)


def break_off(evaluation: Evaluation, reason: str) -> None:
    """Ends it by a fault of ours: it is not charged."""
    _fall_back(evaluation, UNCHARGED)
    end(evaluation, Evaluation.State.BROKEN, reason)


@transaction.atomic
def cancel(evaluation: Evaluation, reason: str) -> bool:
    """Ends it by an organiser's wish: a worker that measures it stops. False where it was final already."""
    locked = Evaluation.objects.select_for_update(no_key=True).get(pk=evaluation.pk)
    if locked.is_final:
        return False
    _fall_back(locked, reason[:400])
    end(locked, Evaluation.State.CANCELLED, reason)
    evaluation.refresh_from_db()
    return True


def drop_live_jobs(evaluation: Evaluation) -> None:
    """What is not needed any more; workers learn of it when they renew their leases."""
    live = Job.objects.filter(evaluation=evaluation, state__in=LIVE)
    attempts = Attempt.objects.filter(job__in=live, outcome=Attempt.Outcome.RUNNING)
    attempts.update(outcome=Attempt.Outcome.RETURNED, ended=now(), message="not needed any more")
    live.update(state=Job.State.DROPPED, lease_until=None)


def _fall_back(evaluation: Evaluation, because: str) -> None:
    """An earlier result of the entry counts again; an entry that has none is not charged."""
    results = (Evaluation.State.SCORED, Evaluation.State.FAILED)
    earlier = Evaluation.objects.filter(entry=evaluation.entry_id, state__in=results).order_by("-number").first()
    entry = Entry.objects.filter(pk=evaluation.entry_id)
    if earlier is None:
        entry.update(charged=False, uncharged_because=because)
    else:
        entry.filter(evaluation=evaluation).update(evaluation=earlier)
