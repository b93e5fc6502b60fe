"""The time, asked here and nowhere else in the site, so that a test can let months pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_ahead = timedelta()


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC) + _ahead


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block it is `moment`, and time passes from there."""
    global _ahead
    before, _ahead = _ahead, moment - datetime.now(UTC)
    try:
        yield
    finally:
        _ahead = before
