"""The shipped Tianchi challenge from its first day to its last, on simulated time and few images."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser

import small_forgery
import small_site as small
from small_queue import work_off
from tiltyard.site import clock
from tiltyard.site.arriving import entering
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge.adding import add_challenge
from tiltyard.site.challenge.shipping import SHIPPED
from tiltyard.site.models import Award, Challenge, Entry, Evaluation, Reproduction, Team, User, Worker
from tiltyard.site.organising import publishing, reproducing
from tiltyard.site.people import invitations, registering, teams
from tiltyard.site.ranking import awards
from tiltyard.site.refused import Refused
from tiltyard.site.scheduler import due
from tiltyard.site.seeing import boards
from tiltyard.site.seeing.sight import seen

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
CONTEST, LONG = 9, 6
"""Test images here: 1500 and 4000 in the contest."""
PROGRESS = 5.0
"""Points for the progress award here: 500 of 8000 in the contest."""
Drawn = Callable[[np.ndarray], np.ndarray]


def day(month: int, number: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of 2021 in China."""
    return datetime(2021, month, number, hour, minute, tzinfo=SHANGHAI)


def right(mask: np.ndarray) -> np.ndarray:
    return mask * 255


def nothing(mask: np.ndarray) -> np.ndarray:
    return mask * 0


@pytest.fixture
def olga() -> User:
    return small.organiser()


@pytest.fixture
def challenge(olga: User, tmp_path: Path) -> Challenge:
    """The shipped file, unchanged but for the points of the progress award, beside truth of a few images."""
    folder = tmp_path / "tianchi"
    shipped = SHIPPED / "tianchi" / "challenge.toml"
    small_forgery.write_truth(folder / "data" / "contest", CONTEST)
    small_forgery.write_truth(folder / "data" / "long-running", LONG)
    (folder / "releases").mkdir()
    for name in ("train", "test-contest", "test-long-running"):
        (folder / "releases" / f"{name}.zip").write_bytes(b"PK")
    (folder / "challenge.toml").write_text(shipped.read_text().replace("above = 500.0", f"above = {PROGRESS}"))
    challenge = add_challenge(folder, by=olga)
    publishing.publish(challenge, by=Doer(olga))
    return challenge


@pytest.fixture
def masks(tmp_path: Path) -> Callable[..., Path]:
    """A zip of masks."""

    def written(count: int, drawn: Drawn) -> Path:
        return small_forgery.write_entry(tmp_path / "masks.zip", small_forgery.true_masks(count), drawn)

    return written


def joined(challenge: Challenge, name: str) -> Team:
    user = small.somebody(name)
    registering.register(user, challenge)
    return teams.create(user, challenge, f"Team {name}")


def hand_in(team: Team, phase: str, path: Path) -> Entry:
    return entering.hand_in(team.captain, team, phase, phase, path, "masks.zip")


def on_board(challenge: Challenge, phase: str, kind: str = boards.PUBLIC) -> list[tuple[int, str]]:
    board = boards.board(challenge, phase, phase, kind, user=AnonymousUser())
    return [(line.rank, line.team.name) for line in board.lines] if board else []


def test_the_contest_from_registration_to_the_named_teams(
    challenge: Challenge, olga: User, worker: Worker, masks: Callable[..., Path]
) -> None:
    by = Doer(olga)
    with clock.at(day(1, 5)):
        ann, bo = joined(challenge, "Ann"), joined(challenge, "Bo")
        with pytest.raises(Refused, match="has not begun"):
            hand_in(ann, "contest", masks(CONTEST, right))
    with clock.at(day(1, 20, 12, 10)):
        shifted = hand_in(ann, "contest", masks(CONTEST, small_forgery.shifted))
        work_off(worker)
        assert seen(ann.captain, shifted).public is None
        assert on_board(challenge, "contest") == []
    with clock.at(day(1, 20, 13, 1)):
        due.all_due(clock.now())
        assert on_board(challenge, "contest") == [(1, "Team Ann")]
        figures = seen(ann.captain, shifted)
        assert figures.public is not None
        assert figures.private is None
    shifted.refresh_from_db()
    assert shifted.evaluation is not None
    assert shifted.evaluation.public_values["score"] < shifted.evaluation.values["score"]
    with clock.at(day(2, 20, 9, 30)):
        for drawn in (nothing, right):
            hand_in(bo, "contest", masks(CONTEST, drawn))
        work_off(worker)
    with clock.at(day(2, 20, 10, 1)):
        assert on_board(challenge, "contest") == [(1, "Team Bo"), (2, "Team Ann")]
        assert on_board(challenge, "contest", boards.PRIVATE) == []
    with clock.at(day(3, 1, 10, 1)):
        with pytest.raises(Refused, match="over"):
            hand_in(ann, "contest", masks(CONTEST, right))
        assert on_board(challenge, "contest", boards.PRIVATE) == [(1, "Team Bo"), (2, "Team Ann")]
        due.all_due(clock.now())
        asked = Reproduction.objects.get(place=1)
        assert asked.entry.team == bo
        assert asked.deadline - asked.asked == timedelta(hours=72)
        asked.file, asked.file_name = asked.entry.file, "again.zip"
        asked.save()
        again = reproducing.rerun(asked, by=by)
        work_off(worker)
        again.refresh_from_db()
        assert again.evaluation is not None
        assert again.evaluation.values["score"] == asked.entry.evaluation.values["score"]  # type: ignore[union-attr]
        reproducing.mark(asked, "reproduced", "", by=by)
        reproducing.set_write_up(asked, "Tiles.", by=by)
        reproducing.name_first(challenge, by=by)
        assert [(one.place, one.team, one.write_up) for one in awards.named_teams(challenge)] == [(1, bo, "Tiles.")]


