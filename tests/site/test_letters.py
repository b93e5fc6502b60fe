"""Messages by mail: nobody waits for the mail server, and nobody gets one twice."""

import os
import signal
import smtplib
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.test import Client

import small_site as small
from site_process import Site, processes, served
from small_smtp import Server, answering, mail_server
from tiltyard.site import clock
from tiltyard.site.auditing.doer import SITE
from tiltyard.site.models import Challenge, Letter, Message, Team, User
from tiltyard.site.scheduler import loop
from tiltyard.site.telling import letters, messages

pytestmark = pytest.mark.django_db
MANY = 30
WRITTEN = f"""
import small_site as small
from tiltyard.site.auditing.doer import SITE
from tiltyard.site.telling import messages
of = small.challenge()
for number in range({MANY}):
    small.registered(small.somebody(f"Bo{{number}}"), of)
messages.message(of, None, "News", "It goes on.", by=SITE)
"""


@pytest.fixture
def olga() -> User:
    return small.organiser()


@pytest.fixture
def challenge(olga: User, settings: Any) -> Challenge:
    settings.EMAIL_HOST = "mail.example.org"
    return small.challenge(organisers=[olga])


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return small.team(challenge, small.somebody("Ann"), name="A")


def write(challenge: Challenge, team: Team | None = None) -> None:
    messages.message(challenge, team, "News", "It goes on.", by=SITE)


def waiting() -> list[str]:
    return list(Letter.objects.filter(lost=False).order_by("pk").values_list("user__email", flat=True))


def lost() -> list[str]:
    return list(Letter.objects.filter(lost=True).values_list("user__email", flat=True))


def test_whoever_writes_waits_for_no_mail_server(challenge: Challenge, team: Team) -> None:
    write(challenge)
    assert mail.outbox == []
    assert waiting() == ["ann@example.org"]
    assert letters.deliver() == 0
    assert mail.outbox[0].subject == "[Forged certificates] News"
    assert not Letter.objects.exists()
    assert letters.deliver() == 0
    assert len(mail.outbox) == 1


def test_a_message_to_a_team_reaches_it_alone(challenge: Challenge, team: Team) -> None:
    small.team(challenge, small.somebody("Bo"), name="B")
    write(challenge, team)
    letters.deliver()
    assert [sent.recipients() for sent in mail.outbox] == [["ann@example.org"]]


def test_a_message_to_all_reaches_everybody_and_nobody_sees_the_others(challenge: Challenge, team: Team) -> None:
    small.team(challenge, small.somebody("Bo"), name="B")
    small.registered(small.somebody("Gone", is_active=False), challenge)
    write(challenge)
    letters.deliver()
    assert [sent.recipients() for sent in mail.outbox] == [["ann@example.org"], ["bo@example.org"]]
    assert "bo@example.org" not in mail.outbox[0].message().as_string()


def test_what_is_not_committed_is_not_mailed(challenge: Challenge, team: Team) -> None:
    with transaction.atomic():
        messages.write(challenge, team, "You won", "Or not.", by=SITE)
        assert waiting() == ["ann@example.org"]
        transaction.set_rollback(True)
    assert not Letter.objects.exists()


