"""Whether a challenge is shown, and whether it goes on."""

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge
from tiltyard.site.refused import Refused

State = Challenge.State


def publish(challenge: Challenge, *, by: Doer) -> None:
    """Shows a draft to everybody."""
    _turn(challenge, State.DRAFT, State.OPEN, "publish", by)


def pause(challenge: Challenge, *, by: Doer) -> None:
    """Takes no entries, and evaluates none that wait, until it is resumed."""
    _turn(challenge, State.OPEN, State.PAUSED, "pause", by)


def resume(challenge: Challenge, *, by: Doer) -> None:
    """Goes on after a pause."""
    _turn(challenge, State.PAUSED, State.OPEN, "resume", by)


def _turn(challenge: Challenge, before: State, after: State, action: str, by: Doer) -> None:
    with transaction.atomic():
        if not Challenge.objects.filter(pk=challenge.pk, state=before).update(state=after):
            raise Refused(_("Somebody else has changed the state of the challenge just now."))
        challenge.state = after
        by.record(action, challenge)