def test_ten_entries_a_day_of_china_and_the_platforms_faults_do_not_count(
    challenge: Challenge, masks: Callable[..., Path]
) -> None:
    with clock.at(day(1, 6)):
        ann = joined(challenge, "Ann")
    path = masks(CONTEST, nothing)
    with clock.at(day(1, 20, 23, 0)):
        for _ in range(10):
            last = hand_in(ann, "contest", path)
        with pytest.raises(Refused, match="No entries are left today"):
            hand_in(ann, "contest", path)
        Entry.objects.filter(pk=last.pk).update(charged=False)
        hand_in(ann, "contest", path)
    with clock.at(day(1, 20, 23, 59)), pytest.raises(Refused, match="No entries are left today"):
        hand_in(ann, "contest", path)
    with clock.at(day(1, 21, 0, 1)):
        hand_in(ann, "contest", path)


def test_an_entry_that_breaks_a_rule_fails_with_the_files_name(
    challenge: Challenge, worker: Worker, tmp_path: Path
) -> None:
    with clock.at(day(1, 6)):
        ann = joined(challenge, "Ann")
    path = small_forgery.write_entry(tmp_path / "x.zip", small_forgery.true_masks(CONTEST), right, m0003=b"")
    with clock.at(day(1, 20)):
        entry = hand_in(ann, "contest", path)
        work_off(worker)
        entry.refresh_from_db()
        assert entry.evaluation is not None
        assert (entry.evaluation.state, entry.charged) == (Evaluation.State.FAILED, True)
        assert "0003.png" in seen(ann.captain, entry).reason


def test_the_first_fifty_are_asked_and_the_first_ten_of_the_reproduced_are_named(
    challenge: Challenge, olga: User, tmp_path: Path
) -> None:
    path = small.table_entry(tmp_path)
    with clock.at(day(2, 1)):
        for number in range(53):
            team = small.team(challenge, small.somebody(f"N{number}"), name=f"T{number:02d}")
            entry = small.entry(team, path, phase="contest", contest="contest")
            values = {"score": 100.0 - number}
            small.scored(entry, 0, values=values, public_values=values)
    with clock.at(day(3, 1, 10, 1)):
        due.all_due(clock.now())
        assert Reproduction.objects.count() == 50
        assert not Reproduction.objects.filter(entry__team__name__in=("T50", "T51", "T52")).exists()
        for asked in Reproduction.objects.exclude(place__in=(1, 3)):
            reproducing.mark(asked, "reproduced", "", by=Doer(olga))
        reproducing.name_first(challenge, by=Doer(olga))
    named = [one.team.name for one in awards.named_teams(challenge)]
    assert named == ["T01", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11"]


def test_the_long_running_edition_with_its_awards(
    challenge: Challenge, worker: Worker, masks: Callable[..., Path]
) -> None:
    with clock.at(day(3, 15, 9)):
        ann, bo = joined(challenge, "Ann"), joined(challenge, "Bo")
        hand_in(bo, "long-running", masks(LONG, small_forgery.shifted))
        work_off(worker)
        assert on_board(challenge, "long-running") == []
    with clock.at(day(3, 15, 12, 1)):
        assert on_board(challenge, "long-running") == [(1, "Team Bo")]
    for number in range(16, 22):
        with clock.at(day(3, number, 22)):
            entry = small.entry(ann, masks(LONG, nothing), phase="long-running", contest="long-running")
            small.scored(entry, 0, values={"score": 2.0}, public_values={"score": 2.0})
            due.all_due(clock.now())
    assert not Award.objects.exists()
    with clock.at(day(3, 22, 22)):
        hand_in(ann, "long-running", masks(LONG, right))
        work_off(worker)
        due.all_due(clock.now())
        assert not Award.objects.exists()
    with clock.at(day(3, 23, 0, 1)):
        due.all_due(clock.now())
    assert [(one.name, one.team) for one in Award.objects.all()] == [("progress", ann)]
    with clock.at(day(3, 29, 0, 1)):
        due.all_due(clock.now())
        won = Award.objects.filter(name="fortnight").order_by("place")
        assert [(one.place, one.team) for one in won] == [(1, ann), (2, bo)]
        assert all(one.period_start == day(3, 15, 0) for one in won)
    with clock.at(day(4, 12, 0, 1)):
        due.all_due(clock.now())
    assert Award.objects.filter(name="fortnight").count() == 4
    assert Award.objects.filter(name="progress").count() == 1
    with clock.at(datetime(2026, 1, 1, tzinfo=SHANGHAI)):
        hand_in(ann, "long-running", masks(LONG, right))


def test_a_team_has_three_at_most(challenge: Challenge) -> None:
    with clock.at(day(1, 6)):
        ann = joined(challenge, "Ann")
        for name in ("Bo", "Cy"):
            user = small.somebody(name)
            registering.register(user, challenge)
            invitations.accept(user, invitations.invite(ann, ann.captain))
        with pytest.raises(Refused, match="full"):
            invitations.invite(ann, ann.captain)
