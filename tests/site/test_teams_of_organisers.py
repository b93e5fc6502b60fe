"""Teams with an organiser in them try the challenge out of competition."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

import small_site as small
from tiltyard.site import clock
from tiltyard.site.models import Award, BoardSnapshot, Challenge, Entry, Reproduction, Team, User
from tiltyard.site.organising import asking
from tiltyard.site.ranking import awards
from tiltyard.site.seeing import boards

pytestmark = pytest.mark.django_db
CLOSES = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def olga() -> User:
    return small.organiser("Olga")


@pytest.fixture
def challenge(olga: User) -> Challenge:
    award = {"kind": "progress", "name": "effort", "title": "Effort", "phase": "main", "contest": "regions"}
    final = {"phase": "main", "contest": "regions", "first": 2, "named": 1}
    return small.challenge(
        organisers=[olga], awards=[award | {"days": 1, "within_days": 1}], final=final, phase={"closes": CLOSES}
    )


def handed_in(team: Team, folder: Path, f1: float) -> Entry:
    entry = small.entry(team, small.table_entry(folder))
    small.scored(entry, f1)
    return entry


def on_the_board(challenge: Challenge, user: User) -> list[str]:
    shown = boards.board(challenge, "main", "regions", BoardSnapshot.Kind.PUBLIC, user=user)
    return [] if shown is None else [line.team.name for line in shown.lines]


def test_they_stand_on_no_board_and_the_others_move_up(challenge: Challenge, olga: User, tmp_path: Path) -> None:
    ann = small.team(challenge, small.somebody("Ann"))
    handed_in(small.team(challenge, olga), tmp_path, 0.9)
    handed_in(small.team(challenge, small.somebody("Ada", is_superuser=True)), tmp_path, 0.8)
    handed_in(ann, tmp_path, 0.5)
    assert on_the_board(challenge, olga) == ["Team Ann"]


def test_all_members_see_the_scores_of_their_entry(challenge: Challenge, olga: User, tmp_path: Path) -> None:
    otto = small.somebody("Otto")
    entry = handed_in(small.team(challenge, otto, olga), tmp_path, 0.875)
    for user in (otto, olga):
        client = Client()
        client.force_login(user)
        assert "0.875" in client.get(f"/c/certificates/entries/{entry.pk}").text
        assert "the team stands on no board" in client.get("/c/certificates/team").text


def test_they_win_nothing_and_are_asked_for_nothing(challenge: Challenge, olga: User, tmp_path: Path) -> None:
    ann = small.team(challenge, small.somebody("Ann"))
    handed_in(small.team(challenge, olga), tmp_path, 0.9)
    handed_in(ann, tmp_path, 0.5)
    with clock.at(CLOSES + timedelta(days=1)):
        awards.give_due(clock.now())
        asking.ask_due(clock.now())
    assert [award.team for award in Award.objects.all()] == [ann]
    assert [asked.entry.team for asked in Reproduction.objects.all()] == [ann]


def test_other_teams_are_told_nothing_of_it(challenge: Challenge) -> None:
    ann = small.somebody("Ann")
    small.team(challenge, ann)
    client = Client()
    client.force_login(ann)
    assert "the team stands on no board" not in client.get("/c/certificates/team").text
