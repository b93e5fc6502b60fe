"""What goes on: evaluations on their way, workers, failures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from tiltyard.site.clock import now
from tiltyard.site.models import Attempt, Challenge, Evaluation, Job, Worker
from tiltyard.site.queue.ending import LIVE
from tiltyard.site.queue.terms import UNSEEN

FORGOTTEN = timedelta(hours=1)
"""So long one that is gone is listed."""
FAULTS = (Attempt.Outcome.ERROR, Attempt.Outcome.LOST)


@dataclass(frozen=True)
class Counts:
    """Evaluations by what became of them."""

    waiting: int
    running: int
    scored: int
    failed: int
    broken: int
    cancelled: int
    ahead: int
    """What waits or runs in other challenges."""


@dataclass(frozen=True)
class AtWork:
    """A worker, and the job that it holds."""

    worker: Worker
    job: Job | None
    seen: datetime
    gone: bool


@dataclass(frozen=True)
class OnItsWay:
    """An evaluation that waits or runs."""

    evaluation: Evaluation
    jobs: list[Job]
    done: int
    items: int
    attempts: int
    """The most that one of its jobs has cost."""


def counts(challenge: Challenge) -> Counts:
    """Of the evaluations that count, by state."""
    states = Evaluation.State
    of = Evaluation.objects.filter(entry__challenge=challenge)
    found = of.aggregate(**{str(state): Count("pk", filter=Q(state=state)) for state in states})
    others = Evaluation.objects.filter(state__in=(states.WAITING, states.RUNNING)).exclude(entry__challenge=challenge)
    return Counts(**found, ahead=others.count())


def workers() -> list[AtWork]:
    """Those that work, and those that went lately."""
    moment = now()
    known = Worker.objects.filter(seen__gte=moment - FORGOTTEN).order_by("ended", "name")
    held = {
        job.worker_id: job for job in Job.objects.filter(state=Job.State.LEASED).select_related("evaluation__entry")
    }
    return [
        AtWork(worker, held.get(worker.pk), worker.seen, worker.ended is not None or moment - worker.seen > UNSEEN)
        for worker in known
    ]


def on_their_way(challenge: Challenge, most: int = 100) -> list[OnItsWay]:
    """Evaluations that wait or run, in the order in which they are taken."""
    states = (Evaluation.State.WAITING, Evaluation.State.RUNNING)
    found = Evaluation.objects.filter(entry__challenge=challenge, state__in=states).select_related(
        "entry__team", "version"
    )
    return [_on_its_way(evaluation) for evaluation in found.defer("parts", "files").order_by("pk")[:most]]


def _on_its_way(evaluation: Evaluation) -> OnItsWay:
    jobs = list(evaluation.jobs.select_related("worker").order_by("position", "pk"))
    measured = [job for job in jobs if job.kind == Job.Kind.MEASURE]
    return OnItsWay(
        evaluation,
        [job for job in jobs if job.state in LIVE],
        sum(job.done_items for job in measured),
        sum(job.items for job in measured),
        max((job.attempt for job in jobs), default=0),
    )


def faults(challenge: Challenge, most: int = 20) -> QuerySet[Attempt]:
    """Attempts that failed by a fault of ours, the newest first."""
    found = Attempt.objects.filter(job__evaluation__entry__challenge=challenge, outcome__in=FAULTS)
    return found.select_related("job__evaluation__entry__team", "worker").order_by("-started")[:most]


def broken(challenge: Challenge, most: int = 20) -> QuerySet[Evaluation]:
    """Evaluations that count and failed by a fault of ours, the newest first."""
    found = Evaluation.objects.filter(entry__challenge=challenge, state=Evaluation.State.BROKEN)
    return found.select_related("entry__team").defer("parts", "files").order_by("-finished")[:most]
