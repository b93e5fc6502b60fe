"""What a viewer may see of an entry: the one policy of page, API, export, feed, mail and log.

A log can spell out the labels that the scored program was shown, a report and its rows say which items were missed, and
every figure of a public item is a hint. So nothing of hidden data leaves but what the board's rules let out.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from tiltyard.contest.challenge import Challenge, Contest, Phase
from tiltyard.contest.phases import private_opened
from tiltyard.contest.refresh import refreshed

OUTLINES = ("over budget", "time limit", "memory limit")
"""How the reasons of the tracks begin that name a rule of spending."""
FAILED_ON_HIDDEN = "the program failed while it ran; what it said is withheld, for the data is hidden"


class Role(StrEnum):
    """Who looks at an entry."""

    visitor = "visitor"
    participant = "participant"
    """Of another team."""
    member = "member"
    """Of the entry's own team."""
    organiser = "organiser"


@dataclass(frozen=True)
class Sight:
    """Which fields of an entry a viewer sees.

    Of another team's entry a score is seen only where that entry stands on the board. Which scores there are for a
    viewer, `known_by` says; which figure of them, `standings.shown_figures`.
    """

    public_score: bool
    private_score: bool
    reason: bool
    log: bool
    report: bool
    rows: bool


def sight(role: Role, phase: Phase, now: datetime, *, hidden: bool) -> Sight:
    """What `role` sees of an entry in the phase; `hidden` is what `still_hidden` says of its contest."""
    organiser, own = role is Role.organiser, role in (Role.member, Role.organiser)
    opened = organiser or private_opened(phase, now)
    inside = organiser or (own and not hidden)
    return Sight(
        public_score=opened or phase.board.public,
        private_score=opened,
        reason=own,
        log=inside,
        report=inside,
        rows=inside,
    )


def still_hidden(challenge: Challenge, contest: Contest, now: datetime) -> bool:
    """Whether logs, reports and rows of a contest are withheld: until the private board of its last phase has opened.

    A phase without end withholds them for good, unless its data is not hidden at all.
    """
    phases = [phase for phase in challenge.phases if contest in challenge.contests_of(phase)]
    return contest.hidden and not all(private_opened(phase, now) for phase in phases)


def known_by(role: Role, phase: Phase, now: datetime, zone: ZoneInfo) -> datetime:
    """What was scored up to then, the viewer knows: an entry's own team, too, waits for the board's refresh."""
    if role is Role.organiser or private_opened(phase, now):
        return now
    return refreshed(phase.board, now, zone)


def outlined(reason: str) -> str:
    """What a team learns of a run that failed on hidden data: the rule alone.

    An error's words, its line, the exit status and the model it came at are all chosen by the program that failed, and
    could spell out the labels it was shown.
    """
    for rule in OUTLINES:
        if rule in reason:
            return rule
    return FAILED_ON_HIDDEN
