"""No page, feed, answer, mail or log holds a figure that the policy hides: the bytes are searched for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from test_rights import browser

import small_site as small
from tiltyard.site import clock
from tiltyard.site.models import Challenge, Entry, User
from tiltyard.site.organising.asking import ask_due
from tiltyard.site.people import accounts
from tiltyard.site.scheduler import due
from tiltyard.site.storing.files import keep_bytes
from tiltyard.site.telling import letters

pytestmark = pytest.mark.django_db
OPENS, CLOSES = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)
PRIVATE_OPENS = CLOSES + timedelta(days=2)
ROLES = ("visitor", "user", "other", "member")
SECRETS = {
    "private score": r"0\.7295|0\.729|0\.730|72953",
    "private interval": r"0\.701|70117|0\.757|75711",
    "exact public score": r"0\.3184|0\.3185|31847",
    "exact public interval": r"0\.3001|30013|0\.3301|33019",
    "public score": r"0\.32\b",
    "log": r"LABEL-OF-ITEM-7",
    "report": r"WHAT-WAS-MISSED",
}
"""What is searched for; a board's rounding shows of 0.31847 no more than 0.32."""


@dataclass(frozen=True)
class Site:
    """One entry with a score that nobody knows, and who might want to."""

    challenge: Challenge
    entry: Entry
    users: dict[str, User | None]
    tokens: dict[str, str]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    award = {
        "kind": "periodic", "name": "week", "title": "Week", "phase": "main", "contest": "regions", "days": 7,
        "first": 3,
    }  # fmt: skip
    olga = small.organiser()
    challenge = small.challenge(
        organisers=[olga],
        phase={"opens": OPENS, "closes": CLOSES},
        board={"public_share": 0.5, "decimals": 2, "refresh_minutes": 60, "private_opens": PRIVATE_OPENS},
        awards=[award],
        final={"phase": "main", "contest": "regions", "first": 5},
    )
    users: dict[str, User | None] = {"visitor": None, "user": small.somebody("Uma"), "organiser": olga}
    users |= {role: small.somebody(role.title()) for role in ("other", "member")}
    own = small.team(challenge, users["member"], name="Own")  # type: ignore[arg-type]
    small.team(challenge, users["other"], name="Other")  # type: ignore[arg-type]
    with clock.at(OPENS + timedelta(hours=12, minutes=10)):
        entry = small.entry(own, small.table_entry(tmp_path))
        scored(entry)
    tokens = {role: accounts.new_token(user) for role, user in users.items() if user}
    return Site(challenge, entry, users, tokens)


def scored(entry: Entry) -> None:
    files = {
        "report.html": keep_bytes(b"<p>WHAT-WAS-MISSED</p>").digest,
        "artefacts/regions.log": keep_bytes(b"LABEL-OF-ITEM-7").digest,
    }
    small.scored(
        entry,
        0.72953,
        files=files,
        intervals={"f1": [0.70117, 0.75711]},
        public_values={"f1": 0.31847, "precision": 0.31847, "recall": 0.31847},
        public_intervals={"f1": [0.30013, 0.33019]},
        parts=[{"name": "regions", "score": 0.72953}],
    )


def found(site: Site, role: str) -> dict[str, set[str]]:
    """Which secrets the role gets to read, and where."""
    seen: dict[str, set[str]] = {}
    for place, content in answers(site, role):
        for secret, pattern in SECRETS.items():
            if re.search(pattern, content):
                seen.setdefault(secret, set()).add(place)
    return seen


def answers(site: Site, role: str) -> Iterator[tuple[str, str]]:
    """Everything that the role can ask for."""
    user, client = site.users[role], browser()
    if user is not None:
        client.force_login(user)
    for place in pages(site):
        answer = client.post(place) if place.endswith("/export") else client.get(place)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        yield place, content.decode(errors="replace")
    for place in calls(site) if user else ():
        headers = {"authorization": f"Bearer {site.tokens[role]}"}
        yield place, browser().get(place, headers=headers).content.decode()


def pages(site: Site) -> Iterator[str]:
    here = f"/c/{site.challenge.slug}"
    yield from ("/", f"{here}/", f"{here}/board?kind=public", f"{here}/board?kind=private", f"{here}/board.csv")
    yield from (f"{here}/board.csv?kind=private", f"{here}/feed", f"{here}/awards", f"{here}/messages", f"{here}/team")
    yield from (f"{here}/submit", f"{here}/entries")
    for name in ("", "/state", "/report", "/log", "/reproduce"):
        yield f"{here}/entries/{site.entry.pk}{name}"
    for name in ("", "/entries", f"/entries/{site.entry.pk}", "/boards", "/finals", "/audit", "/live", "/export"):
        yield f"{here}/organise{name}"


