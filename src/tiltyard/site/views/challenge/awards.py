"""Who has won what, and who is named in the end."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from tiltyard.site.models import Award
from tiltyard.site.ranking import awards
from tiltyard.site.seeing.reach import found
from tiltyard.site.views.frame import page


@dataclass(frozen=True)
class Won:
    """An award that a team has won, by its title."""

    title: str
    award: Award


@require_GET
def award_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Named teams with their write-ups, then the awards that were given, then what there is to be won."""
    of = found(request, slug)
    language = get_language() or "en"
    context = {
        "named": awards.named_teams(of),
        "won": [Won(awards.title(of, one.name, language), one) for one in awards.given(of)],
        "offered": of.file.awards,
        "final": of.file.final,
    }
    return page(request, of, "challenge/awards.html", context, tab="awards")
