"""What organisers do: each action, its effect, its event in the audit log, and what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import small_site as small
from small_queue import a_worker, work_off
from tiltyard.site import clock, queue
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge.adding import add_version
from tiltyard.site.models import AuditEvent, Award, Challenge, Entry, Evaluation, Message, Team, User
from tiltyard.site.organising import extending, fairness, organisers, prizes, publishing, running
from tiltyard.site.refused import Refused
from tiltyard.site.seeing import boards
from tiltyard.site.telling import messages
from tiltyard.tracks.credential import Credential

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def olga() -> User:
    return small.organiser()


@pytest.fixture
def by(olga: User) -> Doer:
    return Doer(olga, "192.0.2.7")


@pytest.fixture
def challenge(olga: User) -> Challenge:
    return small.challenge(organisers=[olga])


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return small.team(challenge, small.somebody("Ann"), name="A")


@pytest.fixture
def entry(team: Team, tmp_path: Path) -> Entry:
    with clock.at(NOON):
        made = small.entry(team, small.table_entry(tmp_path))
        small.scored(made, 0.5)
    return made


def event() -> AuditEvent:
    """The newest."""
    return AuditEvent.objects.order_by("-pk")[0]


def told(action: str, **expected: Any) -> None:
    """The action is in the log, by whom, from where, and with these details."""
    one = event()
    assert (one.actor, one.action, one.challenge, one.address) == (
        "olga.organiser@example.org", action, "certificates", "192.0.2.7",
    )  # fmt: skip
    assert expected.items() <= (one.detail | {"target": one.target}).items()


def test_a_draft_is_published_paused_and_resumed(challenge: Challenge, by: Doer) -> None:
    Challenge.objects.update(state=Challenge.State.DRAFT)
    publishing.publish(challenge, by=by)
    told("publish")
    publishing.pause(challenge, by=by)
    assert Challenge.objects.get().state == Challenge.State.PAUSED
    told("pause")
    publishing.resume(challenge, by=by)
    assert Challenge.objects.get().state == Challenge.State.OPEN
    told("resume")


def test_what_is_open_is_not_published_again(challenge: Challenge, by: Doer) -> None:
    with pytest.raises(Refused, match="state"):
        publishing.publish(challenge, by=by)
    assert not AuditEvent.objects.exists()


def test_a_rerun_is_a_new_row_and_the_old_score_stays(entry: Entry, by: Doer) -> None:
    running.rerun(entry, by=by)
    told("rerun", target="A", entry=entry.pk, evaluation=2)
    states = list(entry.evaluations.order_by("number").values_list("state", "cause"))
    assert states == [("scored", ""), ("waiting", "rerun")]
    with pytest.raises(Refused, match="being evaluated"):
        running.rerun(entry, by=by)


def test_all_are_run_again_but_what_waits_or_is_disqualified(
    challenge: Challenge, team: Team, entry: Entry, by: Doer, tmp_path: Path
) -> None:
    waiting = small.entry(team, small.table_entry(tmp_path))
    queue.begin(waiting)
    bad = small.entry(team, small.table_entry(tmp_path), disqualified="copied")
    small.scored(bad, 0.9)
    assert running.rerun_all(challenge, by=by) == 1
    told("rerun-all", entries=1)
    assert [one.evaluations.count() for one in (entry, waiting, bad)] == [2, 1, 1]


def test_only_those_that_we_failed_are_run_again(
    challenge: Challenge, team: Team, entry: Entry, by: Doer, tmp_path: Path
) -> None:
    broken = small.entry(team, small.table_entry(tmp_path))
    small.scored(broken, 0, state=Evaluation.State.BROKEN, values={}, public_values={})
    assert running.rerun_all(challenge, by=by, broken=True) == 1
    assert (entry.evaluations.count(), broken.evaluations.count()) == (1, 2)
    assert running.rerun_all(challenge, by=by, phase="main", contest="regions") == 1  # the other one waits by now
    with pytest.raises(Refused, match="no such entry"):
        running.rerun_all(challenge, by=by)


def test_a_cancelled_evaluation_gives_the_entry_back_to_the_quota(team: Team, by: Doer, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path))
    queue.begin(entry)
    running.cancel(entry, "wrong data", by=by)
    told("cancel", reason="wrong data", entry=entry.pk)
    entry.refresh_from_db()
    assert entry.evaluation is not None
    assert (entry.evaluation.state, entry.evaluation.reason) == (Evaluation.State.CANCELLED, "wrong data")
    assert (entry.charged, entry.uncharged_because) == (False, "wrong data")
    with pytest.raises(Refused, match="not being evaluated"):
        running.cancel(entry, "again", by=by)


def test_a_disqualified_team_leaves_the_board_reads_why_and_comes_back(
    challenge: Challenge, team: Team, entry: Entry, olga: User, by: Doer
) -> None:
    with clock.at(NOON + timedelta(hours=1)):
        assert on_board(challenge, olga) == ["A"]
        fairness.disqualify_team(team, "two accounts", by=by)
        told("disqualify-team", target="A", reason="two accounts")
        assert on_board(challenge, olga) == []
    assert "two accounts" in Message.objects.get(team=team).body
    with pytest.raises(Refused, match="already"):
        fairness.disqualify_team(team, "again", by=by)
    with clock.at(NOON + timedelta(hours=2)):
        fairness.reinstate_team(team, by=by)
        told("reinstate-team", target="A")
        assert on_board(challenge, olga) == ["A"]


def on_board(challenge: Challenge, user: User) -> list[str]:
    board = boards.board(challenge, "main", "regions", boards.PUBLIC, user=user)
    assert board is not None
    return [line.team.name for line in board.lines]


def test_a_disqualified_entry_leaves_the_board_and_comes_back(
    challenge: Challenge, entry: Entry, olga: User, by: Doer
) -> None:
    with clock.at(NOON + timedelta(hours=1)):
        assert on_board(challenge, olga) == ["A"]
        fairness.disqualify_entry(entry, "drawn by hand", by=by)
        told("disqualify-entry", target="A", entry=entry.pk, reason="drawn by hand")
        assert on_board(challenge, olga) == []
    with clock.at(NOON + timedelta(hours=2)):
        fairness.reinstate_entry(entry, by=by)
        told("reinstate-entry", entry=entry.pk)
        assert on_board(challenge, olga) == ["A"]


@pytest.mark.parametrize("action", [fairness.disqualify_entry, fairness.refund])
def test_a_decision_without_a_reason_is_refused(action: Any, entry: Entry, by: Doer) -> None:
    with pytest.raises(Refused, match="reason"):
        action(entry, "  ", by=by)
    assert not AuditEvent.objects.exists()


def test_a_refund_changes_the_quota_and_not_the_score(entry: Entry, by: Doer) -> None:
    fairness.refund(entry, "the page was down", by=by)
    told("refund", entry=entry.pk, reason="the page was down")
    entry.refresh_from_db()
    assert (entry.charged, entry.uncharged_because) == (False, "the page was down")
    assert entry.evaluation is not None
    assert entry.evaluation.values["f1"] == 0.5


def test_a_phase_gets_a_new_end_as_a_new_version(olga: User, by: Doer) -> None:
    closes = NOON + timedelta(days=1)
    phase = {"closes": closes, "registration_closes": NOON}
    board = {"private_opens": closes + timedelta(hours=3)}
    challenge = small.challenge(organisers=[olga], phase=phase, board=board)
    with clock.at(NOON):
        extending.extend(challenge, "main", closes + timedelta(days=2), by=by)
    told("extend", target="main", version=2, before=closes.isoformat())
    moved = Challenge.objects.get().file.phase("main")
    assert moved.closes == closes + timedelta(days=2)
    assert moved.registration_closes == NOON + timedelta(days=2)
    assert moved.board.private_opens == closes + timedelta(days=2, hours=3)
    assert challenge.versions.get(number=2).edition("regions") == 1
    assert challenge.versions.get(number=1).file.phase("main").closes == closes


def test_a_phase_whose_private_board_was_shown_is_not_extended(olga: User, by: Doer) -> None:
    challenge = small.challenge(organisers=[olga], phase={"closes": NOON})
    with clock.at(NOON + timedelta(hours=1)), pytest.raises(Refused, match="private board has been opened"):
        extending.extend(challenge, "main", NOON + timedelta(days=1), by=by)
    with clock.at(NOON - timedelta(hours=1)), pytest.raises(Refused, match="passed"):
        extending.extend(challenge, "main", NOON - timedelta(days=1), by=by)


def test_a_message_is_for_its_team_alone(challenge: Challenge, team: Team, by: Doer) -> None:
    messages.message(challenge, team, "About entry 3", "Please **look**.", by=by)
    told("message", target="A", subject="About entry 3")
    assert Message.objects.get().team == team


def test_an_award_is_given_withdrawn_and_restored(olga: User, by: Doer) -> None:
    award = {"kind": "progress", "name": "effort", "title": "Effort", "phase": "main", "contest": "regions"}
    challenge = small.challenge(organisers=[olga], awards=[award])
    team = small.team(challenge, small.somebody("Ann"), name="A")
    given = prizes.give(team, "effort", by=by, place=2)
    told("give-award", target="A", award="effort", place=2)
    with pytest.raises(Refused, match="has this award"):
        prizes.give(team, "effort", by=by)
    with pytest.raises(Refused, match="no such award"):
        prizes.give(team, "gold", by=by)
    prizes.withdraw(given, "not reproduced", by=by)
    told("withdraw-award", award="effort", reason="not reproduced")
    assert Award.objects.get().withdrawn == "not reproduced"
    prizes.restore(given, by=by)
    told("restore-award", award="effort")
    assert Award.objects.get().withdrawn == ""


def test_organisers_are_removed_but_not_the_last(challenge: Challenge, olga: User, by: Doer) -> None:
    otto = small.somebody("Otto")
    challenge.organisers.add(otto)
    organisers.remove(challenge, otto, by=by)
    told("remove-organiser", target="otto@example.org")
    with pytest.raises(Refused, match="needs an organiser"):
        organisers.remove(challenge, olga, by=by)


def test_an_action_that_fails_leaves_no_event_and_an_event_that_fails_undoes_the_action(
    entry: Entry, by: Doer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(AuditEvent.objects.__class__, "create", broken)
    with pytest.raises(OSError, match="disk"):
        fairness.refund(entry, "reason", by=by)
    entry.refresh_from_db()
    assert entry.charged


def test_rescoring_on_new_data_shows_both_boards(
    challenge: Challenge, team: Team, olga: User, by: Doer, tmp_path: Path
) -> None:
    worker = a_worker()
    entry = small.entry(team, small.table_entry(tmp_path, hits=3))
    queue.begin(entry)
    work_off(worker)
    assert board_values(challenge, olga) == [pytest.approx(0.6667)]
    with pytest.raises(Refused, match="Nothing has changed"):
        running.rescore_all(challenge, "regions", by=by)
    truth = small.table(small.TRUTH | {"0.jpg": [], "1.jpg": [], "2.jpg": []})
    manifest = {"data/truth.csv": small.keep_bytes(truth).digest}
    add_version(challenge, challenge.file, manifest, by=olga, note="labels mended")
    assert running.rescore_all(challenge, "regions", by=by) == 1
    told("rescore-all", contest="regions", version=2, entries=1, measure=True)
    work_off(worker)
    assert board_values(challenge, olga) == [0.0]
    assert board_values(challenge, olga, edition=1) == [pytest.approx(0.6667)]


def test_a_disqualified_team_leaves_the_boards_of_earlier_editions_too(
    challenge: Challenge, team: Team, olga: User, by: Doer, tmp_path: Path
) -> None:
    small.scored(small.entry(team, small.table_entry(tmp_path)), 0.6)
    assert board_values(challenge, olga) == [0.6]
    manifest = {"data/truth.csv": small.keep_bytes(small.table({"0.jpg": []})).digest}
    add_version(challenge, challenge.file, manifest, by=olga, note="labels mended")
    assert board_values(challenge, olga, edition=1) == [0.6]
    fairness.disqualify_team(team, "two accounts", by=by)
    assert board_values(challenge, olga, edition=1) == []
    fairness.reinstate_team(team, by=by)
    assert board_values(challenge, olga, edition=1) == [0.6]


def board_values(challenge: Challenge, user: User, edition: int | None = None) -> list[float]:
    fresh = Challenge.objects.get(pk=challenge.pk)
    board = boards.board(fresh, "main", "regions", boards.PRIVATE, user=user, edition=edition)
    assert board is not None
    return [line.value for line in board.lines]


def test_rescoring_under_a_new_track_makes_a_version_and_can_keep_the_rows(
    challenge: Challenge, team: Team, olga: User, by: Doer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = a_worker()
    entry = small.entry(team, small.table_entry(tmp_path, hits=3))
    first = queue.begin(entry)
    work_off(worker)
    board_values(challenge, olga)
    monkeypatch.setattr(Credential, "version", "2")
    assert running.rescore_all(challenge, "regions", by=by, measure=False) == 1
    entry.refresh_from_db()
    assert entry.evaluation is not None
    assert (entry.evaluation.basis, entry.evaluation.version.number) == (first, 2)
    assert entry.evaluation.version.note == "track credential, version 2"
    work_off(worker)
    entry.evaluation.refresh_from_db()
    assert (entry.evaluation.state, entry.evaluation.track_version) == (Evaluation.State.SCORED, "2")
    assert not entry.evaluation.jobs.filter(kind="measure").exists()
    assert board_values(challenge, olga) == board_values(challenge, olga, edition=1)
