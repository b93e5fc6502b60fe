"""The reproduction audit: what came of those who were asked, what it gave, who is named."""

from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.contest import awarding
from tiltyard.contest.registry import find_track
from tiltyard.contest.standings import Line
from tiltyard.errors import EntryError
from tiltyard.site import queue
from tiltyard.site.arriving.uploads import staged
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.clock import now
from tiltyard.site.models import Award, Challenge, ChallengeVersion, Entry, Reproduction, StoredFile
from tiltyard.site.organising.asking import final_lines, final_of
from tiltyard.site.ranking.awards import NAMED
from tiltyard.site.refused import Refused
from tiltyard.site.storing import unpacking
from tiltyard.site.storing.files import keep_file

Verdict = Reproduction.Verdict


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
    final = final_of(challenge)
    reproduced = challenge.reproductions.filter(verdict=Verdict.REPRODUCED, entry__team__disqualified="")
    teams = {str(team) for team in reproduced.values_list("entry__team", flat=True)}
    return awarding.named(final, final_lines(challenge, final, now()), teams)


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
