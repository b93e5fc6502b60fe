"""Handing in: rights, window, quota, the bounded reader, then the store, the row and the queue."""

import threading
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tiltyard.contest.challenge import Contest, Phase
from tiltyard.contest.phases import Stage, stage
from tiltyard.contest.quota import Left, broken_until, left
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Track
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.site import queue
from tiltyard.site.arriving.uploads import staged
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Entry, Evaluation, StoredFile, Team, User
from tiltyard.site.people import limits, registering
from tiltyard.site.queue.jails import why_no_jail
from tiltyard.site.refused import Refused
from tiltyard.site.storing.files import keep_file
from tiltyard.site.telling import dates

READERS = threading.BoundedSemaphore(2)
"""So many entries are read at a time: a hostile one may cost its format's limit of memory."""
UPLOADS, IN_SECONDS = 60, 600.0
LONGEST_NOTE = 400


@dataclass(frozen=True)
class Place:
    """Where entries are handed in: a contest in a phase of a challenge."""

    challenge: Challenge
    phase: Phase
    contest: Contest

    @property
    def track(self) -> Track:
        return find_track(self.contest.track)


def place(challenge: Challenge, phase_name: str, contest_name: str) -> Place:
    """The contest in the phase; Refused where the challenge has none such."""
    try:
        phase, contest = challenge.file.phase(phase_name), challenge.file.contest(contest_name)
    except TiltyardError:
        raise Refused(_("Choose a phase and a contest of this challenge.")) from None
    if contest not in challenge.file.contests_of(phase):
        raise Refused(_("This contest takes no part in the phase."))
    return Place(challenge, phase, contest)


def hand_in(
    user: User, team: Team, phase_name: str, contest_name: str, path: Path, file_name: str, note: str = ""
) -> Entry:
    """A new entry, stored and queued. Refused tells why not, and costs nothing: neither quota nor a row.

    What counts is the moment at which the whole file is here and has been read.
    """
    limits.check(f"upload:{user.pk}", UPLOADS, IN_SECONDS)
    where = place(team.challenge, phase_name, contest_name)
    check_may_enter(user, team, where)
    with staged(path, file_name) as file:
        _check_readable(where.track, file)
        kept = keep_file(file)
        return _entered(user, team, where, kept, file.name, note)


def check_may_enter(user: User, team: Team, where: Place) -> None:
    """Refused where this person may not hand in for the team there now."""
    _check_rights(user, team)
    _check_window(where)
    _check_quota(team, where)
    reason = why_no_jail() if where.track.runs_code else ""
    if reason:
        text = _("Entries are programs here, and no worker can run them safely now, so none is taken: %s")
        raise Refused(text % reason)


def quota_left(team: Team, where: Place) -> Left:
    """What is left of the team's quota, counted from its charged entries."""
    times = list(_entries(team, where).filter(charged=True).values_list("at", flat=True))
    return left(where.phase.quota, times, now=now(), zone=where.challenge.file.tz)


def _entries(team: Team, where: Place) -> QuerySet[Entry]:
    """What the team handed in there."""
    phase, contest = where.phase.name, where.contest.name
    return Entry.objects.filter(challenge=team.challenge, phase=phase, contest=contest, team=team, outside=False)


def _entered(user: User, team: Team, where: Place, kept: StoredFile, name: str, note: str) -> Entry:
    """The row and its first job; everything that may have changed is asked again while the team is locked."""
    with transaction.atomic():
        locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        again = place(locked.challenge, where.phase.name, where.contest.name)
        _check_rights(user, locked)
        _check_window(again)
        _check_quota(locked, again)
        entry = Entry.objects.create(
            challenge=locked.challenge, phase=where.phase.name, contest=where.contest.name, team=locked, user=user,
            file=kept, file_name=name, note=note.strip()[:LONGEST_NOTE], at=now(),
        )  # fmt: skip
        queue.begin(entry)
    return entry


def _check_rights(user: User, team: Team) -> None:
    if not team.memberships.filter(user=user).exists():
        raise Refused(_("Only members of the team hand in for it."))
    if team.disqualified:
        raise Refused(_("The team is disqualified: %s") % team.disqualified)
    if not registering.takes_part(user, team.challenge):
        raise Refused(_("The terms of the challenge have changed. Accept them first."))


def _check_window(where: Place) -> None:
    if where.challenge.state == Challenge.State.PAUSED:
        raise Refused(_("The challenge is paused: no entries are taken until the organisers go on."))
    if where.challenge.state != Challenge.State.OPEN:
        raise Refused(_("The challenge is not published yet."))
    match stage(where.phase, now()):
        case Stage.before:
            raise Refused(_("The phase has not begun."))
        case Stage.closed:
            raise Refused(_("The phase is over: no more entries are taken."))


def _check_quota(team: Team, where: Place) -> None:
    _check_broken(team, where)
    rest = quota_left(team, where)
    if rest.any:
        return
    if rest.resets is None:
        raise Refused(_("No entries are left in this phase."))
    raise Refused(_("No entries are left today. The count starts anew on %s.") % dates.with_zone(rest.resets))


def _check_broken(team: Team, where: Place) -> None:
    """Entries that crash what evaluates them cost no quota: they must not be repeated for ever."""
    broken = _entries(team, where).filter(charged=False, evaluation__state=Evaluation.State.BROKEN)
    times = list(broken.values_list("at", flat=True))
    until = broken_until(where.phase.quota, times, now=now(), zone=where.challenge.file.tz)
    if until is not None:
        text = _("Too many of today's entries could not be evaluated. Ask the organisers, or hand in again from %s on.")
        raise Refused(text % dates.with_zone(until))


def _check_readable(track: Track, file: Path) -> None:
    with READERS:
        try:
            track.read(file)
        except EntryError as error:
            raise Refused(str(error)) from None
