"""Who takes part, as organisers see it."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.site.models import Challenge, Message, Team
from tiltyard.site.views.organise.frame import organised, page


@login_required
@require_GET
def teams(request: HttpRequest, slug: str) -> HttpResponse:
    """Teams with their members and addresses, entries and messages."""
    of = organised(request, slug)
    own = Q(entries__outside=False)
    found = Team.objects.filter(challenge=of).prefetch_related("memberships__user").order_by("name")
    context = {
        "teams": found.annotate(count=Count("entries", filter=own), newest=Max("entries__at", filter=own)),
        "registered": of.registrations.count(),
        "sent": _sent(of),
    }
    return page(request, of, "teams.html", context, tab="console-teams")


def _sent(of: Challenge) -> QuerySet[Message]:
    """The newest messages, with how many of their mails are on their way, and how many could not be sent."""
    counts = {
        name: Count("letters", filter=Q(letters__lost=lost)) for name, lost in (("waiting", False), ("lost", True))
    }
    return of.messages.select_related("team", "sender").annotate(**counts).order_by("-at")[:50]
