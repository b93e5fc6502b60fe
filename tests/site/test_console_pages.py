"""What the organisers' pages say in each state, and what their forms do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from test_adding import folder, zipped

import small_site as small
from small_queue import a_worker, work_off
from tiltyard.contest import challenge as files
from tiltyard.site import clock, queue
from tiltyard.site.auditing import audit
from tiltyard.site.models import (
    Attempt,
    AuditEvent,
    Award,
    Challenge,
    Entry,
    Evaluation,
    Message,
    Reproduction,
    Team,
    User,
    Worker,
)

pytestmark = pytest.mark.django_db
HERE = "/c/certificates/organise"
CLOSES = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def olga() -> User:
    return small.organiser()


@pytest.fixture
def challenge(olga: User) -> Challenge:
    award = {"kind": "progress", "name": "effort", "title": "Effort", "phase": "main", "contest": "regions"}
    final = {"phase": "main", "contest": "regions", "first": 2, "named": 1}
    return small.challenge(organisers=[olga], awards=[award], final=final, phase={"closes": CLOSES})


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return small.team(challenge, small.somebody("Ann"), name="Lions")


@pytest.fixture
def entry(team: Team, tmp_path: Path) -> Entry:
    made = small.entry(team, small.table_entry(tmp_path))
    small.scored(made, 0.61234)
    return made


@pytest.fixture
def page(client: Client, olga: User, challenge: Challenge) -> Any:
    """The text of a page, as the organiser gets it."""
    client.force_login(olga)

    def shown(address: str, status: int = 200) -> str:
        answer = client.get(address)
        assert answer.status_code == status, answer.content[:2000]
        return answer.content.decode()

    return shown


@pytest.fixture
def do(client: Client, olga: User, challenge: Challenge) -> Any:
    """Does an action and returns the page that it leads to."""
    client.force_login(olga)

    def done(action: str, status: int = 200, **data: Any) -> str:
        answer = client.post(f"{HERE}/do/{action}", data, follow=True)
        assert answer.status_code == status, answer.content[:3000]
        return answer.content.decode()

    return done


def test_the_console_without_workers_says_so(page: Any) -> None:
    text = page(HERE)
    assert "No worker is there." in text
    assert "Nothing waits, and nothing runs." in text


def test_the_console_shows_the_queue_workers_and_leases(page: Any, team: Team, tmp_path: Path) -> None:
    from tiltyard.site.queue.leasing import take

    waiting = small.entry(team, small.table_entry(tmp_path))
    queue.begin(waiting)
    worker = a_worker()
    Worker.objects.filter(pk=worker.pk).update(jail=False, jail_says="no user namespaces")
    take(worker)
    text = page(f"{HERE}/live")
    assert worker.name in text
    assert "no user namespaces" in text
    assert f"{waiting.pk} · plan" in text
    assert "Lions" in page(f"{HERE}/queue")


def test_a_worker_that_is_silent_is_called_gone(page: Any) -> None:
    worker = a_worker()
    Worker.objects.filter(pk=worker.pk).update(seen=clock.now() - timedelta(minutes=5))
    assert "gone" in page(HERE)


def test_failures_come_with_their_messages(page: Any, entry: Entry) -> None:
    small.scored(entry, 0, state=Evaluation.State.BROKEN, reason="Infrastructure failure", values={})
    job = queue.begin(entry).jobs.get()
    Attempt.objects.create(job=job, number=1, outcome=Attempt.Outcome.ERROR, message="OSError: no space left")
    for address in (HERE, f"{HERE}/entries/{entry.pk}"):
        text = page(address)
        assert "OSError: no space left" in text
        assert "Infrastructure failure" in text


def test_entries_are_filtered(page: Any, entry: Entry, challenge: Challenge, tmp_path: Path) -> None:
    other = small.team(challenge, small.somebody("Bo"), name="Bears")
    small.entry(other, small.table_entry(tmp_path))
    assert "Lions" in page(f"{HERE}/entries")
    assert "Bears" in page(f"{HERE}/entries")
    only = page(f"{HERE}/entries?state=scored&phase=main&contest=regions&who=lio")
    assert "Lions" in only
    assert "Bears" not in only
    assert "No entries." in page(f"{HERE}/entries?who=wolves")
    assert "0.6123" in only


def test_an_entrys_page_shows_all_scores_and_what_can_be_done(page: Any, entry: Entry) -> None:
    text = page(f"{HERE}/entries/{entry.pk}")
    assert "0.6123" in text
    assert "ann@example.org" in text
    assert f'name="entry" value="{entry.pk}"' in text
    page(f"{HERE}/entries/{entry.pk + 1}", status=404)


def test_teams_are_listed_with_addresses_and_messages(page: Any, do: Any, team: Team) -> None:
    do("message", team=team.pk, subject="Hello", body="There *you* are.")
    text = page(f"{HERE}/teams")
    for expected in ("Lions", "ann@example.org", "Hello", "<em>you</em>"):
        assert expected in text


def test_boards_stand_side_by_side(page: Any, entry: Entry) -> None:
    with clock.at(clock.now() + timedelta(minutes=1)):
        text = page(f"{HERE}/boards")
    assert "Public board" in text
    assert "Private board" in text
    assert "0.6123" in text
    page(f"{HERE}/boards?phase=nothing", status=404)


def test_two_entries_are_compared(page: Any, team: Team, tmp_path: Path) -> None:
    entries = [small.entry(team, small.table_entry(tmp_path, hits=hits)) for hits in (6, 2)]
    for one in entries:
        queue.begin(one)
    work_off(a_worker())
    text = page(f"{HERE}/compare?first={entries[0].pk}&second={entries[1].pk}")
    assert "0.5000" in text
    assert "paired bootstrap" in text
    page(f"{HERE}/compare?first=1&second=9999999", status=404)
    page(f"{HERE}/compare?first=x&second=-1")


def test_the_finals_page_shows_who_was_asked_and_what_was_won(page: Any, do: Any, entry: Entry, team: Team) -> None:
    assert "Nobody was asked yet." in page(f"{HERE}/finals")
    with clock.at(CLOSES + timedelta(minutes=1)):
        assert "The team was asked." in do("ask", entry=entry.pk)
    asked = Reproduction.objects.get()
    do("mark", asked=asked.pk, verdict="reproduced", note="same score")
    do("give-award", team=team.pk, name="effort")
    text = page(f"{HERE}/finals")
    for expected in ("Lions", "Reproduced", "same score", "Effort", "Would be named now:"):
        assert expected in text
    do("name-first")
    assert "Lions" in page("/c/certificates/awards")


def test_the_rules_page_lists_versions_phases_and_organisers(page: Any) -> None:
    text = page(f"{HERE}/rules")
    for expected in ("Main phase", "olga.organiser@example.org", "Move the end"):
        assert expected in text


def test_the_audit_log_is_filtered(page: Any, challenge: Challenge, olga: User) -> None:
    audit.record(olga, "refund", challenge=challenge, target="Lions")
    audit.record(None, "award", challenge=challenge, target="Bears")
    audit.record(olga, "refund", challenge=None, target="Elsewhere")
    text = page(f"{HERE}/audit")
    assert "Lions" in text
    assert "Bears" in text
    assert "Elsewhere" not in text
    only = page(f"{HERE}/audit?actor=site&action=award&target=bea")
    assert "Bears" in only
    assert "Lions" not in only


def test_an_action_is_asked_about_and_then_done(page: Any, do: Any, entry: Entry) -> None:
    text = page(f"{HERE}/do/refund?entry={entry.pk}")
    assert "Lions" in text
    assert f'name="entry" value="{entry.pk}"' in text
    assert "does not count against the quota" in do("refund", entry=entry.pk, reason="our fault")
    entry.refresh_from_db()
    assert not entry.charged
    assert AuditEvent.objects.get(action="refund").address == "127.0.0.1"


def test_an_action_without_what_it_needs_says_so(do: Any, entry: Entry) -> None:
    assert "This field is required." in do("refund", status=422, entry=entry.pk)
    entry.refresh_from_db()
    assert entry.charged


def test_an_action_that_is_refused_says_why(do: Any, entry: Entry) -> None:
    do("refund", entry=entry.pk, reason="our fault")
    assert "does not count against the quota already" in do("refund", status=422, entry=entry.pk, reason="again")


def test_an_entry_of_another_challenge_is_no_target(do: Any, tmp_path: Path) -> None:
    other = small.challenge(name="other")
    foreign = small.entry(small.team(other, small.somebody("Bo")), small.table_entry(tmp_path))
    do("refund", status=422, entry=foreign.pk, reason="mine now")
    foreign.refresh_from_db()
    assert foreign.charged


def test_an_unknown_action_is_not_there(page: Any, do: Any) -> None:
    page(f"{HERE}/do/delete-everything", status=404)
    do("delete-everything", status=404)


def test_actions_need_the_token_against_forged_requests(olga: User, challenge: Challenge) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    assert strict.post(f"{HERE}/do/pause").status_code == 403
    assert strict.post("/organise/sample").status_code == 403
    assert strict.post("/organise/new").status_code == 403
    assert Challenge.objects.get().state == Challenge.State.OPEN


def test_after_an_action_one_is_led_back_within_the_site_alone(client: Client, olga: User, entry: Entry) -> None:
    client.force_login(olga)
    data = {"entry": entry.pk, "next": f"{HERE}/entries"}
    assert client.post(f"{HERE}/do/rerun", data)["Location"] == f"{HERE}/entries"
    data = {"next": "https://evil.example/"}
    assert client.post(f"{HERE}/do/pause", data)["Location"] == HERE


def test_a_phase_is_extended_in_the_viewers_zone(do: Any, olga: User, challenge: Challenge) -> None:
    User.objects.filter(pk=olga.pk).update(zone="Asia/Shanghai")
    do("extend", phase="main", closes="2098-06-01T12:00")
    assert Challenge.objects.get().file.phase("main").closes == datetime(2098, 6, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("date", ["9999-12-31T23:59", "9901-01-02T00:00", "1969-12-30T00:00", "0001-01-01T00:00"])
def test_dates_that_clocks_elsewhere_cannot_show_are_refused(
    do: Any, olga: User, challenge: Challenge, entry: Entry, zone: str, date: str
) -> None:
    User.objects.filter(pk=olga.pk).update(zone=zone)
    do("extend", status=422, phase="main", closes=date)
    assert Challenge.objects.get().versions.count() == challenge.versions.count() == 1
    with clock.at(CLOSES + timedelta(minutes=1)):
        do("ask", entry=entry.pk)
    asked = Reproduction.objects.get()
    do("deadline", status=422, asked=asked.pk, deadline=date)
    assert Reproduction.objects.get().deadline == asked.deadline


def test_an_end_by_which_the_private_board_would_move_beyond_all_dates_is_refused(
    do: Any, olga: User, challenge: Challenge
) -> None:
    phase = {"opens": CLOSES - timedelta(days=1), "closes": CLOSES}
    board = {"private_opens": datetime(9900, 1, 1, tzinfo=UTC)}
    small.new_version(challenge, files.Challenge.model_validate(small.content(phase=phase, board=board)))
    with clock.at(CLOSES - timedelta(hours=1)):
        said = do("extend", status=422, phase="main", closes="9800-01-01T00:00")
    assert "a date must lie between the years 1970 and 9900" in said
    assert Challenge.objects.get().versions.count() == 2


def test_what_was_made_with_the_material_is_uploaded(do: Any, entry: Entry, tmp_path: Path) -> None:
    with clock.at(CLOSES + timedelta(minutes=1)):
        do("ask", entry=entry.pk)
    asked = Reproduction.objects.get()
    file = SimpleUploadedFile("made.csv", small.table_entry(tmp_path).read_bytes())
    assert "outside the board" in do("hand-in-made", asked=asked.pk, file=file)
    asked.refresh_from_db()
    assert asked.rerun is not None
    assert asked.rerun.outside


def test_everything_else_that_can_be_done_is_done(do: Any, entry: Entry, team: Team, challenge: Challenge) -> None:
    otto = small.somebody("Otto")
    challenge.organisers.add(otto)
    acts: dict[str, dict[str, Any]] = {
        "disqualify-entry": {"entry": entry.pk, "reason": "copied"},
        "reinstate-entry": {"entry": entry.pk},
        "disqualify-team": {"team": team.pk, "reason": "copied"},
        "reinstate-team": {"team": team.pk},
        "rerun": {"entry": entry.pk},
        "cancel": {"entry": entry.pk, "reason": "too early"},
        "rerun-all": {"phase": "", "contest": ""},
        "pause": {},
        "resume": {},
        "remove-organiser": {"organiser": otto.pk},
        "give-award": {"team": team.pk, "name": "effort"},
    }
    for action, data in acts.items():
        do(action, **data)
        assert AuditEvent.objects.order_by("-pk")[0].action == action
    award = Award.objects.get()
    do("withdraw-award", award=award.pk, reason="shared")
    do("restore-award", award=award.pk)
    assert Message.objects.filter(team=team).count() == 4


def test_organisers_without_a_challenge_are_offered_the_sample(client: Client, olga: User) -> None:
    client.force_login(olga)
    assert "Add the sample challenge" in client.get("/organise").content.decode()
    assert "The sample challenge is open." in client.post("/organise/sample", follow=True).content.decode()
    assert "Add the sample challenge" not in client.get("/organise").content.decode()


def test_a_zip_is_added_by_the_page_and_a_bad_one_refused(client: Client, olga: User, tmp_path: Path) -> None:
    client.force_login(olga)
    good = zipped(folder(tmp_path / "it"), tmp_path / "it.zip").read_bytes()
    answer = client.post("/organise/new", {"file": SimpleUploadedFile("it.zip", good), "note": "n"}, follow=True)
    assert "Version 1 of the challenge is in force." in answer.content.decode()
    answer = client.post("/organise/new", {"file": SimpleUploadedFile("it.zip", b"no zip")})
    assert answer.status_code == 422
    assert "no readable zip archive" in answer.content.decode()


def test_the_export_is_an_archive_and_is_in_the_log(client: Client, olga: User, entry: Entry) -> None:
    client.force_login(olga)
    assert f'method="post" action="{HERE}/export"' in client.get(HERE).text
    answer = client.post(f"{HERE}/export")
    assert b"".join(answer.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]
    assert AuditEvent.objects.filter(action="export").exists()


def test_a_link_to_the_export_and_another_sites_form_take_none(olga: User, challenge: Challenge) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.get(f"{HERE}/export").headers["Location"] == HERE
    assert client.post(f"{HERE}/export").status_code == 403
    assert not AuditEvent.objects.filter(action="export").exists()


def test_the_pages_speak_of_no_inline_script_or_style(page: Any, entry: Entry) -> None:
    for name in ("", "/entries", f"/entries/{entry.pk}", "/teams", "/boards", "/finals", "/rules", "/audit", "/queue"):
        text = page(f"{HERE}{name}")
        for forbidden in (" style=", "<style", " onclick=", "javascript:", "hx-on"):
            assert forbidden not in text
