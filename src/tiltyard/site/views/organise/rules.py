"""The challenge's file: its versions, phases, and who organises it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.contest.phases import stage
from tiltyard.site.clock import now
from tiltyard.site.views.organise.frame import organised, page


@login_required
@require_GET
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Versions with their notes, phases with their ends, organisers."""
    of = organised(request, slug)
    context = {
        "versions": of.versions.select_related("made_by").defer("content", "manifest").order_by("-number"),
        "phases": [(phase, stage(phase, now())) for phase in of.file.phases],
        "organisers": of.organisers.order_by("name"),
    }
    return page(request, of, "rules.html", context, tab="console-rules")
