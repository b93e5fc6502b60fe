"""What an address or a call may reach: a challenge, the viewer's team, an entry; the rest is 404, as if it were not."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from tiltyard.site.models import Challenge, Entry, Team, User
from tiltyard.site.people.teams import team_of
from tiltyard.site.seeing.sight import may_see, sees_entry


def found(request: HttpRequest, slug: str) -> Challenge:
    """The challenge of that address; 404 where there is none, or only as a draft of others."""
    challenge = Challenge.objects.filter(slug=slug).first()
    if challenge is None or not may_see(request.user, challenge):
        raise Http404
    return challenge


def own_team(request: HttpRequest, challenge: Challenge) -> Team | None:
    """The viewer's team in the challenge."""
    return team_of(request.user, challenge) if isinstance(request.user, User) else None


def visible_entry(request: HttpRequest, number: int, *, of: Challenge | None = None) -> Entry:
    """The entry (of that challenge, if one is named), where it exists for the viewer; 404."""
    one = _entries().filter(pk=number).first()
    if one is None or of not in (None, one.challenge) or not sees_entry(request.user, one):
        raise Http404
    return one


def handed_in(team: Team) -> QuerySet[Entry]:
    """The team's entries, the newest first."""
    return _entries().filter(team=team, outside=False).order_by("-at", "-pk")


def _entries() -> QuerySet[Entry]:
    return Entry.objects.select_related("evaluation", "user", "team", "challenge")
