"""Who takes part in a challenge, and has accepted its terms."""

import hashlib
import json

from django.utils.translation import gettext as _

from tiltyard.contest import phases
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Registration, User
from tiltyard.site.refused import Refused


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
