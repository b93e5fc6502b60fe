"""Rates: how often something may be tried, by whom, and what is said then."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory

from small_crowd import at_once
from tiltyard.site import clock
from tiltyard.site.auditing.addresses import address_of, network_of
from tiltyard.site.models import Knock
from tiltyard.site.people import limits
from tiltyard.site.refused import TooOften

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_so_many_tries_are_allowed_and_then_none_until_the_oldest_is_forgotten() -> None:
    with clock.at(NOON):
        assert [limits.allow("door", 3, 60) for _ in range(5)] == [True, True, True, False, False]
        assert limits.allow("another door", 3, 60)
    with clock.at(NOON + timedelta(seconds=61)):
        assert limits.allow("door", 3, 60)


@pytest.mark.django_db
def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    with clock.at(NOON):
        assert limits.allow("door", 1, 60)
    with clock.at(NOON + timedelta(seconds=50)):
        assert not limits.allow("door", 1, 60)
        assert 9 <= limits.seconds_left("door", 1, 60) <= 10
    with clock.at(NOON + timedelta(seconds=60.5)):
        assert limits.allow("door", 1, 60)


@pytest.mark.django_db
def test_the_refusal_says_how_long_to_wait() -> None:
    limits.check("door", 1, 40)
    with pytest.raises(TooOften, match=r"Try again in (39|40) seconds"):
        limits.check("door", 1, 40)
    assert str(limits.too_often(600)) == "Too many tries. Try again in 10 minutes."
    assert str(limits.too_often(1)) == "Too many tries. Try again in 1 second."


@pytest.mark.django_db
def test_forgotten_tries_count_no_more_and_old_ones_leave_the_table() -> None:
    with clock.at(NOON - timedelta(days=2)):
        limits.allow("long ago", 1, 60)
    limits.check("door", 1, 60)
    limits.forget("door")
    assert limits.allow("door", 1, 60)
    assert not Knock.objects.filter(key="long ago").exists()


@pytest.mark.django_db(transaction=True)
def test_a_crowd_at_one_moment_gets_in_no_more_often() -> None:
    allowed = at_once([lambda: limits.allow("door", 3, 60)] * 8)
    assert sum(one is True for one in allowed) <= 3
    assert all(isinstance(one, bool) for one in allowed)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_addresses_count_by_network(address: str, network: str) -> None:
    assert network_of(RequestFactory().get("/", REMOTE_ADDR=address)) == network


def test_a_forwarded_address_is_believed_only_behind_the_proxy(settings: object) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})
    assert address_of(request) == "192.0.2.7"
    settings.SECURE = True  # type: ignore[attr-defined]
    assert address_of(request) == "203.0.113.9"