def test_where_no_mail_is_sent_nothing_waits(challenge: Challenge, team: Team, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    write(challenge)
    assert Message.objects.exists()
    assert not Letter.objects.exists()


def test_a_mail_server_that_is_down_is_asked_again_until_a_day_has_passed(
    challenge: Challenge, team: Team, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    small.team(challenge, small.somebody("Bo"), name="B")
    write(challenge)
    with mail_server(settings):
        pass
    assert letters.deliver() == 2
    assert "to 2 addresses was not sent" in caplog.text
    with mail_server(settings) as server:
        assert letters.deliver() == 0
    assert [to for to, _letter in server.mails] == [["bo@example.org"], ["ann@example.org"]]

    write(challenge)
    assert [letters.deliver() for _ in range(2)] == [2, 2]
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        assert letters.deliver() == 0
    assert lost() == ["ann@example.org", "bo@example.org"]


def test_an_address_at_which_the_server_breaks_down_holds_up_nobody(
    challenge: Challenge, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("Poison", "Gone", "Bo", "Cy"):
        small.registered(small.somebody(name), challenge)
    write(challenge)
    with mail_server(settings) as server:
        assert [letters.deliver() for _ in range(3)] == [4, 1, 1]
    assert [to for to, _letter in server.mails] == [["bo@example.org"], ["cy@example.org"]]
    assert waiting() == ["poison@example.org"]
    assert lost() == ["gone@example.org"]


def test_an_address_refused_for_now_waits_and_holds_up_nobody(challenge: Challenge, settings: Any) -> None:
    for name in ("Grey", "Bo"):
        small.registered(small.somebody(name), challenge)
    write(challenge)
    with mail_server(settings) as server:
        assert [letters.deliver() for _ in range(2)] == [1, 1]
        assert [to for to, _letter in server.mails] == [["bo@example.org"]]
        assert waiting() == ["grey@example.org"]
        with clock.at(clock.now() + timedelta(days=1, minutes=1)):
            assert letters.deliver() == 0
    assert lost() == ["grey@example.org"]


def test_a_server_that_does_not_know_the_site_is_asked_again(challenge: Challenge, team: Team, settings: Any) -> None:
    small.registered(small.somebody("Bo"), challenge)
    write(challenge)
    with mail_server(settings) as server:
        server.closed = True
        assert letters.deliver() == 2
        assert lost() == []
        server.closed = False
        assert letters.deliver() == 0
    assert [to for to, _letter in server.mails] == [["bo@example.org"], ["ann@example.org"]]


def refused(code: int, words: bytes = b"no") -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a": (code, words)})


@pytest.mark.parametrize(
    ("error", "waits", "tried"),
    [
        (refused(451), 2, [1, 1]),
        (smtplib.SMTPDataError(452, b"4.3.1 insufficient system storage"), 2, [1, 1]),
        (refused(421), 2, [1, 0]),
        (refused(530), 2, [1, 0]),
        (refused(554, b"5.7.1 <a>: Relay access denied"), 2, [1, 0]),
        (smtplib.SMTPSenderRefused(550, b"5.7.1 not you", "site@example.org"), 2, [1, 0]),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong password"), 2, [1, 0]),
        (refused(550), 0, [0, 0]),
        (smtplib.SMTPDataError(554, b"5.7.1 rejected"), 0, [0, 0]),
    ],
    ids=["grey", "storage", "closing", "unknown", "relay", "sender", "password", "nobody", "content"],
)
def test_only_what_a_server_refuses_for_good_is_given_up(
    challenge: Challenge,
    team: Team,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    waits: int,
    tried: list[int],
) -> None:
    def refuse(_self: object, _mails: object) -> int:
        raise error

    small.registered(small.somebody("Bo"), challenge)
    write(challenge)
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refuse)
    assert letters.deliver() == waits
    assert len(lost()) == 2 - waits
    assert list(Letter.objects.order_by("pk").values_list("tries", flat=True)) == tried


def full_for_letters(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """No letter that there is can be written in this way any more."""
    plain = getattr(QuerySet, verb)

    def full(self: QuerySet[Any], **values: Any) -> Any:
        if self.model is Letter and self.exists():
            raise OperationalError("database or disk is full")
        return plain(self, **values)

    monkeypatch.setattr(QuerySet, verb, full)


def test_a_letter_that_cannot_be_marked_is_not_mailed(
    challenge: Challenge, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(challenge)
    full_for_letters(monkeypatch, "update")
    with pytest.raises(OperationalError):
        letters.deliver()
    assert mail.outbox == []


def test_letters_that_cannot_be_struck_off_are_repeated_once_and_hold_up_nobody(
    challenge: Challenge, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.registered(small.somebody("Bo"), challenge)
    write(challenge)
    full_for_letters(monkeypatch, "delete")
    for _ in range(6):
        with suppress(OperationalError):
            letters.deliver()
    assert [sent.to for sent in mail.outbox] == [["ann@example.org"], ["bo@example.org"]] * 2
    assert lost() == ["ann@example.org", "bo@example.org"]


def test_after_an_error_mailing_pauses_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    def deliver() -> int:
        if pauses:
            raise OperationalError("database is locked")
        return 0

    monkeypatch.setattr(letters, "deliver", deliver)
    monkeypatch.setattr(loop.connection, "close", lambda: None)
    monkeypatch.setattr(loop.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        loop.keep_mailing()
    assert pauses == [loop.SECOND, loop.MINUTE]


def test_whoever_is_deactivated_gets_no_mail_that_was_written_before(challenge: Challenge, team: Team) -> None:
    small.registered(small.somebody("Bo"), challenge)
    write(challenge)
    User.objects.filter(name="Ann").update(is_active=False)
    assert letters.deliver() == 0
    assert [sent.to for sent in mail.outbox] == [["bo@example.org"]]
    assert not Letter.objects.exists()


def test_nor_does_whoever_is_deactivated_while_others_are_mailed(
    challenge: Challenge, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = locmem.EmailBackend.send_messages

    def send(self: locmem.EmailBackend, mails: Any) -> int:
        User.objects.filter(name="Bo").update(is_active=False)
        return plain(self, mails)

    small.registered(small.somebody("Bo"), challenge)
    write(challenge)
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
    assert [letters.deliver() for _ in range(2)] == [0, 0]
    assert [sent.to for sent in mail.outbox] == [["ann@example.org"]]
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    ("host", "said"),
    [("mail.example.org", "goes out by mail. Teams shows how many"), ("", "on the page. This site sends no mail.")],
)
def test_whoever_writes_is_told_what_becomes_of_it(
    client: Client, challenge: Challenge, team: Team, olga: User, settings: Any, host: str, said: str
) -> None:
    settings.EMAIL_HOST = host
    client.force_login(olga)
    letter = {"team": team.pk, "subject": "Hello", "body": "There."}
    page = client.post(f"/c/{challenge.slug}/organise/do/message", letter, follow=True)
    assert said in page.text


def test_organisers_see_how_many_mails_wait_and_how_many_could_not_be_sent(
    client: Client, challenge: Challenge, team: Team, olga: User
) -> None:
    for name in ("Bo", "Cy"):
        small.registered(small.somebody(name), challenge)
    write(challenge)
    Letter.objects.filter(user__name="Bo").update(lost=True)
    client.force_login(olga)
    page = client.get(f"/c/{challenge.slug}/organise/teams").text
    assert "2 mails on their way" in page
    assert "1 mail could not be sent" in page
    letters.deliver()
    page = client.get(f"/c/{challenge.slug}/organise/teams").text
    assert "on their way" not in page
    assert "1 mail could not be sent" in page


def scheduler(site: Site) -> int:
    [found] = [pid for pid, command in processes(site.folder).items() if "tiltyard.site.scheduler" in command]
    return found


def test_who_is_killed_while_mailing_has_sent_at_most_one_that_is_sent_again(tmp_path: Path) -> None:
    with answering(Server(pause=0.1)) as server:
        smtp = {"TILTYARD_SMTP_HOST": "127.0.0.1", "TILTYARD_SMTP_PORT": str(server.port), "TILTYARD_SMTP_TLS": "0"}
        with served(tmp_path / "site", environment=smtp, workers=0) as site:
            site.ask(WRITTEN)
            for more in (5, 15):
                site.wait_for(f"answer = Letter.objects.count() <= {MANY - more}")
                os.kill(scheduler(site), signal.SIGKILL)
            site.wait_for("answer = not Letter.objects.exists()")
    got = Counter(to for [to], _letter in server.mails)
    assert len(got) == MANY
    assert sum(got.values()) <= MANY + 2
