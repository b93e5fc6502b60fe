"""The shipped CVPR 2021 challenge on simulated time, with the small pool in place of its models, in a real jail."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser

import small_site as small
from small_queue import work_off
from tiltyard.contest.verify import verify
from tiltyard.contest.visibility import FAILED_ON_HIDDEN
from tiltyard.site import clock
from tiltyard.site.arriving import entering
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge.adding import add_challenge
from tiltyard.site.challenge.shipping import SHIPPED
from tiltyard.site.models import Challenge, Entry, Evaluation, Reproduction, Team, User, Worker
from tiltyard.site.organising import publishing
from tiltyard.site.people import registering, teams
from tiltyard.site.refused import Refused
from tiltyard.site.scheduler import due
from tiltyard.site.seeing import boards
from tiltyard.site.seeing.sight import seen
from tiltyard.site.storing.unpacking import unpacked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("jail")]
SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = ('data = "cvpr2021"', 'settings = { files = "data" }')
INSTEAD = ('data = "digits-small"', "settings = { items = 20 }")
BODY = """
import numpy

class Attacker:
    def __init__(self, model, batch_size, dataset, session):
        self.model = model

    def config(self, **kwargs):
        self.eps = kwargs["magnitude"]

    def batch_attack(self, xs, ys, ys_target=None):
        print("LABELS", ys.tolist())
        {body}
"""
RAISED = BODY.format(body="return numpy.clip(xs + self.eps, self.model.x_min, self.model.x_max)")
UNCHANGED = BODY.format(body="return xs")
TELLING = BODY.format(body="raise ValueError(ys.tolist())")
GREEDY = BODY.format(body="\n        ".join(["while True:", "    self.model.logits(xs)"]))


def day(month: int, number: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of 2021 in China."""
    return datetime(2021, month, number, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """The shipped file, its data exchanged."""
    text = (SHIPPED / "cvpr2021" / "challenge.toml").read_text()
    for old, new in zip(SETTINGS, INSTEAD, strict=True):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "cvpr2021").mkdir()
    (tmp_path / "cvpr2021" / "challenge.toml").write_text(text)
    olga = small.organiser()
    challenge = add_challenge(tmp_path / "cvpr2021", by=olga)
    publishing.publish(challenge, by=Doer(olga))
    return challenge


def joined(challenge: Challenge, name: str) -> Team:
    user = small.somebody(name)
    registering.register(user, challenge)
    return teams.create(user, challenge, f"Team {name}")


def hand_in(team: Team, folder: Path, code: str) -> Entry:
    path = folder / "attacker.py"
    path.write_text(code)
    return entering.hand_in(team.captain, team, "contest", "whitebox", path, "attacker.py")


def done(entry: Entry, worker: Worker) -> Evaluation:
    work_off(worker)
    entry.refresh_from_db()
    assert entry.evaluation is not None
    return entry.evaluation


def test_the_contest_from_the_first_entry_to_the_private_board(
    challenge: Challenge, worker: Worker, tmp_path: Path
) -> None:
    with clock.at(day(1, 20)):
        ann, bo = joined(challenge, "Ann"), joined(challenge, "Bo")
    with clock.at(day(2, 1, 12, 10)):
        raised, unchanged = hand_in(ann, tmp_path, RAISED), hand_in(bo, tmp_path, UNCHANGED)
        scored = done(raised, worker)
        assert scored.state == Evaluation.State.SCORED
        assert scored.values["score"] > done(unchanged, worker).values["score"]
        assert verify(unpacked(scored.files)) == []
        assert seen(ann.captain, raised).public is None
        assert not seen(ann.captain, raised).sight.log
    with clock.at(day(2, 1, 13, 1)):
        due.all_due(clock.now())
        board = boards.board(challenge, "contest", "whitebox", boards.PUBLIC, user=AnonymousUser())
        assert board is not None
        assert [line.team for line in board.lines] == [ann, bo]
        assert board.lines[0].value == round(scored.public_values["score"], 4)
        assert seen(ann.captain, raised).private is None
    with clock.at(day(3, 29, 10, 1)):
        due.all_due(clock.now())
        shown = seen(ann.captain, raised)
        assert shown.private is not None
        assert shown.private.values == scored.values
        assert shown.sight.log
        assert not seen(bo.captain, raised).sight.log
        assert Reproduction.objects.count() == 2
        assert Reproduction.objects.get(place=1).deadline > clock.now() + timedelta(hours=71)


def test_over_budget_scores_nothing_says_so_and_is_charged(
    challenge: Challenge, worker: Worker, tmp_path: Path
) -> None:
    with clock.at(day(1, 20)):
        ann = joined(challenge, "Ann")
    with clock.at(day(2, 1)):
        entry = hand_in(ann, tmp_path, GREEDY)
        failed = done(entry, worker)
        assert (failed.state, failed.values, entry.charged) == (Evaluation.State.FAILED, {"score": 0.0}, True)
        assert seen(ann.captain, entry).reason == "over budget"
        second = hand_in(ann, tmp_path, UNCHANGED)
        with pytest.raises(Refused, match="No entries are left today"):
            hand_in(ann, tmp_path, UNCHANGED)
        assert second.charged
    with clock.at(day(2, 2, 0, 1)):
        hand_in(ann, tmp_path, UNCHANGED)


def test_what_a_failing_program_says_of_hidden_data_is_the_organisers_until_the_private_board_opens(
    challenge: Challenge, worker: Worker, tmp_path: Path
) -> None:
    olga = User.objects.get(name="Olga Organiser")
    with clock.at(day(1, 20)):
        ann = joined(challenge, "Ann")
    with clock.at(day(2, 1)):
        entry = hand_in(ann, tmp_path, TELLING)
        assert "ValueError" in done(entry, worker).reason
        assert seen(ann.captain, entry).reason == FAILED_ON_HIDDEN
        assert "ValueError" in seen(olga, entry).reason
    with clock.at(day(3, 29, 10, 1)):
        assert "ValueError" in seen(ann.captain, entry).reason


def test_without_a_worker_that_has_a_jail_no_entry_is_taken(challenge: Challenge, tmp_path: Path) -> None:
    with clock.at(day(1, 20)):
        ann = joined(challenge, "Ann")
    with clock.at(day(2, 1)):
        Worker.objects.create(name="w", host="here", pid=1, jail=False, jail_says="no user namespaces")
        with pytest.raises(Refused, match="no user namespaces"):
            hand_in(ann, tmp_path, UNCHANGED)


def test_teams_freeze_two_weeks_before_the_end(challenge: Challenge) -> None:
    with clock.at(day(3, 14)):
        joined(challenge, "Ann")
    with clock.at(day(3, 15, 0, 1)), pytest.raises(Refused, match="frozen"):
        joined(challenge, "Bo")
