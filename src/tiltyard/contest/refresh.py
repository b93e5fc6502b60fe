"""When a board is drawn anew: at once, or at fixed times of the day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tiltyard.contest.challenge import BoardRules
from tiltyard.contest.days import day_of, start_of


def refreshed(rules: BoardRules, now: datetime, zone: ZoneInfo) -> datetime:
    """The latest refresh by `now`: a board shows the scores that were there then. At once: `now` itself."""
    if not rules.refresh_minutes:
        return now
    midnight, every = _rhythm(rules, now, zone)
    return midnight + (now.astimezone(UTC) - midnight) // every * every


def next_refresh(rules: BoardRules, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first refresh after `now`; None where the board is refreshed at once."""
    if not rules.refresh_minutes:
        return None
    _, every = _rhythm(rules, now, zone)
    return min(refreshed(rules, now, zone) + every, start_of(day_of(now, zone) + timedelta(days=1), zone))


def _rhythm(rules: BoardRules, now: datetime, zone: ZoneInfo) -> tuple[datetime, timedelta]:
    """The zone's midnight before `now`, from which the day's refreshes are counted, and the time between them."""
    return start_of(day_of(now, zone), zone), timedelta(minutes=rules.refresh_minutes)
