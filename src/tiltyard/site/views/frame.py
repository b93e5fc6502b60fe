"""What the pages of a challenge have in common: whether it exists for the viewer, its head, its tabs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tiltyard.contest.challenge import Phase
from tiltyard.contest.phases import Stage, current_phase, stage
from tiltyard.site.challenge.calendar import next_event
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Team, User
from tiltyard.site.people import registering
from tiltyard.site.seeing.reach import own_team
from tiltyard.site.seeing.sight import is_organiser


@dataclass(frozen=True)
class Badge:
    """A state in a word, and the class that colours it."""

    text: str
    look: str


@dataclass(frozen=True)
class Tab:
    """One page of a challenge."""

    name: str
    title: str
    address: str


def signed_in(request: HttpRequest) -> User:
    """Who is logged in; for views that only such people reach."""
    if not isinstance(request.user, User):
        raise TypeError("the view lacks login_required")
    return request.user


def page(
    request: HttpRequest, challenge: Challenge, template: str, context: dict[str, Any], *, tab: str, status: int = 200
) -> HttpResponse:
    """A page of the challenge."""
    team, organises = own_team(request, challenge), is_organiser(request.user, challenge)
    frame = {
        "challenge": challenge,
        "file": challenge.file,
        "badge": badge(challenge),
        "next": next_event(challenge.file, now()),
        "team": team,
        "organises": organises,
        "takes_part": isinstance(request.user, User) and registering.takes_part(request.user, challenge),
        "tabs": _tabs(challenge, team=team, named=request.user.is_authenticated),
        "tab": tab,
    }
    return render(request, template, frame | context, status=status)


def badge(challenge: Challenge) -> Badge:
    """Where the challenge stands."""
    if challenge.state == Challenge.State.DRAFT:
        return Badge(_("Draft"), "wait")
    if challenge.state == Challenge.State.PAUSED:
        return Badge(_("Paused"), "wait")
    return phase_badge(current_phase(challenge.file, now()))


def phase_badge(phase: Phase) -> Badge:
    """Where the phase stands."""
    match stage(phase, now()):
        case Stage.before:
            return Badge(_("Not begun"), "wait")
        case Stage.open:
            return Badge(_("Open"), "good")
        case Stage.closed:
            return Badge(_("Over"), "")


def _tabs(challenge: Challenge, *, team: Team | None, named: bool) -> list[Tab]:
    titles = {"challenge": _("Overview"), "board": _("Board")}
    if named:
        titles |= {"submit": _("Submit")}
    if team is not None:
        titles |= {"entries": _("Entries")}
    if named:
        titles |= {"team": _("Team")}
    titles |= {"messages": _("Messages"), "awards": _("Awards")}
    return [Tab(name, title, reverse(name, args=[challenge.slug])) for name, title in titles.items()]
