"""A challenge's own pages: overview, taking part, released files, awards, messages."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tiltyard.contest import phases
from tiltyard.contest.challenge import Contest, Phase, Release
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Track
from tiltyard.errors import TiltyardError
from tiltyard.site.challenge.calendar import coming
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Message
from tiltyard.site.people import registering
from tiltyard.site.refused import Refused
from tiltyard.site.seeing.reach import found, own_team
from tiltyard.site.seeing.sight import is_organiser
from tiltyard.site.storing.store import store
from tiltyard.site.views.forms import Terms
from tiltyard.site.views.frame import Badge, page, phase_badge, signed_in
from tiltyard.site.views.going import back, posted


@dataclass(frozen=True)
class ShownRelease:
    """A file of a phase, and whether it may be downloaded yet."""

    number: int
    release: Release
    out: bool


@dataclass(frozen=True)
class ShownPhase:
    """A phase with what depends on the moment."""

    phase: Phase
    badge: Badge
    stage: phases.Stage
    contests: tuple[Contest, ...]
    releases: tuple[ShownRelease, ...]


@dataclass(frozen=True)
class ShownContest:
    """A contest and its track's rules."""

    contest: Contest
    track: Track


@require_GET
def challenge(request: HttpRequest, slug: str) -> HttpResponse:
    """What it is about, its dates, its files."""
    of = found(request, slug)
    context = {
        "phases": [_shown(of, phase) for phase in of.file.phases],
        "contests": [ShownContest(contest, find_track(contest.track)) for contest in of.file.contests],
        "events": coming(of.file, now())[:5],
        "may_register": registering.may_register(of),
    }
    return page(request, of, "challenge/overview.html", context, tab="challenge")


@login_required
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Accepts the terms."""
    of, user = found(request, slug), signed_in(request)
    form, refused = Terms(posted(request)), ""
    if request.method == "POST" and form.is_valid():
        try:
            registering.register(user, of)
            return redirect(back(request, reverse("team", args=[slug])))
        except Refused as refusal:
            refused = str(refusal)
    context = {
        "form": form,
        "refused": refused,
        "next_page": back(request, ""),
        "again": registering.registration_of(user, of) is not None,
    }
    status = 422 if refused or form.errors else 200
    return page(
        request, of, "challenge/join.html", context | {"open": registering.may_register(of)}, tab="team", status=status
    )


@login_required
@require_GET
def release(request: HttpRequest, slug: str, phase: str, number: int) -> FileResponse:
    """A file that participants may have by now."""
    of, user = found(request, slug), signed_in(request)
    if not is_organiser(user, of) and not registering.takes_part(user, of):
        raise Http404
    file = _released(of, phase, number).file
    digest = of.version.manifest.get(file)
    if digest is None:
        raise Http404
    return FileResponse(store().path(digest).open("rb"), as_attachment=True, filename=PurePosixPath(file).name)


@require_GET
def message_list(request: HttpRequest, slug: str) -> HttpResponse:
    """What the organisers wrote to all, and to the viewer's team."""
    of = found(request, slug)
    mine = Q(team=None) | Q(team=own_team(request, of))
    seen = Q() if is_organiser(request.user, of) else mine
    listed = Message.objects.filter(seen, challenge=of).select_related("team").order_by("-at")[:200]
    return page(request, of, "challenge/messages.html", {"listed": listed}, tab="messages")


def _shown(of: Challenge, phase: Phase) -> ShownPhase:
    out = phases.released(phase, now())
    files = [ShownRelease(number, one, one in out) for number, one in enumerate(phase.releases, 1)]
    return ShownPhase(phase, phase_badge(phase), phases.stage(phase, now()), of.file.contests_of(phase), tuple(files))


def _released(of: Challenge, phase_name: str, number: int) -> Release:
    try:
        phase = of.file.phase(phase_name)
    except TiltyardError:
        raise Http404 from None
    if not 1 <= number <= len(phase.releases) or phase.releases[number - 1] not in phases.released(phase, now()):
        raise Http404
    return phase.releases[number - 1]
