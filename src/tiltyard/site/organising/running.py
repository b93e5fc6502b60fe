"""Evaluating again: one entry or many, on the same data or on new; and stopping what runs."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tiltyard.contest.registry import find_track
from tiltyard.site import queue
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge import editions
from tiltyard.site.challenge.adding import add_version
from tiltyard.site.models import Challenge, ChallengeVersion, Entry, Evaluation
from tiltyard.site.ranking.results import FINISHED
from tiltyard.site.refused import Refused


def rerun(entry: Entry, *, by: Doer) -> Evaluation:
    """A new evaluation of the entry under the newest version. Refused while one is on its way."""
    with transaction.atomic():
        if entry.evaluations.filter(state__in=Evaluation.PENDING).exists():
            raise Refused(_("This entry is being evaluated now: wait, or cancel that first."))
        evaluation = queue.begin(entry, cause="rerun")
        by.record("rerun", entry.challenge, target=entry.team.name, entry=entry.pk, evaluation=evaluation.number)
    return evaluation


def rerun_all(challenge: Challenge, *, by: Doer, phase: str = "", contest: str = "", broken: bool = False) -> int:
    """The same for every entry of a phase and a contest (empty: of all), or only those that we failed; how many."""
    entries = _standing(challenge)
    if phase:
        entries = entries.filter(phase=phase)
    if contest:
        entries = entries.filter(contest=contest)
    if broken:
        entries = entries.filter(evaluation__state=Evaluation.State.BROKEN)
    with transaction.atomic():
        count = _begin(entries, "rerun")
        if not count:
            raise Refused(_("There is no such entry that is not being evaluated already."))
        by.record("rerun-all", challenge, phase=phase, contest=contest, broken=broken, entries=count)
    return count


def rescore_all(challenge: Challenge, contest: str, *, by: Doer, measure: bool = True) -> int:
    """Evaluates a contest's entries under today's track and data; old and new boards stand side by side. How many.

    A version of its own is made where only the track has changed. Without `measure`, rows that were measured on the
    same data are kept and only scored again. Refused where nothing has changed.
    """
    with transaction.atomic():
        locked = Challenge.objects.select_for_update().get(pk=challenge.pk)
        version = _version_to_score_by(locked, contest, by)
        entries = [entry for entry in _standing(locked).filter(contest=contest) if not _has_score_of(entry, version)]
        for entry in entries:
            queue.begin(entry, cause="rescore", version=version, basis=None if measure else _basis(entry, version))
        if not entries:
            raise Refused(_("Nothing has changed since the entries were scored: run them again instead."))
        by.record("rescore-all", locked, contest=contest, version=version.number, entries=len(entries), measure=measure)
    challenge.__dict__.pop("version", None)
    return len(entries)


def cancel(entry: Entry, reason: str, *, by: Doer) -> None:
    """Stops the entry's evaluation. Refused where it has ended."""
    with transaction.atomic():
        pending = entry.evaluations.filter(state__in=Evaluation.PENDING).order_by("number").last()
        if pending is None or not queue.cancel(pending, reason):
            raise Refused(_("This entry is not being evaluated."))
        by.record("cancel", entry.challenge, target=entry.team.name, entry=entry.pk, reason=reason)


def _standing(challenge: Challenge) -> QuerySet[Entry]:
    return Entry.objects.filter(challenge=challenge, outside=False, disqualified="", team__disqualified="").order_by(
        "pk"
    )


def _begin(entries: Iterable[Entry], cause: str) -> int:
    count = 0
    for entry in entries:
        if not entry.evaluations.filter(state__in=Evaluation.PENDING).exists():
            queue.begin(entry, cause=cause)
            count += 1
    return count


def _version_to_score_by(challenge: Challenge, contest: str, by: Doer) -> ChallengeVersion:
    """The newest, or a new one where scores of it are there by an earlier version of the track."""
    newest = challenge.versions.order_by("number").last()
    assert newest is not None  # noqa: S101 - no challenge is without
    track = find_track(newest.file.contest(contest).track)
    of_edition = Evaluation.objects.filter(
        entry__challenge=challenge,
        entry__contest=contest,
        state__in=FINISHED,
        version__number__gte=newest.edition(contest),
    )
    if not of_edition.exclude(Q(track_version=track.version) | Q(track_version="")).exists():
        return newest
    note = f"track {track.name}, version {track.version}"
    version = add_version(challenge, newest.file, newest.manifest, by=by.user, note=note)
    version.editions = {**version.editions, contest: version.number}
    version.save(update_fields=["editions"])
    return version


def _has_score_of(entry: Entry, version: ChallengeVersion) -> bool:
    """Whether the entry was, or is being, evaluated in the edition of that version."""
    states = (*FINISHED, *Evaluation.PENDING)
    found = entry.evaluations.filter(state__in=states, version__number__gte=version.edition(entry.contest))
    return found.exists()


def _basis(entry: Entry, version: ChallengeVersion) -> Evaluation | None:
    """The entry's newest rows, where they hold under that version."""
    newest = entry.evaluations.filter(state__in=FINISHED).order_by("number").last()
    if newest is None or not editions.same_rows(newest.version, version, entry.contest):
        return None
    return newest
