"""Boards against boards worked by hand, and against what holds of every board."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tiltyard.contest.challenge import BoardRules
from tiltyard.contest.standings import Line, Result, not_separated, shown_figures, standings
from tiltyard.contest.track import Metric

SCORE, LOSS = Metric("score", decimals=2), Metric("loss", higher_is_better=False, decimals=2)
START = datetime(2021, 1, 20, tzinfo=UTC)


def result(
    team: str, entry: int, value: float, *, interval: tuple[float, float] | None = None, at: int | None = None
) -> Result:
    hours = timedelta(hours=entry if at is None else at)
    return Result(team, entry, START + hours, {"score": value, "loss": value, "other": value / 3}, interval)


def board(*results: Result, metric: Metric = SCORE, public: bool = True, **rules: object) -> list[Line]:
    return standings(results, metric, BoardRules.model_validate(rules), public=public)


def told(lines: list[Line]) -> list[tuple[int, str, int, float]]:
    return [(line.rank, line.team, line.entry, line.value) for line in lines]


def test_a_team_has_one_line_with_its_best_entry_and_the_count_of_all() -> None:
    lines = board(result("a", 1, 10), result("b", 2, 30), result("a", 3, 20), result("a", 4, 15))
    assert told(lines) == [(1, "b", 2, 30), (2, "a", 3, 20)]
    assert [line.entries for line in lines] == [1, 3]
    assert lines[1].at == START + timedelta(hours=3)


def test_the_last_entry_is_kept_where_the_rules_say_so() -> None:
    lines = board(result("a", 3, 15), result("a", 1, 30), result("b", 2, 20), keep="last")
    assert told(lines) == [(1, "b", 2, 20), (2, "a", 3, 15)]


def test_equal_scores_share_a_rank_and_the_earlier_stands_first() -> None:
    lines = board(result("z", 1, 50), result("d", 2, 60), result("a", 3, 50), result("b", 4, 40))
    assert told(lines) == [(1, "d", 2, 60), (2, "z", 1, 50), (2, "a", 3, 50), (4, "b", 4, 40)]


def test_of_a_teams_equal_entries_the_earliest_counts() -> None:
    assert told(board(result("a", 1, 50), result("a", 2, 50.001))) == [(1, "a", 1, 50)]


def test_lower_is_better_where_the_metric_says_so() -> None:
    lines = board(result("a", 1, 3), result("a", 2, 2), result("b", 3, 1), metric=LOSS)
    assert told(lines) == [(1, "b", 3, 1), (2, "a", 2, 2)]


def test_public_scores_are_rounded_and_tie_as_they_are_shown_and_private_ones_are_not() -> None:
    results = [result("a", 1, 50.26), result("b", 2, 50.34)]
    assert told(board(*results, decimals=1)) == [(1, "a", 1, 50.3), (1, "b", 2, 50.3)]
    assert told(board(*results, decimals=1, public=False)) == [(1, "b", 2, 50.34), (2, "a", 1, 50.26)]


def test_an_interval_is_rounded_outwards_so_that_it_stays_true() -> None:
    both = result("a", 1, 50.26, interval=(49.99, 50.31))
    assert board(both, decimals=1)[0].interval == (49.9, 50.4)
    assert board(both)[0].interval == (49.99, 50.31)
    assert board(both, decimals=1, public=False)[0].interval == (49.99, 50.31)


def test_with_a_ladder_the_board_shows_the_entry_that_moved_it_and_no_interval() -> None:
    results = [result("a", entry, value, interval=(0, 9)) for entry, value in enumerate([50.2, 50.9, 52.4, 40.0])]
    (line,) = board(*results, ladder=1.0)
    assert (line.entry, line.value, line.interval) == (2, 52.0, None)
    (private,) = board(*results, ladder=1.0, public=False)
    assert (private.entry, private.value, private.interval) == (2, 52.4, (0, 9))


def test_what_a_team_is_shown_of_each_entry_is_what_the_board_would_show() -> None:
    results = [result("a", entry, value) for entry, value in enumerate([50.24, 50.9, 52.4])]
    assert shown_figures(results, SCORE, BoardRules(ladder=1.0)) == {
        0: {"score": 50.0},
        1: {"score": 50.0},
        2: {"score": 52.0},
    }
    rounded = shown_figures(results, SCORE, BoardRules(decimals=1))
    assert rounded[0] == {"score": 50.2, "loss": 50.2, "other": 16.7}


def test_a_difference_is_not_significant_where_intervals_of_neighbours_meet() -> None:
    lines = board(
        result("a", 1, 9, interval=(8, 10)),
        result("b", 2, 7, interval=(6, 8)),
        result("c", 3, 4, interval=(3, 5.9)),
        result("d", 4, 3),
        result("e", 5, 2, interval=(0, 9)),
    )
    assert not_separated(lines) == {"b"}
    assert not_separated([]) == frozenset()


def test_nobody_stands_on_an_empty_board() -> None:
    assert board() == []


values = st.integers(0, 12).map(lambda number: number / 4)
many = st.lists(st.tuples(st.sampled_from("abcdef"), values, st.integers(0, 5)), max_size=40)


@given(many, st.sampled_from([SCORE, LOSS]), st.sampled_from(["best", "last"]), st.sampled_from([None, 0, 1]))
def test_what_holds_of_every_board(
    entries: list[tuple[str, float, int]], metric: Metric, keep: str, decimals: int | None
) -> None:
    results = [result(team, number, value, at=at) for number, (team, value, at) in enumerate(entries)]
    lines = board(*results, metric=metric, keep=keep, decimals=decimals)
    shown = metric.decimals if decimals is None else decimals
    assert sorted(line.team for line in lines) == sorted({team for team, *_ in entries})
    assert sum(line.entries for line in lines) == len(entries)
    for line in lines:
        own = sorted((one for one in results if one.team == line.team), key=lambda one: (one.at, one.entry))
        figures = [round(one.values[metric.name], shown) for one in own]
        best = (max if metric.higher_is_better else min)(figures)
        place = figures.index(best) if keep == "best" else len(own) - 1
        assert (line.entry, line.value) == (own[place].entry, figures[place])
        assert line.rank == 1 + len([one for one in lines if _beats(one.value, line.value, metric)])
    assert lines == sorted(lines, key=lambda line: (line.rank, line.at))


@given(many, st.randoms())
def test_the_order_in_which_results_come_changes_nothing(
    entries: list[tuple[str, float, int]], draw: random.Random
) -> None:
    results = [result(team, number, value, at=at) for number, (team, value, at) in enumerate(entries)]
    mixed = list(results)
    draw.shuffle(mixed)
    for rules in ({}, {"ladder": 0.5}, {"keep": "last"}):
        assert board(*mixed, **rules) == board(*results, **rules)


def _beats(one: float, other: float, metric: Metric) -> bool:
    return one > other if metric.higher_is_better else one < other
