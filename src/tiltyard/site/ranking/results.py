"""The scores that are ranked together: of each entry the newest evaluation that was finished by a given moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from tiltyard.contest import challenge as files
from tiltyard.contest.registry import find_track
from tiltyard.contest.standings import Interval, Result
from tiltyard.contest.track import Metric
from tiltyard.site.models import Challenge, Evaluation, Team, User

FINISHED = (Evaluation.State.SCORED, Evaluation.State.FAILED)


@dataclass(frozen=True)
class Ranking:
    """The entries of one contest in one phase whose scores are comparable."""

    challenge: Challenge
    phase: files.Phase
    contest: files.Contest
    edition: int
    """The number of the first version whose scores it takes."""

    @cached_property
    def metric(self) -> Metric:
        return find_track(self.contest.track).metrics[0]

    @cached_property
    def versions(self) -> list[int]:
        """The numbers of the versions of this edition."""
        numbers = self.challenge.versions.values_list("number", "editions")
        return [number for number, editions in numbers if editions.get(self.contest.name, 1) == self.edition]


def ranking(challenge: Challenge, phase: str, contest: str, edition: int | None = None) -> Ranking:
    """By names; the newest edition unless one is named. TiltyardError where the challenge has no such phase."""
    file = challenge.file
    newest = challenge.version.edition(contest)
    return Ranking(challenge, file.phase(phase), file.contest(contest), edition or newest)


def rankings(challenge: Challenge) -> Iterator[Ranking]:
    """Every contest of every phase, in the newest edition."""
    for phase in challenge.file.phases:
        for contest in challenge.file.contests_of(phase):
            yield ranking(challenge, phase.name, contest.name)


def finished(of: Ranking, by: datetime) -> QuerySet[Evaluation]:
    """All evaluations with an outcome that were finished by then."""
    return Evaluation.objects.filter(
        entry__challenge=of.challenge,
        entry__phase=of.phase.name,
        entry__contest=of.contest.name,
        entry__outside=False,
        version__number__in=of.versions,
        state__in=FINISHED,
        finished__lte=by,
    )


def counting(of: Ranking, by: datetime, *, team: Team | None = None) -> dict[int, Evaluation]:
    """Entry → the evaluation that counts: a rerun takes the place of the one before when it has an outcome.

    Entries and teams that are disqualified are left out; teams of organisers too, unless one is asked for alone.
    """
    found = finished(of, by).filter(entry__disqualified="", entry__team__disqualified="")
    if team is None:
        found = found.exclude(entry__team__in=teams_of_organisers(of.challenge))
    else:
        found = found.filter(entry__team=team)
    ordered = found.select_related("entry").defer("parts", "files").order_by("number")
    return {evaluation.entry_id: evaluation for evaluation in ordered}


def teams_of_organisers(challenge: Challenge) -> QuerySet[Team]:
    """Those with a member who sees all scores: they may try the challenge, stand on no board and win nothing."""
    see_all = User.objects.filter(Q(is_superuser=True) | Q(challenges=challenge))
    return Team.objects.filter(challenge=challenge, memberships__user__in=see_all)


def results(of: Ranking, by: datetime, *, public: bool, team: Team | None = None) -> list[Result]:
    """What a board is made of; an entry that failed, or has no figure of the kind, is not among them."""
    found = (_result(evaluation, of, public=public) for evaluation in counting(of, by, team=team).values())
    return [result for result in found if result is not None]


def _result(evaluation: Evaluation, of: Ranking, *, public: bool) -> Result | None:
    values = evaluation.public_values if public else evaluation.values
    if evaluation.state != Evaluation.State.SCORED or of.metric.name not in values:
        return None
    entry, bounds = evaluation.entry, interval_of(evaluation, of, public=public)
    return Result(str(entry.team_id), entry.pk, entry.at, values, bounds)


def interval_of(evaluation: Evaluation, of: Ranking, *, public: bool) -> Interval | None:
    """Of the metric that ranks."""
    bounds = (evaluation.public_intervals if public else evaluation.intervals).get(of.metric.name)
    return (bounds[0], bounds[1]) if bounds else None
