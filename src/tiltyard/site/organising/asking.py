"""Who is asked for the material by which an entry can be made again: the first of the private board, or one by hand."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.contest import awarding
from tiltyard.contest.challenge import Final
from tiltyard.contest.phases import private_opened, private_opens
from tiltyard.contest.standings import Line
from tiltyard.site.auditing.doer import SITE, Doer
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, ChallengeVersion, Entry, Evaluation, Reproduction
from tiltyard.site.ranking.awards import first_pending
from tiltyard.site.ranking.each import for_each
from tiltyard.site.ranking.results import ranking, teams_of_organisers
from tiltyard.site.ranking.snapshots import PRIVATE, lines_now
from tiltyard.site.refused import Refused
from tiltyard.site.telling.mailing import in_all_languages
from tiltyard.site.telling.messages import write


class _End(NamedTuple):
    """Whose private board decides, and when it opens."""

    opens: datetime
    phase: str
    contest: str


def ask_due(moment: datetime) -> int:
    """Asks the first of every private board that has opened, once its last entries are evaluated; how many teams."""
    found = list(Challenge.objects.filter(reproductions=None).exclude(state=Challenge.State.DRAFT))
    newest = _newest_versions()
    return for_each(found, lambda challenge: _ask_if_over(challenge, newest[challenge.pk], moment))


def ask(entry: Entry, *, by: Doer, hours: int | None = None) -> Reproduction:
    """Asks one team by hand. Refused where it was asked for this entry, or the challenge's file has no final."""
    challenge = entry.challenge
    final = final_of(challenge)
    if not _is_over(challenge, now()):
        raise Refused(_("Wait until the private board is open and the last entries are evaluated."))
    if Reproduction.objects.filter(entry=entry).exists():
        raise Refused(_("This team was asked already."))
    lines = [line for line in final_lines(challenge, final, now()) if line.entry == entry.pk]
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


def final_of(challenge: Challenge) -> Final:
    """What the challenge's file says of its end. Refused where it says nothing."""
    if challenge.file.final is None:
        raise Refused(_("The challenge's file asks for no reproduction: add [final] to it."))
    return challenge.file.final


def final_lines(challenge: Challenge, final: Final, moment: datetime) -> list[Line]:
    """The private board that decides, of what was scored by then."""
    return lines_now(ranking(challenge, final.phase, final.contest), PRIVATE, moment)


def _newest_versions() -> dict[int, tuple[int, datetime]]:
    """Challenge → the number of the row of its newest version, and when that was made."""
    versions = ChallengeVersion.objects.order_by("number").values_list("challenge", "pk", "made")
    return {challenge: (pk, made) for challenge, pk, made in versions}


@lru_cache(maxsize=1024)
def _end(version: int, _made: datetime) -> _End | None:
    """The end of a challenge by a version, which never changes; None: its final never opens, or it has none.

    Asked every second of every challenge, so the file is read once; when it was made tells rows of one number apart.
    """
    file = ChallengeVersion.objects.defer("manifest").get(pk=version).file
    final = file.final
    opens = private_opens(file.phase(final.phase)) if final else None
    return _End(opens, final.phase, final.contest) if final and opens else None


def _ask_if_over(challenge: Challenge, newest: tuple[int, datetime], moment: datetime) -> int:
    end = _end(*newest)
    due = end is not None and end.opens <= moment and _has_score(challenge, end) and _is_over(challenge, moment)
    return _ask_first(challenge, moment) if due else 0


def _has_score(challenge: Challenge, end: _End) -> bool:
    """Whether anybody can stand on the board: else a challenge that ended with none would be ranked every second."""
    scored = Evaluation.objects.filter(
        state=Evaluation.State.SCORED,
        entry__challenge=challenge,
        entry__phase=end.phase,
        entry__contest=end.contest,
        entry__outside=False,
        entry__disqualified="",
        entry__team__disqualified="",
    )
    return scored.exclude(entry__team__in=teams_of_organisers(challenge)).exists()


def _is_over(challenge: Challenge, moment: datetime) -> bool:
    final = challenge.file.final
    if final is None or not private_opened(challenge.file.phase(final.phase), moment):
        return False
    return first_pending(ranking(challenge, final.phase, final.contest)) is None


@transaction.atomic
def _ask_first(challenge: Challenge, moment: datetime) -> int:
    locked = Challenge.objects.select_for_update().get(pk=challenge.pk)
    if locked.reproductions.exists():
        return 0
    final = final_of(locked)
    lines = awarding.asked(final, final_lines(locked, final, moment))
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
