"""The reproduction audit: who is asked and when, deadlines, reruns outside the board, verdicts, naming."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import small_site as small
from small_queue import a_worker, work_off
from tiltyard.contest.verify import verify
from tiltyard.site import clock, queue
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import AuditEvent, Challenge, Entry, Evaluation, Message, Reproduction, Team, User
from tiltyard.site.organising import asking, reproducing
from tiltyard.site.organising.comparing import compare_entries
from tiltyard.site.organising.extending import extend
from tiltyard.site.ranking import awards
from tiltyard.site.refused import Refused
from tiltyard.site.seeing import boards
from tiltyard.site.seeing.sight import seen, sees_entry
from tiltyard.site.storing.evidence import write_folder
from tiltyard.site.storing.files import keep_bytes, keep_file

pytestmark = pytest.mark.django_db
CLOSES = datetime(2026, 2, 1, tzinfo=UTC)
FINAL = {"phase": "main", "contest": "regions", "first": 2, "hours": 48, "named": 1}


@pytest.fixture
def olga() -> User:
    return small.organiser()


@pytest.fixture
def challenge(olga: User) -> Challenge:
    return small.challenge(organisers=[olga], phase={"closes": CLOSES}, final=FINAL, board={"public_share": 0.5})


@pytest.fixture
def entries(challenge: Challenge, tmp_path: Path) -> list[Entry]:
    """Of the teams A, B, C, best last."""
    made = []
    for place, name in enumerate("ABC"):
        team = small.team(challenge, small.somebody(f"P{name}"), name=name)
        with clock.at(CLOSES - timedelta(days=3 - place)):
            made.append(small.entry(team, small.table_entry(tmp_path, hits=2 + place)))
            small.scored(made[-1], 0.5 + place / 10, public=0.9 - place / 10)
    return made


def asked() -> list[tuple[int, str]]:
    found = Reproduction.objects.order_by("place").select_related("entry__team")
    return [(one.place, one.entry.team.name) for one in found]


def test_the_first_of_the_private_board_are_asked_when_it_opens(entries: list[Entry]) -> None:
    assert asking.ask_due(CLOSES - timedelta(seconds=1)) == 0
    with clock.at(CLOSES + timedelta(seconds=1)):
        assert asking.ask_due(clock.now()) == 2
        assert asked() == [(1, "C"), (2, "B")]
        assert asking.ask_due(clock.now()) == 0
    one = Reproduction.objects.get(place=1)
    assert abs(one.deadline - CLOSES - timedelta(hours=48)) < timedelta(minutes=1)
    assert "place 1" in Message.objects.get(team__name="C").body
    assert AuditEvent.objects.filter(action="ask-for-reproduction", actor="site").count() == 2


def test_looking_every_second_reads_no_challenges_file_again_and_knows_of_a_later_end(
    entries: list[Entry], challenge: Challenge, olga: User
) -> None:
    before, after = CLOSES - timedelta(hours=2), CLOSES + timedelta(hours=1)
    asking.ask_due(before)
    with CaptureQueriesContext(connection) as asked_of_database:
        assert asking.ask_due(before + timedelta(seconds=1)) == 0
    assert not [query for query in asked_of_database if '"content"' in query["sql"]]
    with clock.at(before):
        extend(challenge, "main", CLOSES + timedelta(days=1), by=Doer(olga))
    with clock.at(after):
        assert asking.ask_due(after) == 0
    with clock.at(after + timedelta(days=1)):
        assert asking.ask_due(clock.now()) == 2


def looked(moment: datetime) -> list[str]:
    """What the database is asked by one more look, at which nobody is found."""
    with CaptureQueriesContext(connection) as asked_of_database:
        assert asking.ask_due(moment) == 0
    return [query["sql"] for query in asked_of_database]


def test_of_a_challenge_that_ended_without_a_score_no_file_is_read_and_no_row_held_every_second(
    challenge: Challenge, olga: User, tmp_path: Path
) -> None:
    path = small.table_entry(tmp_path)
    with clock.at(CLOSES - timedelta(days=1)):
        people = (olga, small.somebody("Out"), small.somebody("Failed"))
        own, out, failed = (small.entry(small.team(challenge, one), path) for one in people)
    small.scored(own, 0.9)
    small.scored(out, 0.8)
    small.scored(failed, 0.0, state=Evaluation.State.FAILED)
    Team.objects.filter(pk=out.team.pk).update(disqualified="copied")
    looked(CLOSES + timedelta(hours=1))
    again = looked(CLOSES + timedelta(hours=1, seconds=1))
    assert not [sql for sql in again if '"content"' in sql or "FOR UPDATE" in sql]
    assert len(again) <= 3


def test_whoever_comes_onto_the_private_board_of_a_challenge_that_ended_is_asked(
    challenge: Challenge, tmp_path: Path
) -> None:
    with clock.at(CLOSES - timedelta(days=1)):
        entry = small.entry(small.team(challenge, small.somebody("Ann"), name="A"), small.table_entry(tmp_path))
    small.scored(entry, 0.0, state=Evaluation.State.BROKEN)
    looked(CLOSES + timedelta(hours=1))
    with clock.at(CLOSES + timedelta(days=1)):
        small.scored(entry, 0.5)
        assert asking.ask_due(clock.now()) == 1
    assert asked() == [(1, "A")]


def test_nobody_is_asked_before_the_last_entry_is_evaluated(entries: list[Entry], tmp_path: Path) -> None:
    with clock.at(CLOSES - timedelta(minutes=1)):
        late = small.entry(entries[0].team, small.table_entry(tmp_path))
        queue.begin(late)
    assert asking.ask_due(CLOSES + timedelta(minutes=1)) == 0
    small.scored(late, 0.95)
    with clock.at(CLOSES + timedelta(minutes=2)):
        asking.ask_due(clock.now())
    assert asked() == [(1, "A"), (2, "C")]


def test_another_team_is_asked_by_hand(challenge: Challenge, entries: list[Entry], olga: User) -> None:
    with clock.at(CLOSES + timedelta(days=1)):
        asking.ask_due(clock.now())
        asking.ask(entries[0], by=Doer(olga), hours=24)
        assert asked() == [(1, "C"), (2, "B"), (3, "A")]
        with pytest.raises(Refused, match="asked already"):
            asking.ask(entries[0], by=Doer(olga))


def test_nobody_is_asked_by_hand_before_the_private_board_opens_and_the_last_entry_is_evaluated(
    entries: list[Entry], olga: User, tmp_path: Path
) -> None:
    with clock.at(CLOSES - timedelta(minutes=1)):
        late = small.entry(entries[0].team, small.table_entry(tmp_path))
        queue.begin(late)
        with pytest.raises(Refused, match="private board"):
            asking.ask(entries[2], by=Doer(olga))
    with clock.at(CLOSES + timedelta(minutes=1)), pytest.raises(Refused, match="last entries"):
        asking.ask(entries[2], by=Doer(olga))
    assert asked() == []
    assert not Message.objects.exists()


def test_a_deadline_is_moved(entries: list[Entry], olga: User) -> None:
    one = ask_first(entries)
    asking.set_deadline(one, CLOSES + timedelta(days=9), by=Doer(olga))
    one.refresh_from_db()
    assert one.deadline == CLOSES + timedelta(days=9)
    event = AuditEvent.objects.get(action="reproduction-deadline")
    assert event.detail["after"] == (CLOSES + timedelta(days=9)).isoformat()


def ask_first(entries: list[Entry]) -> Reproduction:
    with clock.at(CLOSES + timedelta(minutes=1)):
        asking.ask_due(clock.now())
    return Reproduction.objects.get(entry=entries[2])


def sent(one: Reproduction, path: Path) -> Reproduction:
    one.file, one.file_name, one.received = keep_file(path), path.name, CLOSES
    one.verdict = Reproduction.Verdict.RECEIVED
    one.save()
    return one


def test_the_material_is_rerun_outside_the_board_and_compared(
    challenge: Challenge, entries: list[Entry], olga: User, tmp_path: Path
) -> None:
    worker, original = a_worker(), entries[2]
    queue.begin(original)
    work_off(worker)
    one = sent(ask_first(entries), small.table_entry(tmp_path, hits=4, name="again.csv"))
    with clock.at(CLOSES + timedelta(days=1)):
        again = reproducing.rerun(one, by=Doer(olga))
        assert (again.outside, again.charged, again.team) == (True, False, original.team)
        work_off(worker)
        again.refresh_from_db()
        original.refresh_from_db()
        assert again.evaluation is not None
        assert original.evaluation is not None
        assert again.evaluation.values == original.evaluation.values
        comparison = compare_entries(original, again)
        assert (comparison.difference, comparison.significant) == (0.0, False)
        on_board = boards.board(challenge, "main", "regions", boards.PRIVATE, user=olga)
        assert on_board is not None
        assert again.pk not in [line.entry for line in on_board.lines]
        assert not sees_entry(original.team.captain, again)
        assert seen(original.team.captain, again).private is None
        assert sees_entry(olga, again)


def test_material_that_is_no_entry_is_refused_and_what_was_made_with_it_handed_in(
    entries: list[Entry], olga: User, tmp_path: Path
) -> None:
    code = tmp_path / "code.zip"
    code.write_bytes(b"PK something")
    one = sent(ask_first(entries), code)
    with pytest.raises(Refused, match="Make an entry with it"):
        reproducing.rerun(one, by=Doer(olga))
    made = small.table_entry(tmp_path, hits=4, name="made.csv")
    again = reproducing.rerun(one, by=Doer(olga), made=(made, "made.csv"))
    one.refresh_from_db()
    assert (one.rerun, again.file_name) == (again, "made.csv")


def test_nothing_is_rerun_before_something_came(entries: list[Entry], olga: User) -> None:
    with pytest.raises(Refused, match="sent nothing"):
        reproducing.rerun(ask_first(entries), by=Doer(olga))


def test_the_first_that_were_reproduced_are_named_with_their_write_ups(
    challenge: Challenge, entries: list[Entry], olga: User
) -> None:
    first, by = ask_first(entries), Doer(olga)
    second = Reproduction.objects.get(entry=entries[1])
    with clock.at(CLOSES + timedelta(days=3)):
        with pytest.raises(Refused, match="before a result was reproduced"):
            reproducing.name_first(challenge, by=by)
        reproducing.mark(first, "not", "another score", by=by)
        reproducing.mark(second, "reproduced", "", by=by)
        reproducing.set_write_up(second, "We used **tiles**.", by=by)
        assert reproducing.name_first(challenge, by=by) == 1
    assert [(one.place, one.team.name, one.write_up) for one in awards.named_teams(challenge)] == [
        (2, "B", "We used **tiles**.")
    ]
    assert awards.given(challenge) == []
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"mark-reproduction", "write-up", "name-first"} <= actions


def test_a_verdict_is_one_of_two(entries: list[Entry], olga: User) -> None:
    with pytest.raises(Refused, match="reproduced or not"):
        reproducing.mark(ask_first(entries), "perhaps", "", by=Doer(olga))


def test_a_challenge_without_a_final_asks_nobody(olga: User, tmp_path: Path) -> None:
    challenge = small.challenge(organisers=[olga], phase={"closes": CLOSES})
    entry = small.entry(small.team(challenge, small.somebody("Ann")), small.table_entry(tmp_path))
    small.scored(entry, 0.5)
    assert asking.ask_due(CLOSES + timedelta(days=1)) == 0
    with pytest.raises(Refused, match="final"):
        asking.ask(entry, by=Doer(olga))


def test_an_evaluation_of_a_rerun_verifies(entries: list[Entry], olga: User, tmp_path: Path) -> None:
    one = sent(ask_first(entries), small.table_entry(tmp_path, hits=4, name="again.csv"))
    again = reproducing.rerun(one, by=Doer(olga))
    work_off(a_worker())
    again.refresh_from_db()
    assert again.evaluation is not None
    write_folder(again.evaluation, tmp_path / "folder")
    assert verify(tmp_path / "folder") == []


def test_what_is_due_goes_on_where_one_task_fails(
    monkeypatch: pytest.MonkeyPatch, entries: list[Entry], caplog: pytest.LogCaptureFixture
) -> None:
    from tiltyard.site.scheduler import due

    def broken(moment: Any) -> int:
        raise OSError("no disk")

    monkeypatch.setattr(due, "TASKS", (broken, asking.ask_due))
    with clock.at(CLOSES + timedelta(minutes=1)):
        due.all_due(clock.now())
    assert asked() == [(1, "C"), (2, "B")]
    assert "broken failed" in caplog.text


def test_nobody_of_a_disqualified_team_is_asked(entries: list[Entry]) -> None:
    Team.objects.filter(name="C").update(disqualified="copied")
    with clock.at(CLOSES + timedelta(minutes=1)):
        asking.ask_due(clock.now())
    assert asked() == [(1, "B"), (2, "A")]


def test_stored_material_needs_no_suffix_of_ours(entries: list[Entry], olga: User) -> None:
    one = ask_first(entries)
    one.file, one.file_name = keep_bytes(b"anything"), "model.bin"
    one.save()
    with pytest.raises(Refused, match="Make an entry with it"):
        reproducing.rerun(one, by=Doer(olga))
