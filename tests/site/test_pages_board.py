"""The board's page and its table for other programs."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.test import Client

import small_site as small
from small_pages import attributes, seen
from tiltyard.site import clock
from tiltyard.site.models import Challenge, Team, User
from tiltyard.site.seeing import boards

pytestmark = pytest.mark.django_db
BOARD = "/c/certificates/board"
OPENS = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=10)
WINDOW = {"opens": OPENS, "closes": CLOSES}


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def scored(team: Team, folder: Path, f1: float, **fields: float) -> None:
    small.scored(small.entry(team, small.table_entry(folder)), f1, **fields)


def two_teams(of: Challenge) -> tuple[Team, Team]:
    return small.team(of, small.somebody("Ann"), name="Lance"), small.team(of, small.somebody("Bo"), name="Shield")


def test_an_empty_board_says_what_will_come(client: Client) -> None:
    small.challenge()
    assert "The first scored entry appears here." in seen(client.get(BOARD))


def test_lines_have_rank_score_interval_and_the_mark_of_no_significance(client: Client, tmp_path: Path) -> None:
    first, second = two_teams(small.challenge())
    scored(first, tmp_path, 0.80)
    scored(second, tmp_path, 0.78)
    text = seen(client.get(BOARD))
    assert "1 Lance 0.8000 0.7500 – 0.8500 1" in text
    assert "2 Shield 0.7800 0.7300 – 0.8300 ≈ 1" in text
    assert "The difference to the line above is not significant: the intervals overlap." in text


def test_a_clear_difference_bears_no_mark(client: Client, tmp_path: Path) -> None:
    first, second = two_teams(small.challenge())
    scored(first, tmp_path, 0.80, spread=0.01)
    scored(second, tmp_path, 0.60, spread=0.01)
    assert "≈" not in seen(client.get(BOARD))


def test_ones_own_team_is_marked_and_leads_to_its_entry(client: Client, tmp_path: Path) -> None:
    first, second = two_teams(small.challenge())
    scored(first, tmp_path, 0.80)
    scored(second, tmp_path, 0.60)
    own = as_(second.captain).get(BOARD).text
    assert own.count('class="own"') == 1
    assert own.count("/c/certificates/entries/") == 1
    assert "/c/certificates/entries/" not in client.get(BOARD).text


def test_the_public_board_speaks_of_public_items_until_all_are_opened(client: Client, tmp_path: Path) -> None:
    of = small.challenge(phase=WINDOW, board={"public_share": 0.5, "refresh_minutes": 60})
    first, _second = two_teams(of)
    with clock.at(OPENS + timedelta(minutes=5)):
        scored(first, tmp_path, 0.8123, public=0.7456)
        text = seen(client.get(BOARD))
        assert "Scored entries appear with the next refresh." in text
        assert "Next refresh: 2 Mar 2026, 13:00" in text
    with clock.at(OPENS + timedelta(minutes=65)):
        text = seen(client.get(BOARD))
        assert "0.7456" in text
        assert "0.8123" not in text
        assert "the final order may differ" in text
        hidden = client.get(BOARD, {"kind": "private"})
        assert "This board is not shown yet. It opens on 12 Mar 2026, 12:00" in seen(hidden)
        assert "0.8123" not in hidden.text
        assert client.get(f"{BOARD}.csv", {"kind": "private"}).status_code == 404
    with clock.at(CLOSES):
        answer = client.get(BOARD)
        assert "0.8123" in seen(answer)
        assert "?phase=main&contest=regions&kind=public" in attributes(answer, "href")
        assert "0.7456" in seen(client.get(BOARD, {"kind": "public"}))


def test_a_board_that_rounds_shows_no_more_than_it_says(client: Client, tmp_path: Path) -> None:
    first, _second = two_teams(small.challenge(phase=WINDOW, board={"decimals": 2}))
    with clock.at(OPENS + timedelta(hours=1)):
        scored(first, tmp_path, 0.8123, spread=0.0111)
        for answer in (client.get(BOARD), client.get(f"{BOARD}.csv")):
            assert "0.81" in answer.text
            assert "0.812" not in answer.text


def test_history_is_drawn_once_there_is_some(client: Client, tmp_path: Path) -> None:
    of = small.challenge(phase=WINDOW)
    first, second = two_teams(of)
    for hour, team, f1 in ((1, first, 0.5), (2, second, 0.6), (3, first, 0.7)):
        with clock.at(OPENS + timedelta(hours=hour)):
            scored(team, tmp_path, f1)
            boards.board(of, "main", "regions", boards.PUBLIC, user=first.captain)
    with clock.at(OPENS + timedelta(hours=4)):
        page = client.get(BOARD).text
    drawing = page[page.index('<svg class="plot"') : page.index("</svg>", page.index('<svg class="plot"'))]
    assert drawing.count('class="series') == 2
    assert ">Lance</text>" in drawing
    assert "style=" not in drawing


def test_the_table_for_programs_is_the_same_and_no_formula(client: Client, tmp_path: Path) -> None:
    of = small.challenge()
    team = small.team(of, small.somebody("Ann"), name="=HYPERLINK(1)")
    scored(team, tmp_path, 0.8)
    answer = client.get(f"{BOARD}.csv")
    [row] = csv.DictReader(StringIO(answer.text))
    assert row["team"] == "'=HYPERLINK(1)"
    assert (row["rank"], row["f1"], row["low"], row["not_separated"]) == ("1", "0.8", "0.75", "no")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("query", ["phase=none", "contest=none", "kind=none"])
def test_what_there_is_not_is_not_found(client: Client, query: str) -> None:
    small.challenge()
    assert client.get(f"{BOARD}?{query}").status_code == 404
    assert client.get(f"{BOARD}?version=x").status_code == 200
