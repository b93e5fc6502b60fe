"""The team's page and its actions, and the page of an invitation."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge, Team, User
from tiltyard.site.people import invitations, limits, registering, teams
from tiltyard.site.ranking.results import teams_of_organisers
from tiltyard.site.refused import Refused, TooOften
from tiltyard.site.seeing.reach import found
from tiltyard.site.views.forms import TeamName
from tiltyard.site.views.frame import page, signed_in

Action = Callable[[HttpRequest, User, Challenge], str | None]
INVITATION_TRIES, IN_SECONDS = 60, 600.0


@login_required
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """Forms a team, or shows it with what its members and its captain may do."""
    of, user = found(request, slug), signed_in(request)
    if request.method == "GET":
        return _page(request, of, user)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise Http404
    try:
        code = action(request, user, of)
    except Refused as refusal:
        return _page(request, of, user, refused=str(refusal), status=422)
    if code is None:
        return redirect("team", slug)
    link = request.build_absolute_uri(reverse("invitation", args=[code]))
    return _page(request, of, user, link=link)


@login_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Asks whether to join the team, by way of the terms where they are not accepted yet."""
    user = signed_in(request)
    try:
        limits.check(f"invitation:{user.pk}", INVITATION_TRIES, IN_SECONDS)
        invited = invitations.invitation_of(code)
        of = invited.team.challenge
        if not registering.takes_part(user, of):
            return redirect(f"{reverse('join', args=[of.slug])}?next={request.path}")
        if request.method == "POST":
            joined = invitations.accept(user, code)
            messages.success(request, _("You are in the team now."), "good")
            return redirect("team", joined.challenge.slug)
    except Refused as refusal:
        return not_accepted(request, refusal)
    return render(request, "team/invitation.html", {"invited": invited.team, "file": of.file})


def not_accepted(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The page of an invitation that does not hold (410), or was asked for too often (429)."""
    if isinstance(refusal, TooOften):
        return render(request, "429.html", {"refused": str(refusal)}, status=429)
    return render(request, "team/invitation_refused.html", {"refused": str(refusal)}, status=410)


def _page(
    request: HttpRequest, of: Challenge, user: User, *, refused: str = "", link: str = "", status: int = 200
) -> HttpResponse:
    own = teams.team_of(user, of)
    context = {
        "refused": refused,
        "link": link,
        "frozen": teams.is_frozen(of),
        "form": TeamName(instance=own),
        "members": list(own.memberships.select_related("user").order_by("at")) if own else [],
        "invitations": list(invitations.open_invitations(own)) if own else [],
        "of_organisers": own is not None and teams_of_organisers(of).filter(pk=own.pk).exists(),
        "captain": own is not None and own.captain_id == user.pk,
        "handed_in": own is not None and own.entries.exists(),
        "may_register": registering.may_register(of),
    }
    return page(request, of, "team/team.html", context, tab="team", status=status)


def _own(user: User, of: Challenge) -> Team:
    own = teams.team_of(user, of)
    if own is None:
        raise Refused(_("You are in no team of this challenge."))
    return own


def _create(request: HttpRequest, user: User, of: Challenge) -> None:
    teams.create(user, of, request.POST.get("name", ""))


def _create_alone(request: HttpRequest, user: User, of: Challenge) -> None:
    teams.create_alone(user, of)


def _rename(request: HttpRequest, user: User, of: Challenge) -> None:
    teams.rename(_own(user, of), user, request.POST.get("name", ""))


def _invite(request: HttpRequest, user: User, of: Challenge) -> str:
    return invitations.invite(_own(user, of), user)


def _withdraw(request: HttpRequest, user: User, of: Challenge) -> None:
    for invited in _own(user, of).invitations.filter(pk=_number(request, "invitation")):
        invitations.withdraw(invited, user)


def _leave(request: HttpRequest, user: User, of: Challenge) -> None:
    teams.leave(_own(user, of), user)


def _hand_over(request: HttpRequest, user: User, of: Challenge) -> None:
    own = _own(user, of)
    teams.hand_over(own, user, _member(request, own))


def _remove(request: HttpRequest, user: User, of: Challenge) -> None:
    own = _own(user, of)
    teams.remove(own, _member(request, own), by=Doer.of(request))


def _member(request: HttpRequest, own: Team) -> User:
    member = own.memberships.filter(user=_number(request, "member")).select_related("user").first()
    if member is None:
        raise Refused(_("This person is not in the team."))
    return member.user


def _number(request: HttpRequest, field: str) -> int:
    given = request.POST.get(field, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0


ACTIONS: dict[str, Action] = {
    "create": _create,
    "alone": _create_alone,
    "rename": _rename,
    "invite": _invite,
    "withdraw": _withdraw,
    "leave": _leave,
    "hand-over": _hand_over,
    "remove": _remove,
}
