"""The export of a challenge: everything is in it, evaluations verify, formulas are text, nothing is held in memory."""

import csv
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

import small_site as small
from small_queue import a_worker, work_off
from tiltyard.contest.verify import verify
from tiltyard.site import queue
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge.export import chunks
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Reproduction
from tiltyard.site.storing.files import keep_bytes
from tiltyard.site.telling import messages

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(tmp_path: Path) -> zipfile.ZipFile:
    olga = small.organiser()
    challenge = small.challenge(organisers=[olga])
    team = small.team(challenge, small.somebody("Ann"), name="=HYPERLINK(1)")
    queue.begin(small.entry(team, small.table_entry(tmp_path, hits=3), note="first"))
    work_off(a_worker())
    messages.message(challenge, None, "News", "It goes on.", by=Doer(olga))
    return zipfile.ZipFile(io.BytesIO(b"".join(chunks(challenge))))


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def test_every_evaluation_verifies(archive: zipfile.ZipFile, tmp_path: Path) -> None:
    assert archive.testzip() is None
    archive.extractall(tmp_path / "out")
    [folder] = (tmp_path / "out" / "evaluations").iterdir()
    assert verify(folder) == []
    assert (folder / "report.html").is_file()


def test_entries_and_teams_are_tables_in_which_nothing_is_a_formula(archive: zipfile.ZipFile) -> None:
    [entry] = csv.DictReader(io.StringIO(archive.read("entries.csv").decode()))
    assert (entry["team"], entry["state"], entry["note"]) == ("'=HYPERLINK(1)", "scored", "first")
    assert json.loads(entry["values"])["f1"] == pytest.approx(2 / 3)
    [member] = csv.DictReader(io.StringIO(archive.read("teams.csv").decode()))
    assert (member["member"], member["email"]) == ("Ann", "ann@example.org")


def test_versions_boards_messages_and_the_log_are_there(archive: zipfile.ZipFile) -> None:
    assert archive.read("versions/1/data/truth.csv") == small.table(small.TRUTH)
    assert json.loads(archive.read("versions/1/challenge.json"))["file"]["name"] == "certificates"
    assert [event["action"] for event in lines(archive, "audit.jsonl")] == ["message"]
    assert [message["subject"] for message in lines(archive, "messages.jsonl")] == ["News"]
    assert [one["state"] for one in lines(archive, "evaluations.jsonl")] == ["scored"]
    names = archive.namelist()
    assert {"boards.jsonl", "awards.jsonl", "reproductions.jsonl", "README.txt"} <= set(names)
    assert [name for name in names if name.startswith("entries/")] == [f"entries/{first_entry()}/result.csv"]


def test_what_teams_handed_in_to_be_reproduced_is_there(tmp_path: Path) -> None:
    challenge = small.challenge()
    entries = [
        small.entry(small.team(challenge, small.somebody(name)), small.table_entry(tmp_path, hits=3))
        for name in ("Ann", "Bob", "Cleo")
    ]
    asked = {"challenge": challenge, "place": 1, "deadline": now()}
    material = keep_bytes(b"all that is needed")
    for entry, name in zip(entries, ("../code.zip", "..", ""), strict=True):
        Reproduction.objects.create(entry=entry, file=material if name else None, file_name=name, **asked)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks(challenge))))
    names = [name for name in archive.namelist() if name.startswith("reproductions/")]
    assert names == [f"reproductions/{entries[0].pk}/code.zip", f"reproductions/{entries[1].pk}/entry"]
    assert {archive.read(name) for name in names} == {b"all that is needed"}


def first_entry() -> int:
    return Challenge.objects.get().entries.get().pk


def test_a_large_file_is_sent_in_pieces(tmp_path: Path) -> None:
    challenge = small.challenge(files={"data/images.bin": bytes(12 << 20)})
    sizes = [len(chunk) for chunk in chunks(challenge)]
    assert max(sizes) < 2 << 20
    random = small.challenge(name="other", files={"data/noise.bin": os.urandom(12 << 20)})
    assert max(len(chunk) for chunk in chunks(random)) < 3 << 20
