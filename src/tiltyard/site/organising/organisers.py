"""Who runs a challenge."""

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.site.models import Challenge, Membership, User
from tiltyard.site.organising.doer import Doer
from tiltyard.site.refused import Refused


def add(challenge: Challenge, email: str, *, by: Doer) -> User:
    """Somebody with an account becomes co-organiser. Refused for members of its teams: they would see all scores."""
    user = User.objects.filter(email=User.objects.normalise(email), is_active=True).first()
    if user is None:
        raise Refused(_("Nobody has signed up with this address."))
    if Membership.objects.filter(challenge=challenge, user=user).exists():
        raise Refused(_("This person is in a team of the challenge."))
    with transaction.atomic():
        challenge.organisers.add(user)
        by.record("add-organiser", challenge, target=user.email)
    return user


def remove(challenge: Challenge, user: User, *, by: Doer) -> None:
    """The person organises it no more. Refused for the last one."""
    with transaction.atomic():
        Challenge.objects.select_for_update().get(pk=challenge.pk)
        if not challenge.organisers.filter(pk=user.pk).exists():
            raise Refused(_("This person does not organise the challenge."))
        if challenge.organisers.count() == 1:
            raise Refused(_("A challenge needs an organiser."))
        challenge.organisers.remove(user)
        by.record("remove-organiser", challenge, target=user.email)
