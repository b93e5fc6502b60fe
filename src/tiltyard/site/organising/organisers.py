"""Who runs a challenge: co-organisers come by a link, for an address may be anybody's where the site sends no mail."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Membership, OrganiserInvitation, User
from tiltyard.site.people.codes import OPEN_FOR, digest, new_code
from tiltyard.site.refused import Refused


def invite(challenge: Challenge, *, by: Doer) -> str:
    """The code of a link that makes one person co-organiser; it is shown this once, what is kept is its digest."""
    assert by.user is not None  # noqa: S101 - the site itself invites nobody
    code = new_code()
    with transaction.atomic():
        OrganiserInvitation.objects.create(challenge=challenge, made_by=by.user, code_digest=digest(code))
        by.record("invite-organiser", challenge)
    return code


def open_invitations(challenge: Challenge) -> QuerySet[OrganiserInvitation]:
    """Those that somebody may still accept, the newest first."""
    return _open().filter(challenge=challenge).select_related("made_by").order_by("-made")


def withdraw(invitation: OrganiserInvitation, *, by: Doer) -> None:
    """Nobody can accept it any more; of one that is used up already nothing changes."""
    with transaction.atomic():
        if _open().filter(pk=invitation.pk).update(withdrawn=True):
            by.record("withdraw-invitation", invitation.challenge, target=invitation.made_by.email)


def invitation_of(code: str) -> OrganiserInvitation:
    """The open invitation of a link; Refused where there is none."""
    found = _open().filter(code_digest=digest(code)).select_related("challenge", "made_by").first()
    if found is None:
        raise Refused(_("This invitation was used or withdrawn, or is too old. Ask an organiser for a new link."))
    return found


def accept(code: str, *, by: Doer) -> Challenge:
    """The person organises the challenge from now on. Refused for members of its teams: they would see all scores."""
    assert by.user is not None  # noqa: S101 - whoever opens the link has logged in
    with transaction.atomic():
        invitation = invitation_of(code)
        challenge = invitation.challenge
        _check_new(challenge, by.user)
        if not _open().filter(pk=invitation.pk).update(used_by=by.user, used=now()):
            raise Refused(_("This invitation was used or withdrawn, or is too old. Ask an organiser for a new link."))
        challenge.organisers.add(by.user)
        by.record("add-organiser", challenge, target=by.user.email, inviter=invitation.made_by.email)
    return challenge


def remove(challenge: Challenge, user: User, *, by: Doer) -> None:
    """The person organises it no more, nor does anybody by a link of theirs. Refused for the last one."""
    with transaction.atomic():
        Challenge.objects.select_for_update().get(pk=challenge.pk)
        if not challenge.organisers.filter(pk=user.pk).exists():
            raise Refused(_("This person does not organise the challenge."))
        if challenge.organisers.count() == 1:
            raise Refused(_("A challenge needs an organiser."))
        challenge.organisers.remove(user)
        open_invitations(challenge).filter(made_by=user).update(withdrawn=True)
        by.record("remove-organiser", challenge, target=user.email)


def _open() -> QuerySet[OrganiserInvitation]:
    return OrganiserInvitation.objects.filter(used=None, withdrawn=False, made__gt=now() - OPEN_FOR)


def _check_new(challenge: Challenge, user: User) -> None:
    if challenge.organisers.filter(pk=user.pk).exists():
        raise Refused(_("You organise this challenge already."))
    if Membership.objects.filter(challenge=challenge, user=user).exists():
        raise Refused(_("You are in a team of this challenge, so you cannot organise it."))
