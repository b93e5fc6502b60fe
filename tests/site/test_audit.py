"""The audit log: only added to, whoever writes to the database."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

import small_site as small
from tiltyard.site.auditing import audit
from tiltyard.site.auditing.addresses import address_of
from tiltyard.site.models import AppendOnly, AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> AuditEvent:
    return audit.record(small.organiser(), "refund", challenge=small.challenge(), target="A", detail={"entry": 3})


def test_an_event_says_who_did_what_to_whom(event: AuditEvent) -> None:
    assert (event.actor, event.challenge, event.target, event.detail) == (
        "olga.organiser@example.org", "certificates", "A", {"entry": 3},
    )  # fmt: skip
    assert audit.record(None, "award").actor == "site"


@pytest.mark.parametrize(("forwarded", "address"), [("192.0.2.7", "192.0.2.7"), ("unknown", None)])
def test_behind_a_proxy_an_event_has_the_address_that_the_proxy_says(
    forwarded: str, address: str | None, settings: object
) -> None:
    settings.SECURE = True  # type: ignore[attr-defined]
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": f"10.0.0.1, {forwarded}"})
    assert address_of(request) == address


def test_the_model_refuses_to_change_or_delete_events(event: AuditEvent) -> None:
    event.target = "B"
    for attempt in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(AppendOnly):
            attempt()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(target="B")


@pytest.mark.parametrize(
    "statement", ["UPDATE tiltyard_auditevent SET target = 'B'", "DELETE FROM tiltyard_auditevent"]
)
def test_the_database_refuses_too(event: AuditEvent, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match="never changed or deleted")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.get().target == "A"


def test_postgresql_refuses_to_empty_the_table(event: AuditEvent) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    refused = pytest.raises(DatabaseError, match="never changed or deleted")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE tiltyard_auditevent")


def test_what_happens_to_a_challenge_does_not_touch_its_events(event: AuditEvent) -> None:
    from tiltyard.site.models import Challenge

    Challenge.objects.get().delete()
    assert AuditEvent.objects.get().challenge == "certificates"
