"""What happens when in a challenge, for people who wait for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, gettext

from tiltyard.contest.challenge import Challenge, Phase
from tiltyard.contest.phases import private_opens


@dataclass(frozen=True)
class Event:
    """A date and what it brings, in the viewer's language."""

    at: datetime
    what: str


def coming(challenge: Challenge, now: datetime) -> list[Event]:
    """Everything after `now`, the next first."""
    return sorted((event for event in _events(challenge) if event.at > now), key=lambda event: event.at)


def next_event(challenge: Challenge, now: datetime) -> Event | None:
    """The next of them; None where nothing comes any more."""
    return next(iter(coming(challenge, now)), None)


def _events(challenge: Challenge) -> Iterator[Event]:
    for phase in challenge.phases:
        for at, what in _of_phase(phase):
            if at is not None:
                yield Event(at, what % {"phase": phase.title.said(get_language() or "en")})
    if challenge.teams.freeze is not None:
        yield Event(challenge.teams.freeze, gettext("Teams freeze"))


def _of_phase(phase: Phase) -> Iterator[tuple[datetime | None, str]]:
    yield phase.registration_opens, gettext("Registration opens (%(phase)s)")
    yield phase.registration_closes, gettext("Registration closes (%(phase)s)")
    yield phase.opens, gettext("%(phase)s opens")
    yield phase.closes, gettext("%(phase)s closes")
    if private_opens(phase) != phase.closes:
        yield private_opens(phase), gettext("Final board is shown (%(phase)s)")
    for release in phase.releases:
        name = release.title.said(get_language() or "en").replace("%", "%%")
        if release.opens is not None:
            yield release.opens, gettext("Released: %(file)s") % {"file": name}
