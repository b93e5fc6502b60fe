"""Awards against lists worked by hand, on the days of a zone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tiltyard.contest.awarding import Won, asked, named, periodic, progress
from tiltyard.contest.challenge import BoardRules, Final, Periodic, Phase, Progress, Words
from tiltyard.contest.standings import Line, Result
from tiltyard.contest.track import Metric

ZONE = ZoneInfo("Asia/Shanghai")
OPENS = datetime(2021, 3, 1, 10, tzinfo=ZONE)
METRIC = Metric("score")
TWO_OF_A_FORTNIGHT = Periodic(kind="periodic", name="fortnight", title=Words(en="F"), phase="long", contest="masks",
                              days=14, first=2)  # fmt: skip
SEVEN_DAYS = Progress(kind="progress", name="progress", title=Words(en="P"), phase="long", contest="masks", above=500)
FINAL = Final(phase="long", contest="masks", first=3, named=2)


def day(number: int, hour: int = 12) -> datetime:
    """So many days after the first of March, by Shanghai's clocks."""
    return datetime(2021, 3, 1, hour, tzinfo=ZONE) + timedelta(days=number)


def phase(closes: datetime | None = None) -> Phase:
    return Phase(name="long", title=Words(en="L"), opens=OPENS, closes=closes)


def result(team: str, at: datetime, score: float) -> Result:
    return Result(team, int(at.timestamp()), at, {"score": score})


def won(results: list[Result], now: datetime, *, closes: datetime | None = None) -> list[tuple[str, int, int | None]]:
    """Team, day on which the period begins, place."""
    found = periodic(TWO_OF_A_FORTNIGHT, phase(closes), results, METRIC, now=now, zone=ZONE)
    return [(one.team, (one.period_start.astimezone(ZONE).date() - OPENS.date()).days, one.place) for one in found]


class TestPeriodic:
    RESULTS = [
        result("a", day(1), 10),
        result("b", day(2), 20),
        result("c", day(13, 23), 5),
        result("c", day(14, 0), 30),
    ]

    def test_the_first_of_each_period_that_is_over_win_and_may_win_again(self) -> None:
        first = [("b", 0, 1), ("a", 0, 2)]
        assert won(self.RESULTS, day(13, 23)) == []
        assert won(self.RESULTS, day(14, 0)) == first
        assert won(self.RESULTS, day(27, 23)) == first
        assert won(self.RESULTS, day(28, 0)) == [*first, ("c", 14, 1), ("b", 14, 2)]

    def test_later_results_do_not_change_an_award_of_an_earlier_period(self) -> None:
        later = [*self.RESULTS, result("d", day(20), 99)]
        assert won(later, day(14, 0)) == won(self.RESULTS, day(14, 0))

    def test_those_who_share_the_last_place_all_win(self) -> None:
        assert won([*self.RESULTS, result("z", day(3), 10)], day(14, 0)) == [("b", 0, 1), ("a", 0, 2), ("z", 0, 2)]

    def test_the_end_of_the_phase_cuts_the_last_period_off(self) -> None:
        assert {start for _, start, _ in won(self.RESULTS, day(99), closes=day(30))} == {0, 14}
        assert {start for _, start, _ in won(self.RESULTS, day(99), closes=day(42, 0))} == {0, 14, 28}

    def test_no_result_no_award(self) -> None:
        assert won([], day(99)) == []


def progressed(
    hand_ins: dict[str, list[datetime]],
    results: list[Result],
    metric: Metric = METRIC,
    **board: Any,
) -> list[Won]:
    shown = phase().model_copy(update={"board": BoardRules(**board)})
    return progress(SEVEN_DAYS, shown, results, hand_ins, metric, zone=ZONE)


