"""The audit log of a challenge."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.site.models import AuditEvent, Challenge
from tiltyard.site.views.organise.frame import organised, page, query

A_PAGE = 100


@login_required
@require_GET
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest first, filtered by who, what and to whom."""
    of = organised(request, slug)
    wanted = {name: request.GET.get(name, "") for name in ("actor", "action", "target")}
    every = AuditEvent.objects.filter(challenge=of.slug)
    context = {
        "shown": Paginator(_filtered(of, wanted), A_PAGE).get_page(request.GET.get("page")),
        "wanted": wanted,
        "actions": every.order_by("action").values_list("action", flat=True).distinct(),
        "actors": every.order_by("actor").values_list("actor", flat=True).distinct(),
        "query": query(wanted),
    }
    return page(request, of, "audit.html", context, tab="console-audit")


def _filtered(of: Challenge, wanted: dict[str, str]) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.filter(challenge=of.slug).order_by("-at", "-pk")
    if wanted["actor"]:
        found = found.filter(actor=wanted["actor"])
    if wanted["action"]:
        found = found.filter(action=wanted["action"])
    if wanted["target"]:
        found = found.filter(target__icontains=wanted["target"])
    return found
