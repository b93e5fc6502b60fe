"""Mails to many: each goes or is told not to have gone for itself, whatever the others are."""

from typing import Any

import pytest
from django.test import Client

import small_site as small
from small_smtp import mail_server
from tiltyard.site.telling.mailing import send

ODD = [f"{'ſ' * 60}@example.org", f"a@{'İ' * 60}.org", f"b@{'ſ' * 70}.org", "c d@@example.org", "ä@example.org", "e"]
"""What the library of mail cannot write, or the server would not be asked for."""


def test_each_gets_a_mail_of_their_own_over_one_connection(settings: Any) -> None:
    with mail_server(settings) as server:
        assert send("News", "It goes on.", ["bo@example.org", "ann@example.org", "bo@example.org"]) == 0
    assert [to for to, _letter in server.mails] == [["ann@example.org"], ["bo@example.org"]]
    assert "bo@example.org" not in server.mails[0][1]
    assert server.connections == 1


def test_who_is_refused_is_counted_and_the_others_get_their_mail(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server(settings) as server:
        assert send("News", "It goes on.", ["ann@example.org", "gone@example.org", "zoe@example.org"]) == 1
    assert [to for to, _letter in server.mails] == [["ann@example.org"], ["zoe@example.org"]]
    assert "to 1 addresses was not sent" in caplog.text
    assert "550" in caplog.text
    assert "gone@" not in caplog.text


def test_a_server_that_ends_the_connection_after_refusals_is_asked_anew(settings: Any) -> None:
    addresses = ["a-gone@example.org", "b-gone@example.org", "c-gone@example.org", "zoe@example.org"]
    with mail_server(settings, patience=1) as server:
        assert send("News", "It goes on.", addresses) == 3
    assert [to for to, _letter in server.mails] == [["zoe@example.org"]]


def test_addresses_that_cannot_be_written_stop_nobody_elses_mail(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server(settings) as server:
        assert send("News", "It goes on.", ["0@example.org", *ODD, "ſ@example.org", "zoe@example.org"]) <= len(ODD)
    got = [to for to, _letter in server.mails]
    assert got[0] == ["0@example.org"]
    assert ["zoe@example.org"] in got
    for address in ODD[:4]:
        assert address not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ODD)
def test_no_address_makes_signing_up_or_asking_for_a_password_fail(client: Client, settings: Any, address: str) -> None:
    small.somebody("Ann")
    with mail_server(settings):
        for page in ("/sign-up", "/password/forgot"):
            assert client.post(page, {"email": address}).status_code in (200, 302, 422)


def test_without_a_mail_server_all_are_told_in_one_line(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.EMAIL_BACKEND = "tiltyard.site.telling.undelivered.Undelivered"
    assert send("News", "It goes on.", ["ann@example.org", "bo@example.org"]) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "mail 'News' to 2 addresses was not sent: no mail server is named"
    ]
