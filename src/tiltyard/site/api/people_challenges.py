"""Challenges, their phases, and the caller's team."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from tiltyard.contest import challenge as files
from tiltyard.contest.phases import private_opens, stage
from tiltyard.contest.registry import find_track
from tiltyard.site.arriving import entering
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Team
from tiltyard.site.seeing.reach import found, own_team
from tiltyard.site.seeing.sight import may_see

router = Router(tags=["challenges"])


class ContestOut(Schema):
    """A track with its data."""

    name: str
    title: files.Words
    track: str
    suffixes: list[str]


class LeftOut(Schema):
    """What a team may still hand in; null: without limit."""

    contest: str
    today: int | None
    in_all: int | None
    resets: datetime | None


class PhaseOut(Schema):
    """A window in which entries are taken."""

    name: str
    title: files.Words
    stage: str
    opens: datetime
    closes: datetime | None
    private_opens: datetime | None
    contests: list[str]
    quota_a_day: int | None
    quota_in_all: int | None
    left: list[LeftOut]
    """Of the caller's team; empty without one."""


class ChallengeOut(Schema):
    """A challenge in a line."""

    name: str
    title: files.Words
    summary: files.Words
    state: str
    zone: str


class ChallengeMore(ChallengeOut):
    """A challenge with its contests and phases."""

    about: files.Words
    contests: list[ContestOut]
    phases: list[PhaseOut]


class TeamOut(Schema):
    """The caller's team."""

    name: str
    members: list[str]
    captain: str
    disqualified: str


@router.get("", response=list[ChallengeOut])
def challenges(request: HttpRequest) -> list[ChallengeOut]:
    """All that the caller may see."""
    seen = [challenge for challenge in Challenge.objects.order_by("slug") if may_see(request.user, challenge)]
    return [_line(challenge) for challenge in seen]


@router.get("/{slug}", response=ChallengeMore)
def challenge(request: HttpRequest, slug: str) -> ChallengeMore:
    """One, with what is left of the team's quotas."""
    of = found(request, slug)
    team = own_team(request, of)
    return ChallengeMore(
        **dict(_line(of)),
        about=of.file.about,
        contests=[_contest(contest) for contest in of.file.contests],
        phases=[_phase(of, phase, team) for phase in of.file.phases],
    )


@router.get("/{slug}/team", response=TeamOut | None)
def team(request: HttpRequest, slug: str) -> TeamOut | None:
    """The caller's team; null where there is none."""
    own = own_team(request, found(request, slug))
    if own is None:
        return None
    members = own.memberships.order_by("at").values_list("user__name", flat=True)
    return TeamOut(name=own.name, members=list(members), captain=own.captain.name, disqualified=own.disqualified)


def _line(of: Challenge) -> ChallengeOut:
    file = of.file
    return ChallengeOut(name=of.slug, title=file.title, summary=file.summary, state=of.state, zone=file.zone)


def _contest(contest: files.Contest) -> ContestOut:
    suffixes = sorted({suffix for taken in find_track(contest.track).entries for suffix in taken.suffixes})
    return ContestOut(name=contest.name, title=contest.title, track=contest.track, suffixes=suffixes)


def _phase(of: Challenge, phase: files.Phase, team: Team | None) -> PhaseOut:
    contests = of.file.contests_of(phase)
    return PhaseOut(
        name=phase.name,
        title=phase.title,
        stage=stage(phase, now()),
        opens=phase.opens,
        closes=phase.closes,
        private_opens=private_opens(phase),
        contests=[contest.name for contest in contests],
        quota_a_day=phase.quota.a_day,
        quota_in_all=phase.quota.in_all,
        left=[_left(of, phase, contest, team) for contest in contests] if team else [],
    )


def _left(of: Challenge, phase: files.Phase, contest: files.Contest, team: Team) -> LeftOut:
    rest = entering.quota_left(team, entering.Place(of, phase, contest))
    return LeftOut(contest=contest.name, today=rest.today, in_all=rest.in_all, resets=rest.resets)
