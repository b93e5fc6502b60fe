"""The site for programs: tokens, challenges, handing in under the page's rules, entries and boards under the policy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

import small_site as small
from small_queue import a_worker, work_off
from tiltyard.site import clock
from tiltyard.site.arriving import entering
from tiltyard.site.models import Challenge, Entry, Team
from tiltyard.site.people import accounts

pytestmark = pytest.mark.django_db
HERE = "/api/challenges/certificates"


@pytest.fixture
def challenge() -> Challenge:
    return small.challenge(phase={"quota": {"a_day": 2}})


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return small.team(challenge, small.somebody("Ann"), name="Lions")


@pytest.fixture
def api(team: Team) -> Any:
    """A client that asks with Ann's token."""

    class Api:
        headers = {"authorization": f"Bearer {accounts.new_token(team.captain)}"}
        client = Client(enforce_csrf_checks=True)

        def get(self, place: str, status: int = 200) -> Any:
            answer = self.client.get(place, headers=self.headers)
            assert answer.status_code == status, answer.content
            return answer.json() if answer["Content-Type"].startswith("application/json") else answer

        def hand_in(self, path: Path, **changes: Any) -> HttpResponse:
            data = {"phase": "main", "contest": "regions", "note": "by program", **changes}
            data["file"] = SimpleUploadedFile(path.name, path.read_bytes())
            return self.client.post(f"{HERE}/entries", data, headers=self.headers)

    return Api()


def test_without_a_token_nothing_is_told(client: Client, challenge: Challenge) -> None:
    assert client.get(HERE).status_code == 401
    for token in ("", "tilt_wrong", "x" * 10_000):
        assert client.get(HERE, headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_cookie_is_no_token(client: Client, team: Team) -> None:
    client.force_login(team.captain)
    assert client.get(HERE).status_code == 401


def test_challenges_are_listed_without_others_drafts(api: Any) -> None:
    small.challenge(name="draft", state=Challenge.State.DRAFT)
    [listed] = api.get("/api/challenges")
    assert (listed["name"], listed["title"]) == ("certificates", {"en": "Forged certificates", "zh": "伪造证书"})
    api.get("/api/challenges/draft", status=404)


def test_a_challenge_tells_its_phases_contests_and_what_is_left(api: Any) -> None:
    told = api.get(HERE)
    assert told["contests"] == [
        {"name": "regions", "title": {"en": "Regions", "zh": ""}, "track": "credential", "suffixes": [".csv"]}
    ]
    [phase] = told["phases"]
    assert (phase["name"], phase["stage"], phase["quota_a_day"]) == ("main", "open", 2)
    assert phase["left"][0]["today"] == 2


def test_the_callers_team(api: Any, team: Team) -> None:
    assert api.get(f"{HERE}/team") == {"name": "Lions", "members": ["Ann"], "captain": "Ann", "disqualified": ""}
    team.memberships.all().delete()
    assert api.get(f"{HERE}/team") is None


def test_an_entry_is_handed_in_evaluated_and_looked_at(api: Any, tmp_path: Path) -> None:
    answer = api.hand_in(small.table_entry(tmp_path, hits=3))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["note"], made["charged"], made["public"]) == ("waiting", "by program", True, None)
    work_off(a_worker())
    with clock.at(clock.now() + timedelta(seconds=5)):
        done = api.get(f"/api/entries/{made['id']}")
        assert done["state"] == "scored"
        assert done["public"]["values"]["f1"] == 0.6667
        assert (done["private"], done["report"], done["log"]) == (None, False, False)
        assert [one["id"] for one in api.get(f"{HERE}/entries")] == [made["id"]]
        api.get(f"/api/entries/{made['id']}/report", status=404)
        board = api.get(f"{HERE}/boards/main/regions")
        assert [(line["rank"], line["team"]) for line in board["lines"]] == [(1, "Lions")]
        assert (board["metric"], board["next"], board["version"]) == ("f1", None, 1)
        api.get(f"{HERE}/boards/main/regions?kind=private", status=404)
        api.get(f"{HERE}/boards/other/regions", status=404)


def test_the_quota_of_the_page_holds(api: Any, tmp_path: Path) -> None:
    path = small.table_entry(tmp_path)
    assert [api.hand_in(path).status_code for _ in range(3)] == [201, 201, 422]
    assert "No entries are left today" in api.hand_in(path).json()["detail"]
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"phase": "other"}, "Choose a phase"), ({"contest": ""}, "Choose a phase")],
)
def test_what_is_refused_says_why_and_costs_nothing(api: Any, tmp_path: Path, changes: Any, message: str) -> None:
    answer = api.hand_in(small.table_entry(tmp_path), **changes)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    assert not Entry.objects.exists()


def test_a_file_that_breaks_the_format_is_refused_with_the_readers_words(api: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("Path,Polygon\na.jpg,[[1,2]]\n")
    answer = api.hand_in(tmp_path / "bad.csv")
    assert answer.status_code == 422
    assert "bad.csv" in answer.json()["detail"]


def test_too_many_uploads_are_told_when_to_come_back(api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "UPLOADS", 1)
    path = small.table_entry(tmp_path)
    assert api.hand_in(path).status_code == 201
    answer = api.hand_in(path)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_body_that_is_too_large_is_not_read(api: Any) -> None:
    answer = api.client.post(
        f"{HERE}/entries", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(1 << 40),
        headers=api.headers,
    )  # fmt: skip
    assert answer.status_code == 422
    assert "larger than is allowed" in answer.json()["detail"]


def test_after_the_private_board_has_opened_log_and_report_are_there(api: Any, team: Team, tmp_path: Path) -> None:
    closes = datetime.now(UTC) + timedelta(days=1)
    version = team.challenge.version
    version.content["phases"][0]["closes"] = closes.isoformat()
    version.save()
    entry = small.entry(team, small.table_entry(tmp_path))
    files = {
        "report.html": small.keep_bytes(b"<p>report</p>").digest,
        "artefacts/a.log": small.keep_bytes(b"hi").digest,
    }
    small.scored(entry, 0.5, files=files)
    with clock.at(closes + timedelta(hours=1)):
        told = api.get(f"/api/entries/{entry.pk}")
        assert (told["report"], told["log"]) == (True, True)
        report = api.get(f"/api/entries/{entry.pk}/report")
        assert report.content == b"<p>report</p>"
        assert report["Content-Security-Policy"].startswith("sandbox")
        assert api.get(f"/api/entries/{entry.pk}/log").content == b"== a\nhi\n"


def test_the_description_of_the_api_lists_every_call(client: Client) -> None:
    described = client.get("/api/openapi.json").json()
    assert set(described["paths"]["/api/challenges/{slug}/entries"]) == {"get", "post"}
    assert len(described["paths"]) == 8
