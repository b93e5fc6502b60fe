"""The challenge's file: its versions, phases, and who organises it."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tiltyard.contest.phases import stage
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge
from tiltyard.site.organising import organisers
from tiltyard.site.views.organise.frame import organised, page


@login_required
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Versions with their notes, phases with their ends, organisers; makes and withdraws links for more of these."""
    of = organised(request, slug)
    if request.method == "GET":
        return _page(request, of)
    action, by = request.POST.get("action"), Doer.of(request)
    if action == "invite":
        code = organisers.invite(of, by=by)
        return _page(request, of, link=request.build_absolute_uri(reverse("organiser-invitation", args=[code])))
    if action != "withdraw":
        raise Http404
    given = request.POST.get("invitation", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    organisers.withdraw(get_object_or_404(of.organiser_invitations.select_related("made_by"), pk=number), by=by)
    return redirect("console-rules", of.slug)


def _page(request: HttpRequest, of: Challenge, *, link: str = "") -> HttpResponse:
    context = {
        "versions": of.versions.select_related("made_by").defer("content", "manifest").order_by("-number"),
        "phases": [(phase, stage(phase, now())) for phase in of.file.phases],
        "organisers": of.organisers.order_by("name"),
        "invitations": organisers.open_invitations(of),
        "link": link,
    }
    return page(request, of, "rules.html", context, tab="console-rules")
