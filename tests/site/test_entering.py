"""Handing in: rights, window, quota, the bounded reader, the jail; a refused upload costs nothing."""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import small_site as small
from small_crowd import at_once
from tiltyard.contest import challenge as files
from tiltyard.site import clock
from tiltyard.site.arriving import entering
from tiltyard.site.models import Challenge, Entry, Evaluation, Job, Team, User, Worker
from tiltyard.site.people import registering
from tiltyard.site.queue import jails
from tiltyard.site.queue.ending import break_off
from tiltyard.site.refused import Refused, TooOften
from tiltyard.site.storing.store import store

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CODE = {"contests": [{"name": "models", "title": "Models", "track": "whitebox", "data": "digits-small"}]}


def hand_in(team: Team, path: Path, *, user: User | None = None, name: str = "", contest: str = "regions") -> Entry:
    return entering.hand_in(user or team.captain, team, "main", contest, path, name or path.name, "a note")


def refused(act: Callable[[], object]) -> str:
    """Why, after looking that it left nothing behind: no row, no job, no charge."""
    before = Entry.objects.count(), Job.objects.count()
    with pytest.raises(Refused) as caught:
        act()
    assert (Entry.objects.count(), Job.objects.count()) == before
    return str(caught.value)


@pytest.fixture
def team() -> Team:
    return small.team(small.challenge(), small.somebody("Ann"))


def test_an_entry_is_stored_charged_and_queued(team: Team, tmp_path: Path) -> None:
    path = small.table_entry(tmp_path)
    entry = hand_in(team, path)
    assert store().read(entry.file_id) == path.read_bytes()
    assert (entry.charged, entry.note, entry.file_name) == (True, "a note", "result.csv")
    assert entry.evaluation is not None
    assert entry.evaluation.state == Evaluation.State.WAITING
    assert Job.objects.get().evaluation == entry.evaluation
    assert path.exists()


def test_only_members_hand_in_for_a_team(team: Team, tmp_path: Path) -> None:
    stranger = small.somebody("Stranger")
    told = refused(lambda: hand_in(team, small.table_entry(tmp_path), user=stranger))
    assert told == "Only members of the team hand in for it."


def test_a_disqualified_team_is_told_why(team: Team, tmp_path: Path) -> None:
    team.disqualified = "two accounts"
    team.save()
    assert refused(lambda: hand_in(team, small.table_entry(tmp_path))) == "The team is disqualified: two accounts"


def test_changed_terms_are_accepted_before_the_next_entry(team: Team, tmp_path: Path) -> None:
    small.new_version(team.challenge, files.Challenge.model_validate(small.content(terms="New.")))
    fresh = Team.objects.get()
    assert "terms of the challenge have changed" in refused(lambda: hand_in(fresh, small.table_entry(tmp_path)))
    registering.register(fresh.captain, fresh.challenge)
    hand_in(fresh, small.table_entry(tmp_path))


def test_entries_are_taken_from_the_opening_to_the_closing(tmp_path: Path) -> None:
    of = small.challenge(phase={"opens": NOON, "closes": NOON + timedelta(days=1)})
    team, path = small.team(of, small.somebody("Ann")), small.table_entry(tmp_path)
    with clock.at(NOON - timedelta(seconds=5)):
        assert refused(lambda: hand_in(team, path)) == "The phase has not begun."
    with clock.at(NOON):
        hand_in(team, path)
    with clock.at(NOON + timedelta(days=1)):
        assert "over: no more entries are taken" in refused(lambda: hand_in(team, path))


def test_a_paused_challenge_and_a_draft_take_nothing(team: Team, tmp_path: Path) -> None:
    path = small.table_entry(tmp_path)
    for state, told in ((Challenge.State.PAUSED, "paused"), (Challenge.State.DRAFT, "not published")):
        Challenge.objects.update(state=state)
        assert told in refused(lambda: hand_in(Team.objects.get(), path))


def test_unknown_places_are_refused(team: Team, tmp_path: Path) -> None:
    path = small.table_entry(tmp_path)
    assert "Choose a phase and a contest" in refused(lambda: hand_in(team, path, contest="nonsense"))


def test_the_quota_of_a_day_is_the_zones_and_starts_anew_at_its_midnight(tmp_path: Path) -> None:
    of = small.challenge(phase={"quota": {"a_day": 2, "in_all": 3}}, zone="Asia/Shanghai")
    team, path = small.team(of, small.somebody("Ann")), small.table_entry(tmp_path)
    midnight = datetime(2026, 3, 2, 16, tzinfo=UTC)
    with clock.at(midnight - timedelta(hours=1)):
        hand_in(team, path)
        hand_in(team, path)
        assert "starts anew on 2 Mar 2026, 16:00" in refused(lambda: hand_in(team, path))
    with clock.at(midnight):
        hand_in(team, path)
        assert refused(lambda: hand_in(team, path)) == "No entries are left in this phase."


def test_uncharged_entries_and_those_made_by_organisers_leave_the_quota_alone(tmp_path: Path) -> None:
    team = small.team(small.challenge(phase={"quota": {"a_day": 1}}), small.somebody("Ann"))
    path = small.table_entry(tmp_path)
    small.entry(team, path, charged=False)
    small.entry(team, path, outside=True)
    hand_in(team, path)
    assert "No entries are left today" in refused(lambda: hand_in(team, path))


