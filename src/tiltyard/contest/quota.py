"""How many entries a team may still hand in.

Quota is counted from the times of the entries that are charged: an entry that the platform failed is not among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tiltyard.contest.challenge import Quota
from tiltyard.contest.days import day_of, start_of

BROKEN_TIMES, MOST_BROKEN = 3, 20
"""So many times the day's quota of a team's entries may break a day; or so many, where there is no such quota."""


@dataclass(frozen=True)
class Left:
    """What is left of a quota; None is without limit."""

    today: int | None
    in_all: int | None
    resets: datetime | None
    """When the count of the day starts anew (UTC); None where that changes nothing."""

    @property
    def any(self) -> bool:
        """Whether one more entry is allowed now."""
        return self.today != 0 and self.in_all != 0


def left(quota: Quota, charged: Sequence[datetime], *, now: datetime, zone: ZoneInfo) -> Left:
    """What is left after the charged entries; a day is one of `zone`, be it 23 or 25 hours long."""
    today = day_of(now, zone)
    spent = sum(day_of(moment, zone) == today for moment in charged)
    this_day, in_all = _rest(quota.a_day, spent), _rest(quota.in_all, len(charged))
    idle = this_day is None or in_all == 0
    return Left(this_day, in_all, None if idle else start_of(today + timedelta(days=1), zone))


def broken_until(quota: Quota, broken: Sequence[datetime], *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the team may hand in again (UTC) that broke too often today; None: it may now.

    What breaks is free, yet each of these entries has cost the platform several attempts.
    """
    today = day_of(now, zone)
    most = MOST_BROKEN if quota.a_day is None else BROKEN_TIMES * quota.a_day
    if sum(day_of(moment, zone) == today for moment in broken) < most:
        return None
    return start_of(today + timedelta(days=1), zone)


def _rest(limit: int | None, spent: int) -> int | None:
    return None if limit is None else max(0, limit - spent)