class TestProgress:
    SEVEN = [day(number) for number in (0, 2, 4, 6, 8, 10, 13)]

    def test_seven_days_in_two_weeks_and_a_score_above(self) -> None:
        assert progressed({"a": self.SEVEN}, [result("a", day(4), 500.1)]) == [Won("a", day(0, 0), None)]

    @pytest.mark.parametrize(
        ("hand_ins", "score"),
        [
            (SEVEN, 500.0),
            (SEVEN[:-1], 600.0),
            ([*SEVEN[:-1], day(14)], 600.0),
            ([*SEVEN[:-1], day(10, 20)], 600.0),
        ],
        ids=["not above", "six days", "the seventh too late", "two on one day"],
    )
    def test_what_falls_short(self, hand_ins: list[datetime], score: float) -> None:
        assert progressed({"a": hand_ins}, [result("a", day(4), score)]) == []

    @pytest.mark.parametrize(("score", "wins"), [(500.4, False), (500.6, True)])
    def test_the_score_counts_as_the_board_rounds_it(self, score: float, wins: bool) -> None:
        won = progressed({"a": self.SEVEN}, [result("a", day(4), score)], decimals=0)
        assert bool(won) == wins

    @pytest.mark.parametrize(("ladder", "wins"), [(20.0, False), (5.0, True)])
    def test_the_score_counts_as_the_ladder_shows_it(self, ladder: float, wins: bool) -> None:
        climbed = [result("a", day(2), 490), result("a", day(4), 505)]
        assert bool(progressed({"a": self.SEVEN}, climbed, ladder=ladder)) == wins

    def test_the_score_must_be_of_these_days(self) -> None:
        assert progressed({"a": self.SEVEN}, [result("a", day(20), 600)]) == []

    def test_a_later_window_counts_too_and_a_team_wins_once(self) -> None:
        every_day = [day(number) for number in range(60)]
        assert progressed({"a": every_day}, [result("a", day(30), 600)]) == [Won("a", day(17, 0), None)]

    def test_days_are_the_zones(self) -> None:
        midnights = [day(number, 0) - timedelta(minutes=1) for number in range(1, 8)]
        both = [moment for midnight in midnights[:4] for moment in (midnight, midnight + timedelta(minutes=2))]
        assert progressed({"a": midnights}, [result("a", day(1), 600)]) != []
        assert progressed({"a": both}, [result("a", day(1), 600)]) == []
        in_utc = {"a": [moment.astimezone(UTC) for moment in midnights]}
        assert progressed(in_utc, [result("a", day(1), 600)]) == progressed(
            {"a": midnights}, [result("a", day(1), 600)]
        )

    def test_where_lower_is_better_above_means_below(self) -> None:
        lower = Metric("score", higher_is_better=False)
        assert progressed({"a": self.SEVEN}, [result("a", day(4), 499)], lower) != []
        assert progressed({"a": self.SEVEN}, [result("a", day(4), 501)], lower) == []

    def test_each_team_for_itself(self) -> None:
        hand_ins = {"b": self.SEVEN, "a": self.SEVEN}
        assert [one.team for one in progressed(hand_ins, [result("a", day(4), 600)])] == ["a"]


def line(rank: int, team: str) -> Line:
    return Line(rank, team, 1, 0.0, None, 1, OPENS)


class TestFinal:
    LINES = [line(1, "a"), line(2, "b"), line(3, "c"), line(3, "d"), line(5, "e")]

    def test_the_first_are_asked_and_those_who_share_the_last_place(self) -> None:
        assert [one.team for one in asked(FINAL, self.LINES)] == ["a", "b", "c", "d"]
        assert asked(FINAL, []) == []

    def test_the_first_that_were_reproduced_are_named(self) -> None:
        assert [one.team for one in named(FINAL, self.LINES, {"a", "b", "c"})] == ["a", "b"]
        assert [one.team for one in named(FINAL, self.LINES, {"b", "c", "d"})] == ["b", "c", "d"]

    def test_who_was_not_asked_is_not_named(self) -> None:
        assert named(FINAL, self.LINES, {"e"}) == []
