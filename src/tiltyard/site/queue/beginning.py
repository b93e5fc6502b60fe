"""How an evaluation begins: its row and its first job, in one transaction."""

import secrets

from django.db import transaction
from django.db.models import Max

from tiltyard.contest.challenge import Contest
from tiltyard.site.clock import now
from tiltyard.site.models import ChallengeVersion, Entry, Evaluation, Job
from tiltyard.site.queue.terms import PATIENCE


@transaction.atomic
def begin(
    entry: Entry, *, cause: str = "", version: ChallengeVersion | None = None, basis: Evaluation | None = None
) -> Evaluation:
    """A new evaluation of the entry, which is from now on the one that counts.

    With `basis` nothing is measured: the rows of that evaluation are scored again, if its entry came to have any.
    TiltyardError where the version (by default the newest) has no such contest, or its track is not installed.
    """
    from tiltyard.contest.registry import find_track

    basis = basis if basis is None or _has_rows(basis) else None
    Entry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    version = version or entry.challenge.versions.order_by("-number")[0]
    contest = version.file.contest(entry.contest)
    find_track(contest.track)
    evaluation = Evaluation.objects.create(
        entry=entry, version=version, number=_next_number(entry), cause=cause, basis=basis, seed=_seed(contest, basis)
    )
    add_job(evaluation, Job.Kind.PLAN if basis is None else Job.Kind.FINISH)
    Entry.objects.filter(pk=entry.pk).update(evaluation=evaluation)
    entry.evaluation = evaluation
    return evaluation


def add_job(evaluation: Evaluation, kind: Job.Kind) -> Job:
    """One more job, which waits."""
    return Job.objects.create(evaluation=evaluation, kind=kind, deadline=now() + PATIENCE)


def _has_rows(evaluation: Evaluation) -> bool:
    """Not where the entry failed before anything was measured."""
    return evaluation.state != Evaluation.State.FAILED or bool(evaluation.files)


def _seed(contest: Contest, basis: Evaluation | None) -> int:
    """That under which rows are measured, or were. A drawn one is a whole number in every reader of JSON: 53 bits."""
    if basis is not None:
        return basis.seed
    return secrets.randbelow(1 << 53) if contest.seed is None else contest.seed


def _next_number(entry: Entry) -> int:
    newest = entry.evaluations.aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1
