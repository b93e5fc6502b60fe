"""Days of a time zone, in spite of clocks that are put forward and back.

Python compares and subtracts two dates of one zone by their wall clocks alone, so everything here is UTC.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The date that the clocks of the zone show."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins there, in UTC; the moment of the change where clocks skip midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
