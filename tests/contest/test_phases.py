"""What a phase allows, a second before, at and after each of its times."""

from datetime import UTC, datetime, timedelta

import pytest

from tiltyard.contest.challenge import BoardRules, Challenge, Contest, Phase, Release, Words
from tiltyard.contest.phases import (
    Stage,
    current_phase,
    private_opened,
    private_opens,
    registration_open,
    released,
    stage,
)

OPENS = datetime(2021, 1, 20, 2, tzinfo=UTC)
CLOSES = datetime(2021, 3, 1, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def phase(name: str = "finals", **told: object) -> Phase:
    return Phase.model_validate({"name": name, "title": "x", "opens": OPENS, "closes": CLOSES, **told})


def challenge(*phases: Phase) -> Challenge:
    contest = Contest(name="masks", title=Words(en="Masks"), track="forgery", data="data")
    return Challenge(name="tilt", title=Words(en="T"), summary=Words(en="S"), contests=(contest,), phases=phases)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (OPENS - SECOND, Stage.before),
        (OPENS, Stage.open),
        (CLOSES - SECOND, Stage.open),
        (CLOSES, Stage.closed),
    ],
)
def test_a_phase_is_open_from_its_opening_to_just_before_its_closing(moment: datetime, expected: Stage) -> None:
    assert stage(phase(), moment) is expected


def test_a_phase_without_end_never_closes() -> None:
    endless = phase(closes=None)
    assert stage(endless, datetime(2999, 1, 1, tzinfo=UTC)) is Stage.open
    assert private_opens(endless) is None
    assert not private_opened(endless, datetime(2999, 1, 1, tzinfo=UTC))


def test_registration_keeps_its_own_times_and_ends_with_the_phase_where_it_has_none() -> None:
    assert registration_open(phase(), OPENS - 99 * DAY)
    assert not registration_open(phase(), CLOSES)
    windowed = phase(registration_opens=OPENS - DAY, registration_closes=OPENS + DAY)
    moments = [OPENS - DAY - SECOND, OPENS - DAY, OPENS + DAY - SECOND, OPENS + DAY]
    assert [registration_open(windowed, moment) for moment in moments] == [False, True, True, False]
    assert registration_open(phase(closes=None), CLOSES + 999 * DAY)


def test_the_current_phase_is_the_open_one_then_the_next_then_the_last() -> None:
    first = phase("first", closes=OPENS + DAY)
    second = phase("second", opens=OPENS + 3 * DAY, closes=OPENS + 9 * DAY)
    both = challenge(second, first)
    days = {-1: "first", 0: "first", 2: "second", 5: "second", 30: "second"}
    assert {day: current_phase(both, OPENS + day * DAY).name for day in days} == days


def test_of_two_open_phases_the_later_one_is_current() -> None:
    overlapping = challenge(phase("late", opens=OPENS + DAY), phase("early"))
    assert current_phase(overlapping, OPENS + 2 * DAY).name == "late"


def test_the_private_board_opens_at_its_own_time_or_with_the_closing() -> None:
    assert private_opens(phase()) == CLOSES
    later = phase(board=BoardRules(private_opens=CLOSES + DAY))
    moments = [CLOSES, CLOSES + DAY - SECOND, CLOSES + DAY]
    assert [private_opened(later, moment) for moment in moments] == [False, False, True]


def test_a_file_is_released_at_its_own_time_or_when_the_phase_opens() -> None:
    early, plain = (
        Release(file="train.zip", title=Words(en="Training"), opens=OPENS - DAY),
        Release(file="test.zip", title=Words(en="Test")),
    )
    both = phase(releases=[plain, early])
    assert released(both, OPENS - DAY - SECOND) == ()
    assert released(both, OPENS - DAY) == (early,)
    assert released(both, OPENS) == (plain, early)
