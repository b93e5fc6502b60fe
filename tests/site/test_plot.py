"""The drawing of a board's history."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tiltyard.contest.standings import Line
from tiltyard.site.seeing import plot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def boards(*scores: dict[str, float]) -> list[tuple[datetime, list[Line]]]:
    """One board an hour, best first."""
    return [
        (
            NOON + timedelta(hours=hour),
            [
                Line(rank, team, 1, value, None, 1, NOON)
                for rank, (team, value) in enumerate(sorted(board.items(), key=lambda one: -one[1]), 1)
            ],
        )
        for hour, board in enumerate(scores)
    ]


def test_nothing_is_drawn_of_nothing_or_of_one_moment() -> None:
    assert plot.history([], {}) == ""
    assert plot.history(boards({"1": 0.5}), {"1": "Lance"}) == ""


def test_a_score_holds_until_it_changes() -> None:
    drawn = plot.history(boards({"1": 0.5}, {"1": 0.5}, {"1": 0.7}), {"1": "Lance"})
    [path] = re.findall(r'class="series s0" d="([^"]+)"', drawn)
    assert len(re.findall("H", path)) == 1


def test_only_the_first_teams_are_drawn() -> None:
    scores = {str(team): team / 20 for team in range(1, 12)}
    drawn = plot.history(boards(scores, scores), {team: f"Team {team}" for team in scores})
    assert len(re.findall('class="series', drawn)) == plot.MOST
    assert "Team 11<" in drawn
    assert "Team 1<" not in drawn


def test_labels_of_close_scores_do_not_cover_each_other() -> None:
    scores = {str(team): 0.5 + team / 1e4 for team in range(6)} | {"6": 0.9}
    drawn = plot.history(boards(scores, scores), {team: f"Team {team}" for team in scores})
    heights = sorted(float(y) for y in re.findall(r'class="label" x="\d+" y="([\d.]+)"', drawn))
    assert all(below - above >= plot.LABEL_STEP - 0.2 for above, below in pairwise(heights))
    assert heights[-1] <= plot.HEIGHT


def test_a_team_that_came_to_the_board_since_it_was_read_is_not_drawn() -> None:
    drawn = plot.history(boards({"1": 0.5}, {"1": 0.5, "2": 0.9}), {"1": "Lance"})
    assert re.findall('class="label"[^>]*>([^<]+)<', drawn) == ["Lance"]
    assert plot.history(boards({"2": 0.5}, {"2": 0.9}), {"1": "Lance"}) == ""


def test_a_hostile_name_is_text() -> None:
    drawn = plot.history(boards({"1": 0.5}, {"1": 0.6}), {"1": "</svg><script>"})
    assert "<script" not in drawn
    assert "&lt;/svg&gt;&lt;script&gt;" in drawn


def test_equal_scores_have_a_frame_too() -> None:
    assert "NaN" not in plot.history(boards({"1": 0.0}, {"1": 0.0}), {"1": "Lance"})
