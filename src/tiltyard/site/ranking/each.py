"""The same for many challenges: one at which it fails holds up no other."""

import logging
from collections.abc import Callable, Iterable

from tiltyard.site.models import Challenge

log = logging.getLogger("tiltyard.due")


def for_each(challenges: Iterable[Challenge], work: Callable[[Challenge], int]) -> int:
    """The sum of what the work gives; an error is logged with the challenge's name."""
    return sum(_done(challenge, work) for challenge in challenges)


def _done(challenge: Challenge, work: Callable[[Challenge], int]) -> int:
    try:
        return work(challenge)
    except Exception:
        log.exception("challenge %s: what was due failed", challenge.slug)
        return 0