def calls(site: Site) -> Iterator[str]:
    here = f"/api/challenges/{site.challenge.slug}"
    yield from (here, f"{here}/entries", f"{here}/team")
    yield from (f"{here}/boards/main/regions?kind={kind}" for kind in ("public", "private"))
    yield from (f"/api/entries/{site.entry.pk}{name}" for name in ("", "/report", "/log"))


BEFORE = OPENS + timedelta(hours=12, minutes=30)
AFTER = OPENS + timedelta(hours=13, minutes=1)
CLOSED = CLOSES + timedelta(hours=1)
OPENED = PRIVATE_OPENS + timedelta(minutes=1)
POLICY: dict[tuple[str, str], set[str]] = {
    ("before the refresh", "visitor"): set(),
    ("before the refresh", "user"): set(),
    ("before the refresh", "other"): set(),
    ("before the refresh", "member"): set(),
    ("after the refresh", "visitor"): {"public score"},
    ("after the refresh", "user"): {"public score"},
    ("after the refresh", "other"): {"public score"},
    ("after the refresh", "member"): {"public score"},
    ("closed", "visitor"): {"public score"},
    ("closed", "user"): {"public score"},
    ("closed", "other"): {"public score"},
    ("closed", "member"): {"public score"},
    ("private opened", "visitor"): {"public score", "private score", "private interval"},
    ("private opened", "user"): {"public score", "private score", "private interval"},
    ("private opened", "other"): {"public score", "private score", "private interval"},
    ("private opened", "member"): {"public score", "private score", "private interval", "log", "report"},
}
MOMENTS = {"before the refresh": BEFORE, "after the refresh": AFTER, "closed": CLOSED, "private opened": OPENED}


@pytest.mark.parametrize("moment", MOMENTS)
def test_everybody_reads_exactly_what_the_policy_shows(site: Site, moment: str) -> None:
    with clock.at(MOMENTS[moment]):
        for role in ROLES:
            seen = found(site, role)
            assert set(seen) == POLICY[moment, role], (role, seen)


@pytest.mark.parametrize("moment", MOMENTS)
def test_organisers_read_everything_at_any_time(site: Site, moment: str) -> None:
    with clock.at(MOMENTS[moment]):
        assert set(found(site, "organiser")) >= {"private score", "log", "report", "exact public score"}


@pytest.mark.parametrize("role", ROLES)
def test_without_a_public_board_there_are_no_figures_before_the_private_one_opens(site: Site, role: str) -> None:
    version = site.challenge.version
    version.content["phases"][0]["board"]["public"] = False
    version.content["awards"] = []
    version.save()
    with clock.at(AFTER):
        assert found(site, role) == {}
    with clock.at(OPENED):
        assert {"private score"} <= set(found(site, role))


def test_with_a_ladder_an_entry_that_climbs_no_step_leaves_no_trace(site: Site, tmp_path: Path) -> None:
    version = site.challenge.version
    version.content["phases"][0]["board"] |= {"ladder": 0.1, "decimals": None}
    version.save()
    with clock.at(OPENS + timedelta(hours=12, minutes=20)):
        better = small.entry(site.entry.team, small.table_entry(tmp_path))
        small.scored(better, 0.72953, public=0.36421)
    with clock.at(AFTER):
        for role in ROLES:
            text = "".join(content for _place, content in answers(site, role))
            assert not re.search(r"0\.36|36421|0\.318|31847", text), role
            assert "0.3" in text


def test_mails_and_logs_hold_no_figure(
    site: Site,
    caplog: pytest.LogCaptureFixture,
    settings: Any,
) -> None:
    caplog.set_level("DEBUG")
    settings.EMAIL_HOST = "mail.example.org"
    for moment in (BEFORE, AFTER, OPENS + timedelta(days=8), OPENED):
        with clock.at(moment):
            due.all_due(clock.now())
            ask_due(clock.now())
            letters.deliver()
            found(site, "member")
    written = "\n".join([*(f"{one.subject}\n{one.body}" for one in mail.outbox), caplog.text])
    assert len(mail.outbox) >= 2
    for secret, pattern in SECRETS.items():
        assert not re.search(pattern, written), secret


def test_an_award_of_a_period_tells_the_place_and_no_score(site: Site) -> None:
    with clock.at(OPENS + timedelta(days=8)):
        due.all_due(clock.now())
        for role in ROLES:
            assert set(found(site, role)) == {"public score"}
