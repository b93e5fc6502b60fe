"""The reproduction audit: who is asked for material, what came, what it gave, who is named."""

from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.contest import awarding
from tiltyard.contest.challenge import Final
from tiltyard.contest.phases import private_opened
from tiltyard.contest.registry import find_track
from tiltyard.contest.standings import Line
from tiltyard.errors import EntryError
from tiltyard.site import queue, unpacking
from tiltyard.site.awards import NAMED, first_pending
from tiltyard.site.clock import now
from tiltyard.site.each import for_each
from tiltyard.site.files import keep_file
from tiltyard.site.mailing import in_all_languages
from tiltyard.site.models import Award, Challenge, ChallengeVersion, Entry, Reproduction, StoredFile
from tiltyard.site.organising.doer import SITE, Doer
from tiltyard.site.organising.messages import write
from tiltyard.site.refused import Refused
from tiltyard.site.results import ranking
from tiltyard.site.snapshots import PRIVATE, lines_now
from tiltyard.site.uploads import staged

Verdict = Reproduction.Verdict


def ask_due(moment: datetime) -> int:
    """Asks the first of every private board that has opened, once its last entries are evaluated; how many teams."""
    found = Challenge.objects.filter(reproductions=None).exclude(state=Challenge.State.DRAFT)
    return for_each(found, lambda challenge: _ask_first(challenge, moment) if _is_over(challenge, moment) else 0)


def ask(entry: Entry, *, by: Doer, hours: int | None = None) -> Reproduction:
    """Asks one team by hand. Refused where it was asked for this entry, or the challenge's file has no final."""
    challenge = entry.challenge
    final = _final(challenge)
    if not _is_over(challenge, now()):
        raise Refused(_("Wait until the private board is open and the last entries are evaluated."))
    if Reproduction.objects.filter(entry=entry).exists():
        raise Refused(_("This team was asked already."))
    lines = [line for line in _lines(challenge, final, now()) if line.entry == entry.pk]
    if not lines:
        raise Refused(_("Only an entry that stands on the private board can be asked for."))
    with transaction.atomic():
        asked = _ask(challenge, lines[0], timedelta(hours=hours or final.hours), by)
        by.record("ask-for-reproduction", challenge, target=entry.team.name, entry=entry.pk)
    return asked


def set_deadline(asked: Reproduction, deadline: datetime, *, by: Doer) -> None:
    """Gives more time, or less."""
    with transaction.atomic():
        before = asked.deadline.isoformat()
        Reproduction.objects.filter(pk=asked.pk).update(deadline=deadline)
        by.record("reproduction-deadline", asked.challenge, target=asked.entry.team.name, before=before,
                  after=deadline.isoformat())  # fmt: skip


def rerun(asked: Reproduction, *, by: Doer, made: tuple[Path, str] | None = None) -> Entry:
    """Hands in, outside the board, what the team sent, or what an organiser made with it (a file and its name).

    Refused where nothing came, or where the track cannot read it as an entry.
    """
    assert by.user is not None  # noqa: S101 - an organiser's act
    kept, name = _kept(made) if made else _sent(asked)
    _check_readable(asked.entry, kept, name)
    with transaction.atomic():
        again = Entry.objects.create(
            challenge=asked.challenge,
            phase=asked.entry.phase,
            contest=asked.entry.contest,
            team=asked.entry.team,
            user=by.user,
            file=kept,
            file_name=name,
            outside=True,
            charged=False,
            uncharged_because="reproduction",
        )
        queue.begin(again, cause="reproduction", version=_version_of(asked.entry))
        Reproduction.objects.filter(pk=asked.pk).update(rerun=again)
        by.record("rerun-reproduction", asked.challenge, target=asked.entry.team.name, entry=again.pk)
    return again


def mark(asked: Reproduction, verdict: str, note: str, *, by: Doer) -> None:
    """Says whether the result was reproduced."""
    if verdict not in (Verdict.REPRODUCED, Verdict.NOT_REPRODUCED):
        raise Refused(_("Say whether it was reproduced or not."))
    with transaction.atomic():
        Reproduction.objects.filter(pk=asked.pk).update(verdict=verdict, note=note[:400])
        by.record("mark-reproduction", asked.challenge, target=asked.entry.team.name, verdict=verdict, note=note[:400])


