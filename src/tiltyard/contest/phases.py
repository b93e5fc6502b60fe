"""What a phase allows at a given moment."""

from datetime import datetime
from enum import StrEnum

from tiltyard.contest.challenge import Challenge, Phase, Release


class Stage(StrEnum):
    """Whether entries are taken yet, now, or no longer."""

    before = "before"
    open = "open"
    closed = "closed"


def stage(phase: Phase, now: datetime) -> Stage:
    """A phase is open from its opening on, and closed from its closing on."""
    if now < phase.opens:
        return Stage.before
    return Stage.open if phase.closes is None or now < phase.closes else Stage.closed


def registration_open(phase: Phase, now: datetime) -> bool:
    """Whether teams may sign up: at any time before the phase closes, where the file names no times."""
    closes = phase.registration_closes or phase.closes
    begun = phase.registration_opens is None or now >= phase.registration_opens
    return begun and (closes is None or now < closes)


def current_phase(challenge: Challenge, now: datetime) -> Phase:
    """The open phase (of several the one that opened last), else the next one, else the one that closed last."""
    open_ones = [phase for phase in challenge.phases if stage(phase, now) is Stage.open]
    if open_ones:
        return max(open_ones, key=lambda phase: phase.opens)
    coming = [phase for phase in challenge.phases if stage(phase, now) is Stage.before]
    if coming:
        return min(coming, key=lambda phase: phase.opens)
    return max(challenge.phases, key=lambda phase: phase.closes or phase.opens)


def private_opens(phase: Phase) -> datetime | None:
    """When scores on all items are shown; None where a phase without end names no time for it: never."""
    return phase.board.private_opens or phase.closes


def private_opened(phase: Phase, now: datetime) -> bool:
    """Whether scores on all items are shown to everybody."""
    opens = private_opens(phase)
    return opens is not None and now >= opens


def released(phase: Phase, now: datetime) -> tuple[Release, ...]:
    """The files that participants may download by now, in the file's order."""
    return tuple(release for release in phase.releases if now >= (release.opens or phase.opens))
