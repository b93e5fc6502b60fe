"""The Atom feed of a challenge: what happened, for everybody alike, well-formed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.test import Client

import small_site as small
from tiltyard.site import clock
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge
from tiltyard.site.ranking.snapshots import take_due
from tiltyard.site.telling.messages import message

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
OPENS, CLOSES = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def challenge() -> Challenge:
    return small.challenge(phase={"opens": OPENS, "closes": CLOSES})


def titles(client: Client, at: datetime, language: str = "en") -> list[str]:
    with clock.at(at):
        answer = client.get("/c/certificates/feed", headers={"accept-language": language})
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    return [entry.findtext(f"{ATOM}title") or "" for entry in feed.iter(f"{ATOM}entry")]


def test_phases_appear_when_they_begin_and_end(client: Client, challenge: Challenge) -> None:
    assert titles(client, OPENS - timedelta(days=1)) == []
    assert titles(client, OPENS + timedelta(days=1)) == ["Main phase is open: entries are taken"]
    assert "Main phase is over" in titles(client, CLOSES + timedelta(days=1))


def test_messages_to_all_appear_and_those_to_a_team_do_not(client: Client, challenge: Challenge) -> None:
    team = small.team(challenge, small.somebody("Ann"))
    with clock.at(OPENS + timedelta(hours=1)):
        message(challenge, None, "News <b>", "It goes on.", by=Doer())
        message(challenge, team, "For you", "A secret.", by=Doer())
    assert titles(client, OPENS + timedelta(days=1))[0] == "News <b>"
    with clock.at(OPENS + timedelta(days=1)):
        assert b"secret" not in client.get("/c/certificates/feed").content


def test_characters_that_xml_cannot_hold_do_not_break_it(client: Client) -> None:
    of = small.challenge(phase={"opens": OPENS, "title": "Main \x1b[1m"}, title="Forged\x07", summary="\x0c\ufffe")
    with clock.at(OPENS + timedelta(hours=1)):
        message(of, None, "New\x02s \x01", "It\x08 goes\n\ton\uffff 🙂.", by=Doer())
    assert titles(client, OPENS + timedelta(days=1)) == ["News ", "Main [1m is open: entries are taken"]
    assert "goes\n\ton 🙂." in client.get("/c/certificates/feed").content.decode()


def test_that_a_board_was_taken_appears_without_its_figures(
    client: Client, challenge: Challenge, tmp_path: Path
) -> None:
    team = small.team(challenge, small.somebody("Ann"))
    with clock.at(OPENS + timedelta(days=2)):
        small.scored(small.entry(team, small.table_entry(tmp_path)), 0.61234)
    take_due(OPENS + timedelta(days=2, seconds=30))
    assert titles(client, OPENS + timedelta(days=3))[0] == "Board of Regions"
    with clock.at(OPENS + timedelta(days=3)):
        assert b"0.6" not in client.get("/c/certificates/feed").content


def test_a_board_that_is_not_public_is_not_mentioned(client: Client, tmp_path: Path) -> None:
    challenge = small.challenge(phase={"opens": OPENS, "closes": CLOSES}, board={"public": False})
    team = small.team(challenge, small.somebody("Ann"))
    with clock.at(OPENS + timedelta(days=2)):
        small.scored(small.entry(team, small.table_entry(tmp_path)), 0.61234)
    take_due(OPENS + timedelta(days=2, seconds=30))
    assert titles(client, OPENS + timedelta(days=3)) == ["Main phase is open: entries are taken"]