def set_write_up(asked: Reproduction, text: str, *, by: Doer) -> None:
    """Puts the team's write-up in, or mends it."""
    with transaction.atomic():
        Reproduction.objects.filter(pk=asked.pk).update(write_up=text[:20_000])
        by.record("write-up", asked.challenge, target=asked.entry.team.name, characters=len(text[:20_000]))


def to_be_named(challenge: Challenge) -> list[Line]:
    """Who would be named now; teams by their number."""
    final = _final(challenge)
    reproduced = challenge.reproductions.filter(verdict=Verdict.REPRODUCED, entry__team__disqualified="")
    teams = {str(team) for team in reproduced.values_list("entry__team", flat=True)}
    return awarding.named(final, _lines(challenge, final, now()), teams)


def name_first(challenge: Challenge, *, by: Doer) -> int:
    """Names the first of those that were reproduced, in place of whom was named before; how many these are."""
    lines = to_be_named(challenge)
    if not lines:
        raise Refused(_("Nobody can be named before a result was reproduced."))
    with transaction.atomic():
        Award.objects.filter(challenge=challenge, name=NAMED).delete()
        for line in lines:
            Award.objects.create(challenge=challenge, team_id=int(line.team), name=NAMED, place=line.rank)
        by.record("name-first", challenge, teams=[int(line.team) for line in lines])
    return len(lines)


def _final(challenge: Challenge) -> Final:
    if challenge.file.final is None:
        raise Refused(_("The challenge's file asks for no reproduction: add [final] to it."))
    return challenge.file.final


def _is_over(challenge: Challenge, moment: datetime) -> bool:
    final = challenge.file.final
    if final is None or not private_opened(challenge.file.phase(final.phase), moment):
        return False
    return first_pending(ranking(challenge, final.phase, final.contest)) is None


def _lines(challenge: Challenge, final: Final, moment: datetime) -> list[Line]:
    return lines_now(ranking(challenge, final.phase, final.contest), PRIVATE, moment)


@transaction.atomic
def _ask_first(challenge: Challenge, moment: datetime) -> int:
    locked = Challenge.objects.select_for_update().get(pk=challenge.pk)
    if locked.reproductions.exists():
        return 0
    final = _final(locked)
    lines = awarding.asked(final, _lines(locked, final, moment))
    for line in lines:
        asked = _ask(locked, line, timedelta(hours=final.hours), SITE)
        SITE.record("ask-for-reproduction", locked, target=asked.entry.team.name, entry=line.entry)
    return len(lines)


def _ask(challenge: Challenge, line: Line, time: timedelta, by: Doer) -> Reproduction:
    moment = now()
    asked = Reproduction.objects.create(
        challenge=challenge, entry_id=line.entry, place=line.rank, asked=moment, deadline=moment + time
    )
    deadline = asked.deadline.astimezone(challenge.file.tz).strftime("%Y-%m-%d %H:%M %Z")

    def body() -> str:
        return _(
            "Your team stands on place %(place)d of the private board. Send the material by which entry %(entry)d can "
            "be made again, with a short write-up, before %(deadline)s. You find the form on the page of the entry."
        ) % {"place": line.rank, "entry": line.entry, "deadline": deadline}

    subject = in_all_languages(lambda: _("Reproducible material is asked for")).replace("\n\n", " / ")
    write(challenge, asked.entry.team, subject, in_all_languages(body), by=by)
    return asked


def _sent(asked: Reproduction) -> tuple[StoredFile, str]:
    if asked.file is None:
        raise Refused(_("The team has sent nothing yet."))
    return asked.file, asked.file_name


def _kept(made: tuple[Path, str]) -> tuple[StoredFile, str]:
    path, name = made
    with staged(path, name) as file:
        return keep_file(file), file.name


def _check_readable(entry: Entry, kept: StoredFile, name: str) -> None:
    """What a team sends may be anything: only an entry of the track can be handed in."""
    track = entry.challenge.file.contest(entry.contest).track
    try:
        find_track(track).read(unpacking.named(kept.digest, name))
    except EntryError as error:
        hint = _("This cannot be handed in as it is (%s). Make an entry with it and upload that.")
        raise Refused(hint % error) from None


def _version_of(entry: Entry) -> ChallengeVersion:
    """The version that the entry's own score is of, so that the two can be compared."""
    return entry.evaluation.version if entry.evaluation else entry.challenge.version
