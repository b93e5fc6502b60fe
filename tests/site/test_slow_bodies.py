"""What a form may do is asked when all of it is here: a slow body outlasts bans, lost rights and new passwords."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import small_site as small
from small_slow import slow_post
from tiltyard.site import clock
from tiltyard.site.models import Challenge, Entry, Reproduction, User
from tiltyard.site.people import accounts

pytestmark = pytest.mark.django_db
NEW = "another horse 18"
SAID = {"name": "Ann A.", "zone": "", "language": ""}
CHANGED = {"old_password": small.PASSWORD, "new_password1": NEW, "new_password2": NEW}


@pytest.fixture
def ann() -> User:
    return small.somebody("Ann", is_organiser=True)


@pytest.fixture
def browser(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def row(user: User, **changes: Any) -> Callable[[], object]:
    """Changes the account, as another request would."""
    return lambda: User.objects.filter(pk=user.pk).update(**changes)


def sent_to_log_in(answer: Any) -> bool:
    return bool(answer.status_code == 302 and answer.headers["Location"].startswith("/login"))


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": make_password(NEW)}], ids=["ban", "password"])
@pytest.mark.parametrize(
    ("path", "data"),
    [("/profile", SAID), ("/profile", {"api": "new"}), ("/profile/password", CHANGED)],
    ids=["profile", "token", "password"],
)
def test_whoever_was_shut_out_meanwhile_changes_nothing(
    browser: Client, ann: User, path: str, data: dict[str, str], change: dict[str, Any]
) -> None:
    answer = slow_post(browser, path, data, row(ann, **change))
    assert sent_to_log_in(answer)
    assert User.objects.get(name="Ann", token_digest="", **change) == ann


def test_whoever_logged_out_meanwhile_changes_nothing(browser: Client, ann: User) -> None:
    other = Client()
    other.cookies = browser.cookies.copy()  # type: ignore[assignment]
    assert sent_to_log_in(slow_post(browser, "/profile", SAID, lambda: other.post("/logout")))
    ann.refresh_from_db()
    assert ann.name == "Ann"


@pytest.mark.parametrize(("path", "data"), [("/profile", SAID), ("/profile/password", CHANGED)])
def test_rights_that_were_lost_meanwhile_do_not_come_back(
    browser: Client, ann: User, path: str, data: dict[str, str]
) -> None:
    accounts.new_token(ann)
    assert slow_post(browser, path, data, row(ann, is_organiser=False, token_digest="")).status_code == 302
    ann.refresh_from_db()
    assert (ann.is_organiser, ann.token_digest) == (False, "")


def test_of_an_account_only_what_the_form_asks_is_written(
    browser: Client, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the account changes between the last look at it and the moment at which it is saved."""
    monkeypatch.setattr("tiltyard.site.views.forms.Profile.clean", lambda form: row(ann, is_active=False)() and None)
    assert browser.post("/profile", SAID).status_code == 302
    ann.refresh_from_db()
    assert (ann.name, ann.is_active) == ("Ann A.", False)


def test_a_new_password_writes_the_password_and_drops_the_token_alone(
    browser: Client, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.new_token(ann)
    hashed = User.set_password

    def set_password(user: User, raw: str) -> None:
        row(ann, is_active=False)()
        hashed(user, raw)

    monkeypatch.setattr(User, "set_password", set_password)
    assert browser.post("/profile/password", CHANGED).status_code == 302
    ann.refresh_from_db()
    assert (ann.is_active, ann.token_digest, ann.check_password(NEW)) == (False, "", True)


def test_whoever_lost_a_challenge_meanwhile_does_nothing_in_it(browser: Client, ann: User) -> None:
    of = small.challenge(organisers=[ann, small.organiser()])
    here = f"/c/{of.slug}/organise/do/pause"
    assert slow_post(browser, here, {}, lambda: of.organisers.remove(ann)).status_code == 403
    of.refresh_from_db()
    assert of.state == Challenge.State.OPEN
    of.organisers.add(ann)
    assert sent_to_log_in(slow_post(browser, here, {}, row(ann, is_active=False)))
    of.refresh_from_db()
    assert of.state == Challenge.State.OPEN


def test_whoever_may_open_challenges_no_longer_adds_none(browser: Client, ann: User) -> None:
    archive = SimpleUploadedFile("a.zip", b"x")
    assert slow_post(browser, "/organise/new", {"file": archive}, row(ann, is_organiser=False)).status_code == 403


def test_whoever_was_shut_out_meanwhile_hands_nothing_in(browser: Client, ann: User, tmp_path: Path) -> None:
    of = small.challenge()
    small.team(of, ann)
    data = {"phase": "main", "contest": "regions"}
    file = small.table_entry(tmp_path)
    with file.open("rb") as content:
        answer = slow_post(browser, f"/c/{of.slug}/submit", data | {"file": content}, row(ann, is_active=False))
    assert sent_to_log_in(answer)
    row(ann, is_active=True)()
    bearer = {"Authorization": f"Bearer {accounts.new_token(ann)}"}
    with file.open("rb") as content:
        path = f"/api/challenges/{of.slug}/entries"
        answer = slow_post(Client(), path, data | {"file": content}, row(ann, token_digest=""), **bearer)
    assert answer.status_code == 401
    assert not Entry.objects.exists()


@pytest.fixture
def asked(ann: User, tmp_path: Path) -> Reproduction:
    entry = small.entry(small.team(small.challenge(), ann), small.table_entry(tmp_path))
    tomorrow = clock.now() + timedelta(days=1)
    return Reproduction.objects.create(challenge=entry.challenge, entry=entry, place=1, deadline=tomorrow)


@pytest.mark.parametrize("change", [{"verdict": "reproduced"}, {"deadline": clock.now()}], ids=["verdict", "deadline"])
def test_what_was_decided_meanwhile_is_not_written_over(
    browser: Client, asked: Reproduction, change: dict[str, Any]
) -> None:
    decided = change | {"write_up": "The organisers' words."}
    path = f"/c/{asked.challenge.slug}/entries/{asked.entry_id}/reproduce"
    answer = slow_post(
        browser, path, {"write_up": "Ours."}, lambda: Reproduction.objects.filter(pk=asked.pk).update(**decided)
    )
    assert answer.status_code == 422
    asked.refresh_from_db()
    assert asked.write_up == "The organisers' words."
