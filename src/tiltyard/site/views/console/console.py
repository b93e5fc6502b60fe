"""The console of a challenge: what goes on now."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from tiltyard.site.models import Challenge
from tiltyard.site.organising import overview
from tiltyard.site.storing.room import room
from tiltyard.site.views.organise.frame import organised, page


@login_required
@require_GET
def console(request: HttpRequest, slug: str) -> HttpResponse:
    """Counts, workers, failures, room on the disk; it asks for itself again and again."""
    of = organised(request, slug)
    return page(request, of, "console.html", _context(of), tab="console")


@login_required
@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the console that changes."""
    of = organised(request, slug)
    return render(request, "organise/live.html", {"challenge": of} | _context(of))


@login_required
@require_GET
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Every evaluation on its way, with its jobs."""
    of = organised(request, slug)
    context = {"queue": overview.on_their_way(of, most=500), "counts": overview.counts(of)}
    return page(request, of, "queue.html", context, tab="console")


def _context(of: Challenge) -> dict[str, object]:
    return {
        "counts": overview.counts(of),
        "workers": overview.workers(),
        "queue": overview.on_their_way(of, most=10),
        "faults": overview.faults(of, most=5),
        "broken": overview.broken(of, most=5),
        "room": room(),
        "here": reverse("console", args=[of.slug]),
    }
