"""The front page: which challenges there are; and the look of all pages."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tiltyard.contest.phases import Stage, current_phase, stage
from tiltyard.site.challenge.calendar import Event, next_event
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge
from tiltyard.site.seeing.sight import may_see
from tiltyard.site.templatetags.site import LOOKS
from tiltyard.site.views.frame import Badge, badge
from tiltyard.site.views.going import A_YEAR, back

ORDER = {Stage.open: 0, Stage.before: 1, Stage.closed: 2}


@dataclass(frozen=True)
class Card:
    """A challenge at a glance."""

    challenge: Challenge
    badge: Badge
    next: Event | None


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Open challenges first, then those to come, then those that are over."""
    seen = [one for one in Challenge.objects.order_by("-made") if may_see(request.user, one)]
    seen.sort(key=lambda one: ORDER[stage(current_phase(one.file, now()), now())])
    cards = [Card(one, badge(one), next_event(one.file, now())) for one in seen]
    return render(request, "home.html", {"cards": cards})


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system is, kept in a cookie so that the server can draw the page right at once."""
    response = HttpResponseRedirect(back(request))
    chosen = request.POST.get("look", "")
    if chosen in LOOKS:
        response.set_cookie("look", chosen, max_age=A_YEAR, samesite="Lax", secure=settings.SECURE)
    else:
        response.delete_cookie("look", samesite="Lax")
    return response
