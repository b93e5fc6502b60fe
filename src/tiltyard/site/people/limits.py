"""How often somebody may try something: counted in the database, so that every process of the site counts together."""

import math
from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import ngettext

from tiltyard.site.clock import now
from tiltyard.site.models import Knock
from tiltyard.site.refused import TooOften

KEPT = timedelta(days=1)
"""No limit looks further back."""


def allow(key: str, times: int, seconds: float) -> bool:
    """Whether one more try is within `times` in the last `seconds`; a try that is not allowed does not count.

    To be called outside a transaction: a count sees only the committed tries of others.
    """
    Knock.objects.filter(at__lt=now() - KEPT).delete()
    mine = Knock.objects.create(key=key)
    if _recent(key, seconds).count() <= times:
        return True
    mine.delete()
    return False


def check(key: str, times: int, seconds: float) -> None:
    """Counts one more try; TooOften says how long to wait where there were too many."""
    if not allow(key, times, seconds):
        raise too_often(seconds_left(key, times, seconds))


def forget(key: str) -> None:
    """Lets tries under this key count no more: the person has shown who they are."""
    Knock.objects.filter(key=key).delete()


def seconds_left(key: str, times: int, seconds: float) -> int:
    """How long until one more try is allowed: until the oldest of the last `times` tries is too old to count."""
    tries = list(_recent(key, seconds).order_by("-at").values_list("at", flat=True)[:times])
    if len(tries) < times:
        return 0
    return max(1, math.ceil((tries[-1] + timedelta(seconds=seconds) - now()).total_seconds()))


def too_often(seconds: int) -> TooOften:
    """The refusal that tells the waiting time."""
    if seconds < 90:
        text = ngettext("Too many tries. Try again in %d second.", "Too many tries. Try again in %d seconds.", seconds)
        return TooOften(text % seconds, seconds)
    minutes = math.ceil(seconds / 60)
    text = ngettext("Too many tries. Try again in %d minute.", "Too many tries. Try again in %d minutes.", minutes)
    return TooOften(text % minutes, seconds)


def _recent(key: str, seconds: float) -> QuerySet[Knock]:
    return Knock.objects.filter(key=key, at__gt=now() - timedelta(seconds=seconds))
