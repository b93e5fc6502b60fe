"""Teams: who is in one, who is its captain, and until when that may change."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unicodedata import normalize

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Invitation, Membership, Team, User
from tiltyard.site.people.registering import takes_part
from tiltyard.site.refused import Refused

UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What Unicode calls default-ignorable: no font draws it."""


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
    check_joining(user, challenge)
    with transaction.atomic(), one_team():
        team = _named(challenge, user, name)
        Membership.objects.create(team=team, user=user, challenge=challenge)
    return team


def create_alone(user: User, challenge: Challenge) -> Team:
    """A team of one under the person's own name, with a number behind it where that is taken."""
    taken = set(Team.objects.filter(challenge=challenge).values_list("name", flat=True))
    name = _tidy(user.name)[:50].strip()
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return create(user, challenge, name if name not in taken else next(one for one in numbered if one not in taken))


def rename(team: Team, by: User, name: str) -> None:
    """Gives the team another name; its captain may."""
    check_captain(team, by)
    with transaction.atomic(), _free_name(name):
        Team.objects.filter(pk=team.pk).update(name=_tidy(name))


def leave(team: Team, user: User) -> None:
    """The person leaves a team that has not handed in yet; one that nobody is left in is gone."""
    check_not_frozen(team.challenge)
    with locked(team) as found:
        _check_may_be_left(found)
        if team.memberships.exclude(user=user).exists():
            if found.captain_id == user.pk:
                raise Refused(_("Hand the team over to another member first."))
            team.memberships.filter(user=user).delete()
            _withdraw(found.invitations.filter(made_by=user))
        else:
            team.delete()


def remove(team: Team, member: User, *, by: Doer) -> None:
    """The captain takes a member out of a team that has not handed in yet.

    No link into the team holds any more: the member may have any of them.
    """
    assert by.user is not None  # noqa: S101 - the site itself removes nobody
    check_not_frozen(team.challenge)
    with locked(team) as found:
        check_captain(found, by.user)
        _check_may_be_left(found)
        if member == by.user:
            raise Refused(_("Hand the team over to another member first."))
        if not found.memberships.filter(user=member).delete()[0]:
            raise Refused(_("This person is not in the team."))
        _withdraw(found.invitations.all())
        by.record("remove-member", found.challenge, target=member.email, team=found.name)


def hand_over(team: Team, by: User, to: User) -> None:
    """Makes another member captain."""
    with locked(team) as found:
        check_captain(found, by)
        if not found.memberships.filter(user=to).exists():
            raise Refused(_("Only a member can become captain."))
        Team.objects.filter(pk=team.pk).update(captain=to)


@contextmanager
def locked(team: Team) -> Iterator[Team]:
    """A transaction in which nobody else changes who is in the team, and the team as it is now."""
    with transaction.atomic():
        found = Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first()
        if found is None:
            raise Refused(_("This team is gone."))
        yield found


@contextmanager
def one_team() -> Iterator[None]:
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
    """One spelling of what is seen: two names that look alike would be one team's mask of another."""
    shown = "".join(letter for letter in UNSEEN.sub("", name) if letter.isprintable() or letter.isspace())
    return " ".join(normalize("NFKC", shown).split())[:60].strip()


def places_left(team: Team) -> int:
    """How many more people the team may take."""
    return team.challenge.file.teams.most - team.memberships.count()


def check_joining(user: User, challenge: Challenge) -> None:
    """Refused where the person may not come into any team now."""
    if not takes_part(user, challenge):
        raise Refused(_("Accept the terms of the challenge first."))
    check_not_frozen(challenge)
    if team_of(user, challenge) is not None:
        raise Refused(_("You are in a team of this challenge already."))


def check_not_frozen(challenge: Challenge) -> None:
    """Refused where nobody joins or leaves a team any more."""
    if is_frozen(challenge):
        raise Refused(_("Teams are frozen: nobody joins or leaves any more."))


def check_captain(team: Team, user: User) -> None:
    """Refused where somebody else is captain by now."""
    if Team.objects.filter(pk=team.pk).values_list("captain", flat=True).first() != user.pk:
        raise Refused(_("Only the team's captain can do this."))


def _withdraw(invitations: QuerySet[Invitation]) -> None:
    invitations.filter(used_by=None).update(withdrawn=True)


def _check_may_be_left(team: Team) -> None:
    """After the first entry nobody goes, for a new team would be a new quota; nor from one that was disqualified."""
    if team.disqualified:
        raise Refused(_("Your team was disqualified: %s") % team.disqualified)
    if team.entries.exists():
        raise Refused(_("Your team has handed in, so nobody leaves it any more. Write to the organisers."))
