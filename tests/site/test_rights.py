"""Every address of the site, asked for by everybody: a table of rights, and a test that no address is missing in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver

import small_site as small
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.clock import now
from tiltyard.site.models import AuditEvent, Challenge, Entry, Reproduction, Team, User
from tiltyard.site.organising import organisers
from tiltyard.site.people import accounts, invitations
from tiltyard.site.storing.files import keep_bytes

pytestmark = pytest.mark.django_db
ROLES = ("visitor", "user", "participant", "other", "member", "stranger", "organiser", "admin")
"""Not logged in; with an account; taking part without a team; of another team; of the entry's team; organiser of
another challenge; organiser of this one; administrator."""

# Status of GET and POST for each role, in the order of ROLES; `login` leads to the page for logging in. A POST without
# data that is refused for what it lacks (422) was allowed. Actions that change something are asked for with data.
RIGHTS: dict[str, tuple[str, str]] = {
    "": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "api/": ("404 404 404 404 404 404 404 404", "404 404 404 404 404 404 404 404"),
    "api/^files/(?P<digest>[0-9a-f]{64})$": ("401 401 401 401 401 401 401 401", "405 405 405 405 405 405 405 405"),
    "api/challenges": ("401 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "api/challenges/<slug>": ("401 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "api/challenges/<slug>/boards/<phase>/<contest>": (
        "401 200 200 200 200 200 200 200",
        "405 405 405 405 405 405 405 405",
    ),
    "api/challenges/<slug>/entries": ("401 200 200 200 200 200 200 200", "401 422 422 422 422 422 422 422"),
    "api/challenges/<slug>/team": ("401 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "api/entries/<number>": ("401 404 404 404 200 404 200 200", "405 405 405 405 405 405 405 405"),
    "api/entries/<number>/log": ("401 404 404 404 404 404 200 200", "405 405 405 405 405 405 405 405"),
    "api/entries/<number>/report": ("401 404 404 404 404 404 200 200", "405 405 405 405 405 405 405 405"),
    "api/openapi.json": ("200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200"),
    "c/<slug:slug>/": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "c/<slug:slug>/awards": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "c/<slug:slug>/board": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "c/<slug:slug>/board.csv": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "c/<slug:slug>/entries": ("login 302 302 200 200 302 302 302", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/entries/<row:number>": ("login 404 404 404 200 404 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/entries/<row:number>/file": (
        "login 404 404 404 200 404 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/entries/<row:number>/log": (
        "login 404 404 404 404 404 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/entries/<row:number>/report": (
        "login 404 404 404 404 404 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/entries/<row:number>/reproduce": (
        "login 404 404 404 200 404 200 200",
        "login 404 404 404 422 404 422 422",
    ),
    "c/<slug:slug>/entries/<row:number>/state": (
        "login 404 404 404 200 404 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/feed": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "c/<slug:slug>/join": ("login 200 200 200 200 200 200 200", "login 302 302 302 302 302 302 302"),
    "c/<slug:slug>/messages": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/audit": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/boards": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/compare": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/do/<slug:action>": (
        "login 403 403 403 403 403 200 200",
        "login 403 403 403 403 403 302 302",
    ),
    "c/<slug:slug>/organise/entries": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/entries/<row:number>": (
        "login 403 403 403 403 403 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/organise/export": ("login 403 403 403 403 403 302 302", "login 403 403 403 403 403 200 200"),
    "c/<slug:slug>/organise/finals": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/live": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/material/<row:number>": (
        "login 403 403 403 403 403 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/organise/queue": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/organise/rules": ("login 403 403 403 403 403 200 200", "login 403 403 403 403 403 200 200"),
    "c/<slug:slug>/organise/teams": ("login 403 403 403 403 403 200 200", "login 405 405 405 405 405 405 405"),
    "c/<slug:slug>/releases/<slug:phase>/<int:number>": (
        "login 404 200 200 200 404 200 200",
        "login 405 405 405 405 405 405 405",
    ),
    "c/<slug:slug>/submit": ("login 200 200 200 200 200 200 200", "login 422 422 422 422 422 422 422"),
    "c/<slug:slug>/team": ("login 200 200 200 200 200 200 200", "login 422 302 422 422 422 422 422"),
    "claim/<str:code>": ("410 410 410 410 410 410 410 410", "410 410 410 410 410 410 410 410"),
    "invitation/<str:code>": ("login 302 200 200 200 302 302 302", "login 302 302 410 410 302 302 302"),
    "language/setlang/": ("302 302 302 302 302 302 302 302", "302 302 302 302 302 302 302 302"),
    "login": ("200 200 200 200 200 200 200 200", "422 422 422 422 422 422 422 422"),
    "logout": ("405 405 405 405 405 405 405 405", "302 302 302 302 302 302 302 302"),
    "look": ("405 405 405 405 405 405 405 405", "302 302 302 302 302 302 302 302"),
    "organise": ("login 403 403 403 403 200 200 200", "login 405 405 405 405 405 405 405"),
    "organise/invitation/<str:code>": (
        "login 200 200 200 200 200 200 200",
        "login 302 302 410 410 302 410 302",
    ),
    "organise/new": ("login 403 403 403 403 200 200 200", "login 403 403 403 403 422 422 422"),
    "organise/sample": ("login 405 405 405 405 405 405 405", "login 403 403 403 403 302 302 302"),
    "password/<uidb64>/<token>": ("200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200"),
    "password/forgot": ("404 404 404 404 404 404 404 404", "404 404 404 404 404 404 404 404"),
    "password/sent": ("200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405"),
    "profile": ("login 200 200 200 200 200 200 200", "login 302 302 302 302 302 302 302"),
    "profile/password": ("login 200 200 200 200 200 200 200", "login 200 200 200 200 200 200 200"),
    "sign-up/<str:code>": ("410 410 410 410 410 410 410 410", "410 410 410 410 410 410 410 410"),
    "sign-up": ("200 200 200 200 200 200 200 200", "422 422 422 422 422 422 422 422"),
}


@dataclass
class Site:
    """A challenge with teams, one entry with report and log, everybody of ROLES, and an address for every route."""

    users: dict[str, User | None]
    places: dict[str, str]
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    people: dict[str, User | None] = {"visitor": None, "user": small.somebody("Uma")}
    people |= {role: small.somebody(role.title()) for role in ("participant", "other", "member")}
    people["stranger"], people["organiser"] = small.organiser("Stefan"), small.organiser("Olga")
    people["admin"] = small.somebody("Ada", is_staff=True, is_superuser=True)
    challenge = challenge_of(people["organiser"])
    small.challenge(name="elsewhere", organisers=[people["stranger"]])  # type: ignore[list-item]
    small.registered(people["participant"], challenge)  # type: ignore[arg-type]
    team = small.team(challenge, people["member"], name="Own")  # type: ignore[arg-type]
    small.team(challenge, people["other"], name="Other")  # type: ignore[arg-type]
    entry, asked = entry_of(team, tmp_path)
    places = places_of(challenge, entry, asked, invitations.invite(team, team.captain))
    tokens = {role: accounts.new_token(user) for role, user in people.items() if user}
    return Site(people, places, data_of(entry), tokens)


def challenge_of(organiser: User | None) -> Challenge:
    assert organiser is not None
    release = {"file": "train.zip", "title": "Train"}
    phase = {"releases": [release], "closes": datetime(2099, 1, 1, tzinfo=UTC)}
    final = {"phase": "main", "contest": "regions"}
    return small.challenge(
        organisers=[organiser], phase=phase, final=final, files={"train.zip": b"PK"}, board={"public_share": 0.5}
    )


def entry_of(team: Team, folder: Path) -> tuple[Entry, Reproduction]:
    entry = small.entry(team, small.table_entry(folder))
    files = {"report.html": keep_bytes(b"<p>report</p>").digest, "artefacts/regions.log": keep_bytes(b"log").digest}
    small.scored(entry, 0.5, files=files)
    asked = Reproduction.objects.create(challenge=team.challenge, entry=entry, place=1, deadline=now())
    asked.file, asked.file_name = keep_bytes(b"material"), "material.zip"
    asked.save()
    return entry, asked


def places_of(challenge: Challenge, entry: Entry, asked: Reproduction, invitation: str) -> dict[str, str]:
    """What stands for each part of a route."""
    return {
        "<slug:slug>": challenge.slug,
        "<slug>": challenge.slug,
        "entries/<row:number>": f"entries/{entry.pk}",
        "entries/<number>": f"entries/{entry.pk}",
        "material/<row:number>": f"material/{asked.pk}",
        "<slug:phase>/<int:number>": "main/1",
        "<phase>/<contest>": "main/regions",
        "<slug:action>": "pause",
        "claim/<str:code>": "claim/used-up",
        "organise/invitation/<str:code>": f"organise/invitation/{to_organise(challenge)}",
        "<str:code>": invitation,
        "<uidb64>/<token>": "MQ/set-password",
        "^files/(?P<digest>[0-9a-f]{64})$": f"files/{entry.file_id}",
    }


def to_organise(challenge: Challenge) -> str:
    return organisers.invite(challenge, by=Doer(challenge.organisers.get()))


def data_of(entry: Entry) -> dict[str, dict[str, Any]]:
    """What a POST needs to do something."""
    return {
        "language/setlang/": {"language": "en"},
        "look": {"look": "dark"},
        "c/<slug:slug>/join": {"accept": "on"},
        "c/<slug:slug>/organise/rules": {"action": "invite"},
        "c/<slug:slug>/team": {"action": "alone"},
        "profile": {"name": "Renamed"},
    }


def routes() -> list[str]:
    """Every route but those of the admin, which has a table of its own."""
    return sorted({route for route in walked(get_resolver()) if not route.startswith("admin/")})


def walked(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from walked(pattern, route)


def address(route: str, places: dict[str, str]) -> str:
    for part, stands in places.items():
        route = route.replace(part, stands)
    assert "<" not in route, f"the test has no place for {route}"
    return f"/{route}"


def asked_for(site: Site, route: str, method: str, role: str) -> str:
    """The status, in a transaction that leaves nothing behind."""
    client, headers = browser(), {}
    user = site.users[role]
    with transaction.atomic():
        if user is not None and route.startswith("api/"):
            headers = {"authorization": f"Bearer {site.tokens[role]}"}
        elif user is not None:
            client.force_login(user)
        ask: Callable[..., HttpResponse] = client.get if method == "GET" else client.post
        answer = ask(
            address(route, site.places), site.data.get(route, {}) if method == "POST" else None, headers=headers
        )
        for _chunk in answer.streaming_content if answer.streaming else ():  # type: ignore[attr-defined]
            pass  # what is not fetched to its end holds its place
        transaction.set_rollback(True)
    return told(answer)


def browser() -> Client:
    """A new one; what handles its requests is made once, which takes longer than most requests."""
    client = Client()
    client.handler = handler()
    return client


@cache
def handler() -> ClientHandler:
    return Client(enforce_csrf_checks=False).handler


def told(answer: HttpResponse) -> str:
    if answer.status_code == 302 and answer["Location"].startswith("/login"):
        return "login"
    return str(answer.status_code)


def test_every_address_stands_in_the_table() -> None:
    assert routes() == sorted(RIGHTS)


def test_rights(site: Site) -> None:
    for route, expected in RIGHTS.items():
        found = tuple(" ".join(asked_for(site, route, method, role) for role in ROLES) for method in ("GET", "POST"))
        assert found == expected, route


def test_a_draft_is_not_there_but_for_its_organisers(site: Site) -> None:
    Challenge.objects.filter(slug=site.places["<slug:slug>"]).update(state=Challenge.State.DRAFT)
    for route in (route for route in RIGHTS if "slug>" in route):
        outside = {asked_for(site, route, "GET", role) for role in ROLES[:6]}
        assert outside <= {"404", "401", "login"}, route
        assert [asked_for(site, route, "GET", role) for role in ROLES[6:]] == RIGHTS[route][0].split()[6:], route


ADMIN = {
    "index": 200,
    "changelist": 200,
    "history": 200,
    "change": 200,
    "add": 403,
    "delete": 403,
}
"""What an administrator gets: everything may be looked at, nothing added or deleted."""


def test_the_admin_is_for_administrators(site: Site) -> None:
    for role, user in site.users.items():
        client = browser()
        if user is not None:
            client.force_login(user)
        for place, kind in admin_places(site):
            answer = client.get(place)
            if role == "admin":
                assert answer.status_code == ADMIN[kind], place
            else:
                assert answer.status_code == 302
                assert answer["Location"].startswith("/admin/login/")


def admin_places(site: Site) -> Iterator[tuple[str, str]]:
    member = site.users["member"]
    assert member is not None
    yield "/admin/", "index"
    for model, registered in admin.site._registry.items():
        options = model._meta
        base = f"/admin/{options.app_label}/{options.model_name}/"
        yield base, "changelist"
        yield f"{base}add/", "add"
        if one := registered.model._default_manager.first():
            for kind in ("history", "change", "delete"):
                yield f"{base}{one.pk}/{kind}/", kind


def test_who_is_no_administrator_gets_no_other_page_to_log_in_to(site: Site) -> None:
    client = Client()
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login?next=/admin/"
    client.force_login(site.users["organiser"])  # type: ignore[arg-type]
    assert client.get("/admin/login/").status_code == 403
    assert client.post("/admin/login/", {"username": "ada@example.org", "password": small.PASSWORD}).status_code == 403


def test_the_admin_has_no_page_of_its_own_for_a_new_password(site: Site) -> None:
    client, ada = Client(), site.users["admin"]
    assert ada is not None
    client.force_login(ada)
    new = {"old_password": small.PASSWORD, "new_password1": "another horse 18", "new_password2": "another horse 18"}
    for answer in (client.get("/admin/password_change/"), client.post("/admin/password_change/", new)):
        assert answer["Location"] == "/profile/password"
    ada.refresh_from_db()
    assert ada.check_password(small.PASSWORD)


def test_what_the_admin_changes_of_a_person_is_in_the_log_and_nothing_else_can_be_changed(site: Site) -> None:
    client, member = Client(), site.users["member"]
    assert member is not None
    client.force_login(site.users["admin"])  # type: ignore[arg-type]
    answer = client.post(
        f"/admin/tiltyard/user/{member.pk}/change/", {"name": "Mia", "is_organiser": "on", "is_active": "on"}
    )
    assert answer.status_code == 302
    event = AuditEvent.objects.get(action="change-user")
    assert (event.actor, event.target) == ("ada@example.org", "member@example.org")
    assert event.detail == {"name": "Mia", "is_organiser": True}
    for model in ("entry", "evaluation", "team", "challenge", "auditevent", "job"):
        assert client.post(f"/admin/tiltyard/{model}/1/change/", {"charged": ""}).status_code in (302, 403)
    assert Entry.objects.get(team__name="Own").charged


def test_what_became_of_a_person_while_the_admin_saved_is_not_written_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, member = Client(), site.users["member"]
    assert member is not None
    client.force_login(site.users["admin"])  # type: ignore[arg-type]
    monkeypatch.setattr(User, "clean", lambda user: accounts.drop_token(User.objects.get(pk=user.pk)))
    client.post(f"/admin/tiltyard/user/{member.pk}/change/", {"name": "Mia", "is_active": "on"})
    member.refresh_from_db()
    assert (member.name, member.token_digest) == ("Mia", "")


@pytest.mark.parametrize("number", ["9" * 23, "9" * 5000])
def test_a_number_that_no_row_can_have_is_not_there(site: Site, number: str) -> None:
    numbered = {part: re.sub(r"\d+$", number, stands) for part, stands in site.places.items() if "number" in part}
    site.places |= numbered
    for route in (route for route in RIGHTS if "number>" in route):
        assert asked_for(site, route, "GET", "admin") in ("404", "422"), route
