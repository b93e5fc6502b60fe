"""The board as a page: order, intervals on one scale, failures, hostile names."""

import pytest
from html_page import Page, check_adaptive, check_self_contained

from tiltyard.contest.board import Candidate, Standing, rank
from tiltyard.contest.track import Metric, Score
from tiltyard.report.board import board_html

PERCENT = Metric("score", "%")
FREE = Metric("seconds", "s", higher_is_better=False, decimals=2)


def standings(metric: Metric) -> list[Standing]:
    name = metric.name
    return rank(
        [
            Candidate("steady", Score({name: 40.0}), (30.0, 50.0)),
            Candidate("<b onclick=x()>bold</b>\u202e", Score({name: 60.0}), None),
            Candidate("broken", Score({name: 0.0}, (), "over <i>budget</i>"), None),
        ],
        metric,
    )


@pytest.mark.parametrize("metric", [PERCENT, FREE])
def test_board_is_one_self_contained_page_in_order(metric: Metric) -> None:
    ranked = standings(metric)
    page = Page(board_html(ranked, "Title & more", metric))
    check_self_contained(page)
    check_adaptive(page)
    assert "Title & more" in page.text
    assert "<b onclick=x()>bold</b>\\u202e" in page.text
    assert "failed: over <i>budget</i>" in page.text
    assert "30.00 – 50.00" in page.text
    places = [page.text.index(standing.name.rstrip("\u202e")) for standing in ranked]
    assert places == sorted(places)


def test_scores_and_intervals_lie_on_one_scale() -> None:
    source = board_html(standings(PERCENT), "t", PERCENT)
    assert '<b style="left:30.0%;width:20.00%">' in source
    assert '<u style="left:40.0%">' in source


@pytest.mark.parametrize("values", [[], [0.0], [5.0, 5.0], [-1e-9, 1e9]])
def test_any_spread_of_scores_has_a_scale(values: list[float]) -> None:
    candidates = [Candidate(str(index), Score({"seconds": value})) for index, value in enumerate(values)]
    Page(board_html(rank(candidates, FREE), "t", FREE))


def test_an_interval_has_as_many_decimals_as_its_metric_needs() -> None:
    standing = Standing(1, "found", Score({"f1": 0.5417}), (0.5012, 0.5799))
    assert "0.5012 – 0.5799" in board_html([standing], "Forged credentials", Metric("f1"))
