"""Who takes part in a challenge, and with whom."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tiltyard.contest import phases
from tiltyard.site.clock import now
from tiltyard.site.codes import digest, new_code
from tiltyard.site.models import Challenge, Invitation, Membership, Registration, Team, User
from tiltyard.site.refused import Refused

MOST_INVITATIONS = 20
"""Open ones of a team."""


def terms_digest(challenge: Challenge) -> str:
    """SHA-256 of the terms as they stand, in all languages."""
    return hashlib.sha256(json.dumps(challenge.file.terms.model_dump(), sort_keys=True).encode()).hexdigest()


def registration_of(user: User, challenge: Challenge) -> Registration | None:
    """How the person takes part; None where they do not."""
    return Registration.objects.filter(user=user, challenge=challenge).first()


def takes_part(user: User, challenge: Challenge) -> bool:
    """Whether the person has accepted the terms as they stand now."""
    registration = registration_of(user, challenge)
    return registration is not None and registration.terms_digest == terms_digest(challenge)


def may_register(challenge: Challenge) -> bool:
    """Whether registration is open in some phase."""
    return any(phases.registration_open(phase, now()) for phase in challenge.file.phases)


def register(user: User, challenge: Challenge) -> Registration:
    """The person takes part and accepts the terms; accepted anew where they changed, at any time."""
    accepted = {"terms_digest": terms_digest(challenge), "at": now()}
    if registration_of(user, challenge) is None and not may_register(challenge):
        raise Refused(_("Registration is closed."))
    registration, _made = Registration.objects.update_or_create(user=user, challenge=challenge, defaults=accepted)
    return registration


def team_of(user: User, challenge: Challenge) -> Team | None:
    """The person's team in the challenge."""
    membership = Membership.objects.filter(user=user, challenge=challenge).select_related("team").first()
    return None if membership is None else membership.team


def is_frozen(challenge: Challenge) -> bool:
    """Whether nobody joins or leaves a team any more."""
    freeze = challenge.file.teams.freeze
    return freeze is not None and now() >= freeze


def create(user: User, challenge: Challenge, name: str) -> Team:
    """A new team with the person as its captain; Refused where they have one, or the name is taken."""
    _check_joining(user, challenge)
    with transaction.atomic(), _one_team():
        team = _named(challenge, user, name)
        Membership.objects.create(team=team, user=user, challenge=challenge)
    return team


def create_alone(user: User, challenge: Challenge) -> Team:
    """A team of one under the person's own name, with a number behind it where that is taken."""
    taken = set(Team.objects.filter(challenge=challenge).values_list("name", flat=True))
    name = user.name[:50]
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return create(user, challenge, name if name not in taken else next(one for one in numbered if one not in taken))


def rename(team: Team, by: User, name: str) -> None:
    """Gives the team another name; its captain may."""
    _check_captain(team, by)
    with transaction.atomic(), _free_name(name):
        Team.objects.filter(pk=team.pk).update(name=_tidy(name))


def invite(team: Team, by: User) -> str:
    """The code of a link that lets one person in; it is shown this once, what is kept is its digest."""
    _check_captain(team, by)
    _check_not_frozen(team.challenge)
    with _locked(team):
        if _places_left(team) < 1:
            raise Refused(_("The team is full."))
        if open_invitations(team).count() >= MOST_INVITATIONS:
            raise Refused(_("There are too many open invitations. Withdraw some first."))
        code = new_code()
        Invitation.objects.create(team=team, made_by=by, code_digest=digest(code))
    return code


def open_invitations(team: Team) -> QuerySet[Invitation]:
    """Those that somebody may still accept, the newest first."""
    return Invitation.objects.filter(team=team, used_by=None, withdrawn=False).order_by("-made")


def withdraw(invitation: Invitation, by: User) -> None:
    """Nobody can accept it any more."""
    _check_captain(invitation.team, by)
    Invitation.objects.filter(pk=invitation.pk, used_by=None).update(withdrawn=True)


def invitation_of(code: str) -> Invitation:
    """The open invitation of a link; Refused where there is none."""
    found = Invitation.objects.filter(code_digest=digest(code), used_by=None, withdrawn=False)
    invitation = found.select_related("team__challenge").first()
    if invitation is None:
        raise Refused(_("This invitation was used or withdrawn. Ask the team's captain for a new link."))
    return invitation


def accept(user: User, code: str) -> Team:
    """The person joins the team; Refused where it is full, frozen, or the person has a team."""
    team = invitation_of(code).team
    _check_joining(user, team.challenge)
    with _locked(team), _one_team():
        invitation = invitation_of(code)
        if _places_left(team) < 1:
            raise Refused(_("The team is full."))
        Invitation.objects.filter(pk=invitation.pk).update(used_by=user)
        Membership.objects.create(team=team, user=user, challenge=team.challenge)
    return team


def leave(team: Team, user: User) -> None:
    """The person leaves a team that has not handed in yet; one that nobody is left in is gone.

    After the first entry nobody leaves: a new team would be a new quota.
    """
    _check_not_frozen(team.challenge)
    with _locked(team) as found:
        if team.entries.exists():
            raise Refused(_("Your team has handed in, so nobody leaves it any more. Write to the organisers."))
        if team.memberships.exclude(user=user).exists():
            if found.captain_id == user.pk:
                raise Refused(_("Hand the team over to another member first."))
            team.memberships.filter(user=user).delete()
        else:
            team.delete()


def hand_over(team: Team, by: User, to: User) -> None:
    """Makes another member captain."""
    _check_captain(team, by)
    with _locked(team):
        if not team.memberships.filter(user=to).exists():
            raise Refused(_("Only a member can become captain."))
        Team.objects.filter(pk=team.pk).update(captain=to)


@contextmanager
def _locked(team: Team) -> Iterator[Team]:
    """A transaction in which nobody else changes who is in the team, and the team as it is now."""
    with transaction.atomic():
        found = Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first()
        if found is None:
            raise Refused(_("This team is gone."))
        yield found


@contextmanager
def _one_team() -> Iterator[None]:
    """The database holds the rule against two that arrive at once."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Refused(_("You are in a team of this challenge already.")) from None


@contextmanager
def _free_name(name: str) -> Iterator[None]:
    if not _tidy(name):
        raise Refused(_("A team needs a name."))
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Refused(_("Another team has this name.")) from None


def _named(challenge: Challenge, captain: User, name: str) -> Team:
    with _free_name(name):
        return Team.objects.create(challenge=challenge, name=_tidy(name), captain=captain)


def _tidy(name: str) -> str:
    """Without what is not seen: two names that look alike would be one team's mask of another."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:60].strip()


def _places_left(team: Team) -> int:
    return team.challenge.file.teams.most - team.memberships.count()


def _check_joining(user: User, challenge: Challenge) -> None:
    if not takes_part(user, challenge):
        raise Refused(_("Accept the terms of the challenge first."))
    _check_not_frozen(challenge)
    if team_of(user, challenge) is not None:
        raise Refused(_("You are in a team of this challenge already."))


def _check_not_frozen(challenge: Challenge) -> None:
    if is_frozen(challenge):
        raise Refused(_("Teams are frozen: nobody joins or leaves any more."))


def _check_captain(team: Team, user: User) -> None:
    if Team.objects.filter(pk=team.pk).values_list("captain", flat=True).first() != user.pk:
        raise Refused(_("Only the team's captain can do this."))
