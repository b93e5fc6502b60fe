"""Awards of a challenge's file: found when they are won, and who is named in the end."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tiltyard.contest import awarding
from tiltyard.contest import challenge as files
from tiltyard.site.auditing.doer import SITE
from tiltyard.site.models import Award, Challenge, Entry, Evaluation, Team
from tiltyard.site.ranking.each import for_each
from tiltyard.site.ranking.results import Ranking, ranking, results, teams_of_organisers
from tiltyard.site.ranking.settled import settled_periods
from tiltyard.site.ranking.snapshots import PUBLIC, instant
from tiltyard.site.telling.mailing import in_all_languages
from tiltyard.site.telling.messages import write

NAMED = "_named"
"""The award of those who are named in the end: no award of a file can be called so."""
LOOKED_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Named:
    """A team that is named, with what it tells of its way."""

    place: int
    team: Team
    write_up: str


def given(challenge: Challenge) -> list[Award]:
    """The awards that stand, the newest first; those of the final are `named_teams`."""
    found = challenge.awards.filter(withdrawn="", team__disqualified="").exclude(name=NAMED)
    return list(found.select_related("team").order_by("-period_start", "-at", "name", "place"))


def named_teams(challenge: Challenge) -> list[Named]:
    """Those that were named, in order of their places."""
    found = challenge.awards.filter(withdrawn="", team__disqualified="", name=NAMED).select_related("team")
    write_ups = dict(challenge.reproductions.values_list("entry__team", "write_up"))
    return [Named(award.place or 0, award.team, write_ups.get(award.team_id, "")) for award in found.order_by("place")]


def title(challenge: Challenge, name: str, language: str) -> str:
    """What an award is called."""
    titles = {award.name: award.title for award in challenge.file.awards}
    return titles[name].said(language) if name in titles else name


def give_due(moment: datetime) -> int:
    """Gives the awards that were won since it was last looked after; how many these were."""
    due = Q(awards_checked=None) | Q(awards_checked__lte=moment - LOOKED_AFTER)
    found = Challenge.objects.filter(due).exclude(state=Challenge.State.DRAFT)
    return for_each(found, lambda challenge: _look_after(challenge, moment))


def _look_after(challenge: Challenge, moment: datetime) -> int:
    """Noted before it is done: what fails is tried again at the next turn, not every second."""
    Challenge.objects.filter(pk=challenge.pk).update(awards_checked=moment)
    return _give(challenge, moment)


@transaction.atomic
def _give(challenge: Challenge, moment: datetime) -> int:
    locked = Challenge.objects.select_for_update().get(pk=challenge.pk)
    won = [award for rule in locked.file.awards for award in _won(locked, rule, moment)]
    for award in won:
        award.save()
        SITE.record("award", locked, target=award.team.name, award=award.name, place=award.place)
        _tell(award)
    return len(won)


def _won(challenge: Challenge, rule: files.Award, moment: datetime) -> Iterable[Award]:
    of = ranking(challenge, rule.phase, rule.contest)
    if rule.kind == "periodic":
        return _periodic(of, rule, moment)
    return _progress(of, rule, moment)


def _periodic(of: Ranking, rule: files.Periodic, moment: datetime) -> list[Award]:
    """Of periods that have ended, and whose last entries are evaluated; one that overlaps a settled one is settled."""
    settled, known = list(settled_periods(of.challenge, rule)), results(of, moment, public=True)
    until = first_pending(of) or moment
    zone = of.challenge.file.tz
    won = awarding.periodic(rule, of.phase, known, of.metric, now=min(until, moment), zone=zone)
    return [
        Award(challenge=of.challenge, team=_team(one), name=rule.name, place=one.place, period_start=one.period_start)
        for one in won
        if not any(awarding.period_from(one.period_start, rule, zone).overlaps(period) for period in settled)
    ]


def _progress(of: Ranking, rule: files.Progress, moment: datetime) -> list[Award]:
    """Once a team, for scores that the public board knows: an award tells no more than it does."""
    have = set(of.challenge.awards.filter(name=rule.name).values_list("team", flat=True))
    known, zone = results(of, instant(of, PUBLIC, moment), public=True), of.challenge.file.tz
    won = awarding.progress(rule, of.phase, known, _hand_ins(of), of.metric, zone=zone)
    return [
        Award(challenge=of.challenge, team=team, name=rule.name) for one in won if (team := _team(one)).pk not in have
    ]


def _team(won: awarding.Won) -> Team:
    return Team.objects.get(pk=int(won.team))


def _entries(of: Ranking) -> QuerySet[Entry]:
    return Entry.objects.filter(
        challenge=of.challenge,
        phase=of.phase.name,
        contest=of.contest.name,
        outside=False,
        disqualified="",
        team__disqualified="",
    ).exclude(team__in=teams_of_organisers(of.challenge))


def _hand_ins(of: Ranking) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = defaultdict(list)
    for team, at in _entries(of).values_list("team", "at"):
        found[str(team)].append(at)
    return found


def first_pending(of: Ranking) -> datetime | None:
    """When the first entry was handed in that has no outcome yet."""
    first: datetime | None = (
        _entries(of).filter(evaluation__state__in=Evaluation.PENDING).aggregate(first=Min("at"))["first"]
    )
    return first


def _tell(award: Award) -> None:
    """To the team alone."""

    def subject() -> str:
        return _("Award: %s") % title(award.challenge, award.name, get_language() or "en")

    def body() -> str:
        return _("Your team “%(team)s” has won “%(award)s”. Congratulations!") % {
            "team": award.team.name,
            "award": title(award.challenge, award.name, get_language() or "en"),
        }

    write(award.challenge, award.team, subject(), in_all_languages(body), by=SITE)
