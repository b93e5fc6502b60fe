"""Times at which boards are drawn anew."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiltyard.contest.challenge import BoardRules
from tiltyard.contest.refresh import next_refresh, refreshed

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def at(hour: int, minute: int = 0, second: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(2021, 1, 20, hour, minute, second, tzinfo=zone)


def test_at_once_is_always_fresh() -> None:
    assert refreshed(BoardRules(), at(9, 17, 3), SHANGHAI) == at(9, 17, 3)
    assert next_refresh(BoardRules(), at(9, 17, 3), SHANGHAI) is None


@pytest.mark.parametrize(
    ("minutes", "last", "following"),
    [(60, at(9), at(10)), (180, at(9), at(12)), (45, at(9), at(9, 45)), (1440, at(0), at(0) + timedelta(days=1))],
)
def test_refreshes_are_counted_from_the_zones_midnight(minutes: int, last: datetime, following: datetime) -> None:
    rules, now = BoardRules(refresh_minutes=minutes), at(9, 17, 3)
    assert refreshed(rules, now, SHANGHAI) == last
    assert next_refresh(rules, now, SHANGHAI) == following


def test_the_moment_of_a_refresh_belongs_to_it() -> None:
    rules = BoardRules(refresh_minutes=180)
    assert refreshed(rules, at(12), SHANGHAI) == at(12)
    assert next_refresh(rules, at(12), SHANGHAI) == at(15)
    assert refreshed(rules, at(11, 59, 59), SHANGHAI) == at(9)


def test_a_rhythm_that_does_not_divide_the_day_starts_anew_at_midnight() -> None:
    rules = BoardRules(refresh_minutes=7 * 60)
    assert refreshed(rules, at(23), SHANGHAI) == at(21)
    assert next_refresh(rules, at(23), SHANGHAI) == at(0) + timedelta(days=1)


def test_in_the_hour_that_comes_twice_the_board_is_refreshed_twice() -> None:
    rules, before = BoardRules(refresh_minutes=60), datetime(2021, 10, 31, 0, 30, tzinfo=UTC)  # 02:30, summer time
    later = before + timedelta(hours=1)  # 02:30 again
    assert refreshed(rules, before, BERLIN) == datetime(2021, 10, 31, 0, tzinfo=UTC)
    assert refreshed(rules, later, BERLIN) == datetime(2021, 10, 31, 1, tzinfo=UTC)


@given(moments, st.integers(1, 1440), st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("Africa/Cairo")]))
def test_now_lies_between_two_refreshes_and_the_next_one_is_the_next(
    now: datetime, minutes: int, zone: ZoneInfo
) -> None:
    rules = BoardRules(refresh_minutes=minutes)
    last, following = refreshed(rules, now, zone), next_refresh(rules, now, zone)
    assert following is not None
    assert last <= now < following <= last + timedelta(minutes=minutes)
    assert refreshed(rules, following, zone) == following
    assert refreshed(rules, following - timedelta(microseconds=1), zone) == last