def test_what_crashes_its_workers_is_not_repeated_for_ever(tmp_path: Path) -> None:
    team = small.team(small.challenge(phase={"quota": {"a_day": 1}}), small.somebody("Ann"))
    path = small.table_entry(tmp_path)
    with clock.at(NOON):
        for _ in range(3):
            entry = hand_in(team, path)
            assert entry.evaluation is not None
            break_off(entry.evaluation, "three workers died")
        told = refused(lambda: hand_in(team, path))
        assert told.startswith("Too many of today's entries could not be evaluated.")
        assert "from 3 Mar 2026, 00:00" in told
    with clock.at(NOON + timedelta(hours=12)):
        hand_in(team, path)


def test_what_the_reader_refuses_costs_nothing_and_names_the_file_and_the_rule(tmp_path: Path) -> None:
    team = small.team(small.challenge(phase={"quota": {"a_day": 1}}), small.somebody("Ann"))
    bad = tmp_path / "upload-17.csv"
    bad.write_text('Path,Polygon\n0.jpg,"[[[0,0],[1')
    told = refused(lambda: hand_in(team, bad, name="C:\\Users\\ann\\my table.CSV"))
    assert told.startswith("my table.csv: line 2")
    bad.write_bytes(b"")
    assert "lacks the column Path" in refused(lambda: hand_in(team, bad))
    hand_in(team, small.table_entry(tmp_path))


def test_a_file_of_another_type_is_refused(team: Team, tmp_path: Path) -> None:
    path = tmp_path / "program.exe"
    path.write_bytes(b"MZ")
    assert refused(lambda: hand_in(team, path)) == "program.exe: an entry is a folder or a file of type .csv"


@pytest.fixture
def coders(monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team of a challenge whose entries are programs, on a site where a jail works."""
    Worker.objects.create(name="w", host="here", pid=1, jail=True)
    return small.team(small.challenge(**CODE), small.somebody("Ann"))


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"attacker/__init__.py": b"class Attacker: ...", "attacker/zeros.bin": bytes(70 << 20)}, "more than"),
        ({"../attacker/__init__.py": b""}, "'..'"),
        ({"/etc/passwd": b""}, "relative"),
        ({"readme.txt": b""}, "lacks"),
    ],
)
def test_bombs_and_wrong_members_are_refused(
    coders: Team, tmp_path: Path, members: dict[str, bytes], told: str
) -> None:
    path = zipped(tmp_path / "attack.zip", members)
    message = refused(lambda: hand_in(coders, path, contest="models"))
    assert told in message
    assert message.startswith("attack.zip: ")


def test_code_is_refused_loudly_where_no_worker_has_a_jail(coders: Team, tmp_path: Path) -> None:
    path = zipped(tmp_path / "attack.zip", {"attacker/__init__.py": b"class Attacker: ..."})
    Worker.objects.update(jail=False, jail_says="no working jail here: bubblewrap is missing. Cure: install it")
    told = refused(lambda: hand_in(coders, path, contest="models"))
    assert "Entries are programs here, and no worker can run them safely" in told
    assert "bubblewrap is missing. Cure: install it" in told
    Worker.objects.create(name="v", host="there", pid=2, jail=True)
    hand_in(coders, path, contest="models")


def test_where_no_worker_lives_this_host_is_asked(coders: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    Worker.objects.update(seen=clock.now() - timedelta(hours=1))
    monkeypatch.setattr(jails, "_found", (clock.now(), "nothing works here"))
    assert jails.why_no_jail() == "nothing works here"


def test_a_worker_that_has_not_looked_yet_is_waited_for() -> None:
    Worker.objects.create(name="w", host="here", pid=1, jail=False, jail_says="")
    assert jails.why_no_jail() == ""


def test_a_flood_of_uploads_has_to_wait(team: Team, tmp_path: Path) -> None:
    for _ in range(entering.UPLOADS):
        entering.limits.check(f"upload:{team.captain.pk}", entering.UPLOADS, entering.IN_SECONDS)
    with pytest.raises(TooOften):
        hand_in(team, small.table_entry(tmp_path))
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("members", [1, 3])
def test_at_once_never_one_entry_too_many(tmp_path: Path, members: int) -> None:
    of = small.challenge(phase={"quota": {"a_day": 3}})
    users = [small.somebody(f"Person {number}") for number in range(members)]
    team, path = small.team(of, *users), small.table_entry(tmp_path)
    acts = [lambda user=users[number % members]: hand_in(team, path, user=user) for number in range(8)]
    results = at_once(acts)
    assert sum(isinstance(result, Entry) for result in results) == 3
    assert all(isinstance(result, Entry | Refused) for result in results)
    assert Entry.objects.filter(charged=True).count() == Evaluation.objects.count() == Job.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_teams_at_once_do_not_share_a_quota(tmp_path: Path) -> None:
    of = small.challenge(phase={"quota": {"a_day": 1}})
    pair, path = [small.team(of, small.somebody(name)) for name in ("Ann", "Bo")], small.table_entry(tmp_path)
    results = at_once([lambda team=team: hand_in(team, path) for team in pair])
    assert all(isinstance(result, Entry) for result in results), results
