"""How somebody comes into a team: by a link that its captain sends."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tiltyard.site.clock import now
from tiltyard.site.models import Invitation, Membership, Team, User
from tiltyard.site.people.codes import OPEN_FOR, digest, new_code
from tiltyard.site.people.teams import (
    check_captain,
    check_joining,
    check_not_frozen,
    locked,
    one_team,
    places_left,
)
from tiltyard.site.refused import Refused

MOST_INVITATIONS = 20
"""Open ones of a team."""


def invite(team: Team, by: User) -> str:
    """The code of a link that lets one person in; it is shown this once, what is kept is its digest."""
    with locked(team) as found:
        check_captain(found, by)
        check_not_frozen(found.challenge)
        if places_left(team) < 1:
            raise Refused(_("The team is full."))
        if open_invitations(team).count() >= MOST_INVITATIONS:
            raise Refused(_("There are too many open invitations. Withdraw some first."))
        code = new_code()
        Invitation.objects.create(team=team, made_by=by, code_digest=digest(code))
    return code


def open_invitations(team: Team) -> QuerySet[Invitation]:
    """Those that somebody may still accept, the newest first."""
    return _open().filter(team=team).order_by("-made")


def withdraw(invitation: Invitation, by: User) -> None:
    """Nobody can accept it any more."""
    check_captain(invitation.team, by)
    _open().filter(pk=invitation.pk).update(withdrawn=True)


def invitation_of(code: str) -> Invitation:
    """The open invitation of a link; Refused where there is none."""
    invitation = _open().filter(code_digest=digest(code)).select_related("team__challenge").first()
    if invitation is None:
        raise Refused(_("This invitation was used or withdrawn, or is too old. Ask the team's captain for a new link."))
    return invitation


def accept(user: User, code: str) -> Team:
    """The person joins the team; Refused where it is full, frozen, or the person has a team."""
    team = invitation_of(code).team
    with locked(team), one_team():
        invitation = invitation_of(code)
        check_joining(user, team.challenge)
        if places_left(team) < 1:
            raise Refused(_("The team is full."))
        Invitation.objects.filter(pk=invitation.pk).update(used_by=user)
        Membership.objects.create(team=team, user=user, challenge=team.challenge)
    return team


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_by=None, withdrawn=False, made__gt=now() - OPEN_FOR)
