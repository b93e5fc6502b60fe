"""Handing in on the page, and what an entry's page says in each of its states."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import small_site as small
from small_pages import attributes, seen
from tiltyard.site import clock
from tiltyard.site.models import Challenge, Entry, Evaluation, Job, Reproduction, Team, User
from tiltyard.site.storing.files import keep_bytes

pytestmark = pytest.mark.django_db
SUBMIT = "/c/certificates/submit"
OPENS = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=10)
State = Evaluation.State


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(folder: Path, **changes: object) -> dict[str, object]:
    file = SimpleUploadedFile("my table.csv", small.table_entry(folder).read_bytes())
    return {"phase": "main", "contest": "regions", "note": "bigger tiles", "file": file, **changes}


@pytest.fixture
def team() -> Team:
    return small.team(small.challenge(), small.somebody("Ann"), name="Lance")


@pytest.fixture
def member(team: Team) -> Client:
    return as_(team.captain)


def page(member: Client, entry: Entry) -> str:
    return seen(member.get(f"/c/certificates/entries/{entry.pk}"))


def test_without_a_team_or_terms_the_page_says_what_comes_first() -> None:
    of, ann = small.challenge(), small.somebody("Ann")
    assert "You do not take part yet." in seen(as_(ann).get(SUBMIT))
    small.registered(ann, of)
    assert "You have no team yet." in seen(as_(ann).get(SUBMIT))


def test_the_page_says_format_size_quota_and_when_it_resets(member: Client) -> None:
    text = seen(member.get(SUBMIT))
    assert "Choose a file or drop it here: .csv, at most 256.0" in text
    assert "Today 10" in text
    assert "A new day begins" in text


def test_before_and_after_the_phase_nothing_is_taken() -> None:
    team = small.team(small.challenge(phase={"opens": OPENS, "closes": CLOSES}), small.somebody("Ann"))
    with clock.at(OPENS - timedelta(days=1)):
        text = seen(as_(team.captain).get(SUBMIT))
        assert "No entries are taken now." in text
        assert "Main phase opens: 2 Mar 2026, 12:00" in text
    with clock.at(CLOSES):
        assert "The challenge is over." in seen(as_(team.captain).get(SUBMIT))


def test_a_plain_form_hands_in_and_leads_to_the_entry(member: Client, tmp_path: Path) -> None:
    answer = member.post(SUBMIT, form(tmp_path))
    entry = Entry.objects.get()
    assert answer.headers["Location"] == f"/c/certificates/entries/{entry.pk}"
    assert (entry.file_name, entry.note, entry.charged) == ("my table.csv", "bigger tiles", True)


def test_the_script_is_answered_in_json(member: Client, tmp_path: Path) -> None:
    script = {"X-Requested-With": "upload"}
    answer = member.post(SUBMIT, form(tmp_path), headers=script)
    assert answer.json() == {"address": f"/c/certificates/entries/{Entry.objects.get().pk}"}
    bad = SimpleUploadedFile("bad.csv", b"nonsense\n")
    answer = member.post(SUBMIT, form(tmp_path, file=bad), headers=script)
    assert answer.status_code == 422
    assert answer.json()["refused"].startswith("bad.csv: line 1")


def test_the_readers_refusal_stands_on_the_page_and_costs_nothing(member: Client, tmp_path: Path) -> None:
    answer = member.post(SUBMIT, form(tmp_path, file=SimpleUploadedFile("bad.csv", b"Path,Polygon\n1.jpg,[[\n")))
    assert answer.status_code == 422
    assert "bad.csv: line 2" in seen(answer)
    assert "Today 10" in seen(answer)
    assert "bigger tiles" in attributes(answer, "value")
    assert not Entry.objects.exists()


def test_no_file_is_told(member: Client, tmp_path: Path) -> None:
    given = form(tmp_path)
    given.pop("file")
    assert "Choose a file first." in seen(member.post(SUBMIT, given))
    assert "The file is empty." in seen(member.post(SUBMIT, form(tmp_path, file=SimpleUploadedFile("e.csv", b""))))


def test_too_large_a_body_is_refused_before_it_is_read(member: Client, tmp_path: Path) -> None:
    size = str(400 << 20)
    answer = member.post(SUBMIT, form(tmp_path), CONTENT_LENGTH=size)
    assert answer.status_code == 413
    answer = member.post(SUBMIT, form(tmp_path), CONTENT_LENGTH=size, headers={"X-Requested-With": "upload"})
    assert answer.json() == {"refused": "The file is larger than is allowed."}
    assert not Entry.objects.exists()


def test_an_upload_without_the_forms_token_is_refused(team: Team, tmp_path: Path) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(team.captain)
    assert strict.post(SUBMIT, form(tmp_path)).status_code == 403
    strict.get(SUBMIT)
    token = strict.cookies["csrftoken"].value
    assert strict.post(SUBMIT, form(tmp_path, csrfmiddlewaretoken=token)).status_code == 302


def test_a_spent_quota_is_told_instead_of_a_form(tmp_path: Path) -> None:
    team = small.team(small.challenge(phase={"quota": {"a_day": 1}}), small.somebody("Ann"))
    member = as_(team.captain)
    member.post(SUBMIT, form(tmp_path))
    text = seen(member.get(SUBMIT))
    assert "No entries are left today. The count starts anew on" in text
    assert "Submit the entry" not in text
    assert "No entries are left today" in seen(member.post(SUBMIT, form(tmp_path)))


def test_several_contests_are_chosen_between(tmp_path: Path) -> None:
    contests = [
        {"name": name, "title": name.title(), "track": "credential", "data": "data"} for name in ("regions", "stamps")
    ]
    team = small.team(small.challenge(contests=contests), small.somebody("Ann"))
    answer = as_(team.captain).get(SUBMIT, {"phase": "main", "contest": "stamps"})
    assert "stamps" in attributes(answer, "value")
    assert "Main phase · Regions" in seen(answer)


def test_a_waiting_entry_says_its_place_and_asks_again(member: Client, team: Team, tmp_path: Path) -> None:
    member.post(SUBMIT, form(tmp_path))
    member.post(SUBMIT, form(tmp_path))
    last = Entry.objects.latest("pk")
    answer = member.get(f"/c/certificates/entries/{last.pk}")
    assert "Place 2 in the queue." in seen(answer)
    assert attributes(answer, "hx-get") == [f"/c/certificates/entries/{last.pk}/state"]
    assert attributes(answer, "hx-trigger") == ["every 2s"]


def test_a_running_entry_says_how_far_it_is(member: Client, team: Team, tmp_path: Path) -> None:
    member.post(SUBMIT, form(tmp_path))
    Evaluation.objects.update(state=State.RUNNING)
    entry = Entry.objects.get()
    assert "its work is planned" in page(member, entry)
    more = {"evaluation": entry.evaluation, "kind": Job.Kind.MEASURE, "deadline": OPENS}
    Job.objects.create(shard="a", items=60, done_items=60, spent={"forwards": 1200, "backwards": 600}, **more)
    Job.objects.create(shard="b", items=40, done_items=15, **more)
    text = page(member, entry)
    assert "75 of 100 items" in text


def test_of_a_program_on_hidden_data_only_whole_shards_are_told(tmp_path: Path) -> None:
    contest = {"name": "regions", "title": "Attacks", "track": "whitebox", "data": "digits"}
    team = small.team(small.challenge(contests=[contest], phase={"opens": OPENS}), small.somebody("Ann"))
    entry = small.entry(team, small.table_entry(tmp_path))
    evaluation = small.scored(entry, 0.8, state=State.RUNNING, finished=None)
    more = {"evaluation": evaluation, "kind": Job.Kind.MEASURE, "deadline": OPENS}
    Job.objects.create(shard="a", items=60, done_items=15, state=Job.State.LEASED, **more)
    Job.objects.create(shard="b", items=40, state=Job.State.WAITING, **more)
    assert "0 of 100 items" in page(as_(team.captain), entry)
    Job.objects.filter(shard="a").update(state=Job.State.DONE, done_items=60)
    assert "60 of 100 items" in page(as_(team.captain), entry)


def test_what_a_program_spent_waits_while_the_data_is_hidden(tmp_path: Path) -> None:
    team = small.team(small.challenge(phase={"opens": OPENS, "closes": CLOSES}), small.somebody("Ann"))
    member = as_(team.captain)
    with clock.at(OPENS + timedelta(hours=1)):
        member.post(SUBMIT, form(tmp_path))
    entry = Entry.objects.get()
    Evaluation.objects.update(
        state=State.SCORED, started=OPENS, finished=OPENS + timedelta(minutes=2), parts=[{"forwards": 1200}]
    )
    with clock.at(CLOSES - timedelta(hours=1)):
        assert "1200" not in page(member, entry)
        assert "Measuring took" not in page(member, entry)
    with clock.at(CLOSES):
        assert "Forward passes 1200" in page(member, entry)
        assert "Measuring took" in page(member, entry)


def test_polling_ends_with_the_evaluation(member: Client, team: Team, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path))
    small.scored(entry, 0.8)
    answer = member.get(f"/c/certificates/entries/{entry.pk}/state")
    assert attributes(answer, "hx-trigger") == []
    assert "<html" not in answer.text
    assert "0.8000" in seen(answer)


def test_a_score_stands_with_its_interval_and_the_other_figures(member: Client, team: Team, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path))
    small.scored(entry, 0.8)
    text = page(member, entry)
    assert "0.8000 Score (f1)" in text
    assert "95 % interval 0.7500 – 0.8500" in text
    assert "recall 0.8000" in text
    assert "The entry counts." in text


def test_what_the_board_holds_back_the_page_holds_back(tmp_path: Path) -> None:
    of = small.challenge(phase={"opens": OPENS, "closes": CLOSES}, board={"refresh_minutes": 60, "public_share": 0.5})
    team = small.team(of, small.somebody("Ann"))
    with clock.at(OPENS + timedelta(minutes=10)):
        entry = small.entry(team, small.table_entry(tmp_path))
        small.scored(entry, 0.8123, public=0.7456)
        text = page(as_(team.captain), entry)
        assert "Its public score is shown with the next refresh of the board: 2 Mar 2026, 13:00" in text
        assert "0.7456" not in text
    with clock.at(OPENS + timedelta(minutes=70)):
        text = page(as_(team.captain), entry)
        assert "0.7456" in text
        assert "0.8123" not in text
        assert "report and log are shown when the final board opens" in text
    with clock.at(CLOSES):
        assert "0.8123 Score on all items" in page(as_(team.captain), entry)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.FAILED, "The entry failed by the rules."),
        (State.BROKEN, "The evaluation broke, by a fault of ours."),
        (State.CANCELLED, "The organisers have cancelled the evaluation."),
    ],
)
def test_every_end_has_its_reason(member: Client, team: Team, tmp_path: Path, state: str, told: str) -> None:
    entry = small.entry(team, small.table_entry(tmp_path), charged=False, uncharged_because="infrastructure failure")
    small.scored(entry, 0.0, state=state, reason="file 0.jpg stands there twice")
    text = page(member, entry)
    assert told in text
    assert "file 0.jpg stands there twice" in text
    assert "The entry does not count: infrastructure failure" in text


def test_others_do_not_see_the_entry_nor_what_belongs_to_it(client: Client, team: Team, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path))
    small.scored(entry, 0.8)
    other = small.somebody("Other")
    small.team(Challenge.objects.get(), other)
    for part in ("", "/state", "/report", "/log", "/file", "/reproduce"):
        address = f"/c/certificates/entries/{entry.pk}{part}"
        assert client.get(address).status_code == 302
        assert as_(other).get(address).status_code == 404


def test_entries_made_outside_the_board_are_not_the_teams(member: Client, team: Team, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path), outside=True)
    assert member.get(f"/c/certificates/entries/{entry.pk}").status_code == 404
    assert "handed in nothing yet" in seen(member.get("/c/certificates/entries"))


def test_the_list_has_the_newest_first(member: Client, team: Team, tmp_path: Path) -> None:
    assert "Your team has handed in nothing yet." in seen(member.get("/c/certificates/entries"))
    path = small.table_entry(tmp_path)
    with clock.at(OPENS):
        small.scored(small.entry(team, path, note="the first"), 0.6)
    small.scored(small.entry(team, path, note="the second"), 0.7)
    text = seen(member.get("/c/certificates/entries"))
    assert text.index("the second") < text.index("the first")
    assert "0.6000" in text


def test_the_teams_own_file_comes_back_as_it_was(member: Client, tmp_path: Path) -> None:
    member.post(SUBMIT, form(tmp_path))
    answer = member.get(f"/c/certificates/entries/{Entry.objects.get().pk}/file")
    assert b"".join(answer.streaming_content) == small.table_entry(tmp_path).read_bytes()  # type: ignore[attr-defined]
    assert 'filename="my table.csv"' in answer.headers["Content-Disposition"]


def finished(team: Team, folder: Path) -> Entry:
    entry = small.entry(team, small.table_entry(folder))
    kept = {
        "report.html": b"<p>the report</p><script>alert(1)</script>",
        "artefacts/guest.log": b"x" * 100_000 + b"end",
    }
    small.scored(entry, 0.8, files={name: keep_bytes(content).digest for name, content in kept.items()})
    return entry


def test_report_and_log_wait_while_the_data_is_hidden(tmp_path: Path) -> None:
    team = small.team(small.challenge(phase={"opens": OPENS, "closes": CLOSES}), small.somebody("Ann"))
    member, entry = as_(team.captain), finished(team, tmp_path)
    address = f"/c/certificates/entries/{entry.pk}"
    with clock.at(CLOSES - timedelta(hours=1)):
        assert member.get(f"{address}/report").status_code == 404
        assert member.get(f"{address}/log").status_code == 404
    with clock.at(CLOSES):
        report, log = member.get(f"{address}/report"), member.get(f"{address}/log")
        assert "the report" in report.text
        assert report.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "script-src" not in report.headers["Content-Security-Policy"]
        assert "xend" in seen(log)
        assert len(log.content) < 90_000


def test_material_is_sent_until_the_deadline(member: Client, team: Team, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path))
    asked = Reproduction.objects.create(challenge=team.challenge, entry=entry, place=3, deadline=CLOSES)
    address = f"/c/certificates/entries/{entry.pk}/reproduce"
    with clock.at(CLOSES - timedelta(hours=1)):
        assert "Reproducible material is asked for." in page(member, entry)
        assert "Your team stands on place 3." in seen(member.get(address))
        file = SimpleUploadedFile("all of it.zip", b"anything")
        assert member.post(address, {"file": file, "write_up": "We **tiled**."}).status_code == 302
        asked.refresh_from_db()
        assert (asked.verdict, asked.file_name, asked.write_up) == ("received", "all of it.zip", "We **tiled**.")
    with clock.at(CLOSES):
        answer = member.post(address, {"file": SimpleUploadedFile("late.zip", b"x"), "write_up": "late"})
        assert answer.status_code == 422
        assert "The time for sending material is over." in seen(answer)
        asked.refresh_from_db()
        assert (asked.file_name, asked.write_up) == ("all of it.zip", "We **tiled**.")


def test_after_the_verdict_nothing_is_changed(member: Client, team: Team, tmp_path: Path) -> None:
    entry = small.entry(team, small.table_entry(tmp_path))
    tomorrow = clock.now() + timedelta(days=1)
    Reproduction.objects.create(challenge=team.challenge, entry=entry, place=1, deadline=tomorrow, verdict="reproduced")
    answer = member.post(f"/c/certificates/entries/{entry.pk}/reproduce", {"write_up": "other"})
    assert "The organisers have decided already." in seen(answer)
