"""What workers left behind: leases that ran out, jobs that nobody took, workers that are gone."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from tiltyard.site.clock import now
from tiltyard.site.models import Attempt, Challenge, Evaluation, Job, Worker
from tiltyard.site.places import places
from tiltyard.site.queue.ending import break_off
from tiltyard.site.queue.finishing import again_or_broken
from tiltyard.site.queue.leasing import close_attempt
from tiltyard.site.queue.terms import NOBODY_CAME, PATIENCE, UNSEEN
from tiltyard.site.serving.sign_of_life import dead

REMEMBERED = timedelta(days=7)
"""How long the site knows of workers that ended."""


def reap(moment: datetime | None = None) -> int:
    """Makes jobs wait again whose leases ran out, and breaks off what was tried or waited for too long.

    Returns how many jobs that were. What waits in a paused challenge has all its time when that goes on.
    """
    moment = moment or now()
    overdue = list(_overdue(moment).values_list("pk", "evaluation_id")[:100])
    return sum(_reap(job, evaluation, moment) for job, evaluation in overdue)


def keep_patience() -> None:
    """The time of a challenge that is paused does not count."""
    paused = Q(evaluation__entry__challenge__state=Challenge.State.PAUSED, state=Job.State.WAITING)
    Job.objects.filter(paused, deadline__lt=now() + PATIENCE / 2).update(deadline=now() + PATIENCE)


def bury() -> None:
    """Ends the leases of this machine's workers that were killed, at once."""
    for name in dead(places()):
        for worker in Worker.objects.filter(name=name):
            gone(worker)


def gone(worker: Worker) -> None:
    """A worker that is known to be dead: its leases end at once."""
    moment = now()
    Job.objects.filter(worker=worker, state=Job.State.LEASED).update(lease_until=moment)
    Worker.objects.filter(pk=worker.pk, ended=None).update(ended=moment)


def forget_workers() -> None:
    """Closes the rows of workers that were not seen for long, and removes old ones."""
    moment = now()
    Worker.objects.filter(ended=None, seen__lt=moment - UNSEEN).update(ended=F("seen"))
    Worker.objects.filter(ended__lt=moment - REMEMBERED).delete()


def _overdue(moment: datetime) -> QuerySet[Job]:
    lost = Q(state=Job.State.LEASED, lease_until__lte=moment)
    unwanted = Q(state=Job.State.WAITING, deadline__lte=moment)
    paused = Q(evaluation__entry__challenge__state=Challenge.State.PAUSED)
    return Job.objects.filter(lost | (unwanted & ~paused))


@transaction.atomic
def _reap(pk: int, evaluation_pk: int, moment: datetime) -> bool:
    """Looks again under the locks: the worker may have been faster, or another reaper."""
    evaluation = Evaluation.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=evaluation_pk).first()
    job = _overdue(moment).filter(pk=pk).select_for_update(no_key=True, of=("self",)).first()
    if evaluation is None or job is None:
        return False
    if job.state == Job.State.WAITING:
        break_off(evaluation, NOBODY_CAME)
        return True
    close_attempt(job.pk, job.attempt, Attempt.Outcome.LOST, "the lease ran out: the worker was lost or hung")
    again_or_broken(evaluation, job)
    return True
