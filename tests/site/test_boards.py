"""Boards on the site: refreshes, reruns, disqualification, editions, and who sees which."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

import small_site as small
from tiltyard.contest import challenge as files
from tiltyard.site import clock
from tiltyard.site.challenge import adding, editions
from tiltyard.site.models import BoardSnapshot, Challenge, Entry, Evaluation, Team
from tiltyard.site.ranking import snapshots
from tiltyard.site.ranking.results import ranking
from tiltyard.site.ranking.snapshots import take_due
from tiltyard.site.seeing import boards
from tiltyard.site.seeing.boards import PRIVATE, PUBLIC
from tiltyard.site.seeing.sight import seen
from tiltyard.site.storing.files import keep_bytes

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURLY = {"refresh_minutes": 60}
NOBODY = AnonymousUser()


def lines(challenge: Challenge, kind: str = PUBLIC, edition: int | None = None) -> list[tuple[int, str, float]]:
    board = boards.board(challenge, "main", "regions", kind, user=NOBODY, edition=edition)
    return [(line.rank, line.team.name, line.value) for line in board.lines] if board else []


def two_teams(challenge: Challenge) -> tuple[Team, Team]:
    return small.team(challenge, small.somebody("Ann"), name="A"), small.team(challenge, small.somebody("Bo"), name="B")


def handed_in(team: Team, folder: Path, f1: float, **fields: object) -> Entry:
    entry = small.entry(team, small.table_entry(folder))
    small.scored(entry, f1, **fields)
    return entry


def test_a_board_without_a_rhythm_follows_every_score(tmp_path: Path) -> None:
    challenge = small.challenge()
    first, second = two_teams(challenge)
    with clock.at(NOON):
        assert lines(challenge) == []
        handed_in(first, tmp_path, 0.5)
    with clock.at(NOON + timedelta(seconds=2)):
        assert lines(challenge) == [(1, "A", 0.5)]
        handed_in(second, tmp_path, 0.7)
    with clock.at(NOON + timedelta(seconds=4)):
        assert lines(challenge) == [(1, "B", 0.7), (2, "A", 0.5)]


def test_pictures_of_such_a_board_are_kept_every_ten_minutes(tmp_path: Path) -> None:
    challenge = small.challenge()
    team, _ = two_teams(challenge)
    for minute in (0, 1, 2, 11, 12):
        with clock.at(NOON + timedelta(minutes=minute)):
            handed_in(team, tmp_path, 0.5 + minute / 100)
        with clock.at(NOON + timedelta(minutes=minute, seconds=5)):
            lines(challenge)
    kept = BoardSnapshot.objects.filter(kind=PUBLIC).order_by("at")
    assert [snapshot.lines[0]["value"] for snapshot in kept] == [0.52, 0.62]


def test_an_hourly_board_knows_what_was_scored_before_the_hour(tmp_path: Path) -> None:
    challenge = small.challenge(board=HOURLY)
    team, _ = two_teams(challenge)
    with clock.at(NOON + timedelta(minutes=10)):
        handed_in(team, tmp_path, 0.5)
    with clock.at(NOON + timedelta(minutes=59)):
        assert lines(challenge) == []
    with clock.at(NOON + timedelta(minutes=60, seconds=1)):
        assert lines(challenge) == [(1, "A", 0.5)]
        board = boards.board(challenge, "main", "regions", PUBLIC, user=NOBODY)
        assert board is not None
        assert (board.at, board.next) == (NOON + timedelta(hours=1), NOON + timedelta(hours=2))


def test_the_scheduler_takes_an_hourly_board_once(tmp_path: Path) -> None:
    challenge = small.challenge(board=HOURLY)
    team, _ = two_teams(challenge)
    with clock.at(NOON + timedelta(minutes=10)):
        handed_in(team, tmp_path, 0.5)
    assert take_due(NOON + timedelta(minutes=11)) == 1  # the organisers' private one follows every score
    assert take_due(NOON + timedelta(minutes=60)) == 1
    assert take_due(NOON + timedelta(minutes=61)) == 0
    assert take_due(NOON + timedelta(minutes=120)) == 0


def test_scores_of_one_second_cost_one_reckoning_of_each_board(tmp_path: Path) -> None:
    challenge = small.challenge()
    first, second = two_teams(challenge)
    with clock.at(NOON):
        for f1 in (0.5, 0.6, 0.7):
            handed_in(first, tmp_path, f1)
        handed_in(second, tmp_path, 0.65)
    assert not BoardSnapshot.objects.exists()
    assert take_due(NOON + timedelta(seconds=2)) == 2, "the public and the private one"
    assert take_due(NOON + timedelta(seconds=3)) == 0
    with clock.at(NOON + timedelta(seconds=4)):
        handed_in(second, tmp_path, 0.8)
        assert lines(challenge)[0] == (1, "B", 0.8), "who looks before the scheduler comes sees no old board"


def test_a_score_that_is_committed_after_its_refresh_still_comes_in(tmp_path: Path) -> None:
    challenge = small.challenge(board=HOURLY)
    first, second = two_teams(challenge)
    with clock.at(NOON + timedelta(minutes=10)):
        handed_in(first, tmp_path, 0.5)
        late = small.entry(second, small.table_entry(tmp_path))
    take_due(NOON + timedelta(minutes=60))
    small.scored(late, 0.9, finished=NOON + timedelta(minutes=59, seconds=59))
    take_due(NOON + timedelta(minutes=60, seconds=1))
    with clock.at(NOON + timedelta(minutes=61)):
        assert lines(challenge) == [(1, "B", 0.9), (2, "A", 0.5)]


def test_a_rerun_counts_when_it_has_an_outcome(tmp_path: Path) -> None:
    challenge = small.challenge()
    team, _ = two_teams(challenge)
    with clock.at(NOON):
        entry = handed_in(team, tmp_path, 0.5)
        Evaluation.objects.create(entry=entry, version=challenge.version, number=2)
    with clock.at(NOON + timedelta(minutes=1)):
        assert lines(challenge) == [(1, "A", 0.5)]
        small.scored(entry, 0.4, finished=clock.now(), number=3)
    with clock.at(NOON + timedelta(minutes=2)):
        assert lines(challenge) == [(1, "A", 0.4)]


def test_a_disqualified_entry_leaves_the_board_at_once_and_the_next_best_takes_its_place(tmp_path: Path) -> None:
    challenge = small.challenge(board=HOURLY)
    team, _ = two_teams(challenge)
    with clock.at(NOON + timedelta(minutes=1)):
        handed_in(team, tmp_path, 0.5)
        best = handed_in(team, tmp_path, 0.9)
    with clock.at(NOON + timedelta(minutes=70)):
        assert lines(challenge) == [(1, "A", 0.9)]
        Entry.objects.filter(pk=best.pk).update(disqualified="copied")
        snapshots.retake(ranking(challenge, "main", "regions"), clock.now())
        assert lines(challenge) == [(1, "A", 0.5)]
    kept = BoardSnapshot.objects.filter(kind=PUBLIC).order_by("at")
    assert [snapshot.lines[0]["value"] for snapshot in kept] == [0.9, 0.5]


def test_what_organisers_made_of_a_teams_material_is_on_no_board(tmp_path: Path) -> None:
    challenge = small.challenge()
    team, _ = two_teams(challenge)
    with clock.at(NOON):
        handed_in(team, tmp_path, 0.5)
        small.scored(small.entry(team, small.table_entry(tmp_path), outside=True), 0.9)
    with clock.at(NOON + timedelta(minutes=1)):
        assert lines(challenge) == [(1, "A", 0.5)]


def test_scores_under_other_data_stand_on_a_board_of_their_own(tmp_path: Path) -> None:
    challenge = small.challenge()
    team, _ = two_teams(challenge)
    old = challenge.version
    with clock.at(NOON):
        entry = handed_in(team, tmp_path, 0.5)
        lines(challenge)
    with clock.at(NOON + timedelta(minutes=1)):
        lines(challenge)
        file = files.Challenge.model_validate(small.content())
        new = small.new_version(challenge, file, truth=small.table({"0.jpg": []}))
        new.editions = editions.after(old, file, new.manifest, new.number)
        new.save()
        small.scored(entry, 0.3, version=new, finished=clock.now())
    assert new.editions == {"regions": 2}
    with clock.at(NOON + timedelta(minutes=2)):
        assert lines(challenge) == [(1, "A", 0.3)]
        assert lines(challenge, edition=1) == [(1, "A", 0.5)]
        assert lines(challenge, edition=7) == []


def test_the_last_scores_before_the_rules_change_stand_on_their_own_board(tmp_path: Path) -> None:
    challenge = small.challenge()
    team, _ = two_teams(challenge)
    with clock.at(NOON):
        handed_in(team, tmp_path, 0.5)
    with clock.at(NOON + timedelta(seconds=1)):
        other = {**challenge.version.manifest, "data/truth.csv": keep_bytes(small.table({"0.jpg": []})).digest}
        new = adding.add_version(challenge, challenge.file, other, by=None, note="truth corrected")
    assert new.editions == {"regions": 2}
    with clock.at(NOON + timedelta(minutes=2)):
        assert lines(challenge, edition=1) == [(1, "A", 0.5)]


@pytest.mark.django_db(transaction=True)
def test_no_board_reckoned_before_a_disqualification_is_kept_after_it(tmp_path: Path) -> None:
    challenge = small.challenge()
    _, second = two_teams(challenge)
    handed_in(second, tmp_path, 0.9)
    read, answered = threading.Event(), list[bool]()

    def tick() -> None:
        read.wait(timeout=30)
        answered.append(snapshots.take_if_due(ranking(challenge, "main", "regions"), PUBLIC, clock.now()))
        connection.close()

    scheduler = threading.Thread(target=tick)
    scheduler.start()
    with snapshots.held(challenge):
        read.set()
        scheduler.join(timeout=0.5)
        assert not answered
        Team.objects.filter(pk=second.pk).update(disqualified="two accounts")
        snapshots.retake_all(challenge, clock.now())
    scheduler.join(timeout=30)
    assert len(answered) == 1
    assert lines(challenge) == []


def test_the_private_board_is_the_organisers_until_it_opens(tmp_path: Path) -> None:
    olga = small.organiser()
    phase = {"closes": NOON + timedelta(hours=5)}
    challenge = small.challenge(organisers=[olga], phase=phase, board={"public_share": 0.5})
    team, _ = two_teams(challenge)
    with clock.at(NOON):
        handed_in(team, tmp_path, 0.61, public=0.42)
    with clock.at(NOON + timedelta(minutes=1)):
        assert boards.board(challenge, "main", "regions", PRIVATE, user=NOBODY) is None
        assert boards.board(challenge, "main", "regions", PRIVATE, user=team.captain) is None
        private = boards.board(challenge, "main", "regions", PRIVATE, user=olga)
        assert private is not None
        assert private.lines[0].value == 0.61
        assert boards.history(private.ranking, PRIVATE, user=team.captain) == []
        assert lines(challenge) == [(1, "A", 0.42)]
    with clock.at(NOON + timedelta(hours=6)):
        assert lines(challenge, PRIVATE) == [(1, "A", 0.61)]


def test_a_team_knows_of_its_score_what_the_board_knows(tmp_path: Path) -> None:
    challenge = small.challenge(board={**HOURLY, "decimals": 1, "public_share": 0.5})
    team, other = two_teams(challenge)
    with clock.at(NOON + timedelta(minutes=10)):
        entry = handed_in(team, tmp_path, 0.61, public=0.4321)
    with clock.at(NOON + timedelta(minutes=20)):
        shown = seen(team.captain, entry)
        assert (shown.public, shown.private, shown.public_from) == (None, None, NOON + timedelta(hours=1))
    with clock.at(NOON + timedelta(minutes=61)):
        shown = seen(team.captain, entry)
        assert shown.public is not None
        assert shown.public.values == {"f1": 0.4, "precision": 0.4, "recall": 0.4}
        assert shown.public.interval == (0.3, 0.5)
        assert shown.private is None
        assert seen(other.captain, entry).public is None


def test_with_a_ladder_a_team_sees_the_ladders_figure(tmp_path: Path) -> None:
    challenge = small.challenge(board={"ladder": 0.1, "public_share": 0.5})
    team, _ = two_teams(challenge)
    with clock.at(NOON):
        handed_in(team, tmp_path, 0.5)
    with clock.at(NOON + timedelta(minutes=1)):
        second = handed_in(team, tmp_path, 0.5421)
    with clock.at(NOON + timedelta(minutes=2)):
        shown = seen(team.captain, second)
        assert shown.public is not None
        assert (shown.public.values, shown.public.interval) == ({"f1": 0.5}, None)
        assert lines(challenge) == [(1, "A", 0.5)]


def test_lines_whose_intervals_overlap_are_marked(tmp_path: Path) -> None:
    challenge = small.challenge()
    first, second = two_teams(challenge)
    with clock.at(NOON):
        handed_in(first, tmp_path, 0.5)
        handed_in(second, tmp_path, 0.52)
    with clock.at(NOON + timedelta(minutes=1)):
        board = boards.board(challenge, "main", "regions", PUBLIC, user=NOBODY)
        assert board is not None
        assert [line.not_separated for line in board.lines] == [False, True]
