"""Quotas against counting by hand, on days of 23, 24 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tiltyard.contest.challenge import Quota
from tiltyard.contest.days import day_of, start_of
from tiltyard.contest.quota import BROKEN_TIMES, MOST_BROKEN, Left, broken_until, left

SHANGHAI, BERLIN, CAIRO, HAVANA = map(ZoneInfo, ("Asia/Shanghai", "Europe/Berlin", "Africa/Cairo", "America/Havana"))
ZONES = (SHANGHAI, BERLIN, CAIRO, HAVANA, ZoneInfo("Pacific/Apia"), ZoneInfo("UTC"))
moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
limits = st.none() | st.integers(1, 8)


def test_a_day_is_one_of_the_zone() -> None:
    now = datetime(2021, 1, 20, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    yesterday = [datetime(2021, 1, 20, 15, 59, 59, tzinfo=UTC)] * 10
    today = [datetime(2021, 1, 20, 16, 0, tzinfo=UTC)] * 3
    rest = left(Quota(a_day=10), [*yesterday, *today], now=now, zone=SHANGHAI)
    assert rest == Left(today=7, in_all=None, resets=datetime(2021, 1, 21, 16, tzinfo=UTC))
    assert rest.any


def test_the_last_entry_of_a_day_and_the_last_of_all() -> None:
    now = datetime(2021, 1, 20, 12, tzinfo=UTC)
    full = left(Quota(a_day=2, in_all=50), [now, now], now=now, zone=SHANGHAI)
    assert (full.today, full.in_all, full.any) == (0, 48, False)
    assert full.resets == datetime(2021, 1, 20, 16, tzinfo=UTC)
    over = left(Quota(a_day=2, in_all=3), [now - timedelta(days=5)] * 3, now=now, zone=SHANGHAI)
    assert over == Left(today=2, in_all=0, resets=None)
    assert not over.any


def test_without_a_limit_there_is_always_one_more() -> None:
    now = datetime(2021, 1, 20, 12, tzinfo=UTC)
    assert left(Quota(), [now] * 1000, now=now, zone=BERLIN) == Left(None, None, None)
    assert left(Quota(), [now] * 1000, now=now, zone=BERLIN).any


def test_days_of_23_and_25_hours_are_whole_days() -> None:
    for day, hours in ((date(2021, 3, 28), 23), (date(2021, 10, 31), 25), (date(2021, 7, 1), 24)):
        begins, ends = start_of(day, BERLIN), start_of(day + timedelta(days=1), BERLIN)
        assert (ends - begins) == timedelta(hours=hours)
        rest = left(Quota(a_day=2), [begins], now=ends - timedelta(seconds=1), zone=BERLIN)
        assert (rest.today, rest.resets) == (1, ends)


def test_where_clocks_skip_midnight_the_day_begins_with_the_change() -> None:
    begins = start_of(date(2023, 4, 28), CAIRO)  # at midnight clocks went to 01:00
    assert begins == datetime(2023, 4, 27, 22, tzinfo=UTC)
    assert day_of(begins, CAIRO) == date(2023, 4, 28)
    assert day_of(begins - timedelta(seconds=1), CAIRO) == date(2023, 4, 27)


def test_an_hour_that_clocks_show_twice_belongs_to_one_day() -> None:
    begins = start_of(date(2021, 11, 7), HAVANA)  # 00:00 to 01:00 came twice
    assert left(Quota(a_day=1), [begins], now=begins + timedelta(minutes=90), zone=HAVANA).today == 0


@given(moments, st.lists(moments, max_size=30), limits, limits, st.sampled_from(ZONES))
def test_the_rest_is_the_limit_less_what_was_charged(
    now: datetime, charged: list[datetime], a_day: int | None, in_all: int | None, zone: ZoneInfo
) -> None:
    rest = left(Quota(a_day=a_day, in_all=in_all), charged, now=now, zone=zone)
    today = len([one for one in charged if one.astimezone(zone).date() == now.astimezone(zone).date()])
    assert rest.today == (None if a_day is None else max(0, a_day - today))
    assert rest.in_all == (None if in_all is None else max(0, in_all - len(charged)))
    assert rest.any == ((a_day is None or today < a_day) and (in_all is None or len(charged) < in_all))


@given(moments, st.integers(1, 5), st.sampled_from(ZONES))
def test_at_the_reset_the_day_is_whole_again_and_not_a_second_earlier(
    now: datetime, a_day: int, zone: ZoneInfo
) -> None:
    quota, charged = Quota(a_day=a_day), [now] * a_day
    resets = left(quota, charged, now=now, zone=zone).resets
    assert resets is not None
    assert resets > now
    assert left(quota, charged, now=resets, zone=zone).today == a_day
    assert left(quota, charged, now=resets - timedelta(seconds=1), zone=zone).today == 0


def test_entries_that_break_are_bounded_a_day_and_the_next_day_starts_anew() -> None:
    now, quota = datetime(2021, 1, 20, 16, 30, tzinfo=UTC), Quota(a_day=2, in_all=3)
    yesterday, most = [datetime(2021, 1, 20, 15, 59, tzinfo=UTC)] * 50, BROKEN_TIMES * 2
    assert broken_until(quota, [*yesterday, *[now] * (most - 1)], now=now, zone=SHANGHAI) is None
    until = broken_until(quota, [now] * most, now=now, zone=SHANGHAI)
    assert until == datetime(2021, 1, 21, 16, tzinfo=UTC)
    assert broken_until(quota, [now] * most, now=until, zone=SHANGHAI) is None


def test_without_a_quota_of_the_day_so_many_may_break() -> None:
    now = datetime(2021, 1, 20, 16, 30, tzinfo=UTC)
    assert broken_until(Quota(in_all=3), [now] * (MOST_BROKEN - 1), now=now, zone=BERLIN) is None
    assert broken_until(Quota(), [now] * MOST_BROKEN, now=now, zone=BERLIN) is not None
