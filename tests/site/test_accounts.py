"""Accounts: signing up and in, rates of tries, tokens, the organiser's first link, passwords by mail."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import small_site as small
from small_crowd import at_once
from tiltyard.site import clock
from tiltyard.site.models import AuditEvent, OneTimeLink, User
from tiltyard.site.people import accounts, verifying
from tiltyard.site.people.codes import digest, new_code
from tiltyard.site.refused import Refused

pytestmark = pytest.mark.django_db
GIVEN = {"name": "Ann  Archer", "email": " Ann@Example.org ", "password": "correct horse 17"}


def a_link() -> str:
    code = new_code()
    OneTimeLink.objects.create(code_digest=digest(code))
    return code


def test_whoever_signs_up_is_logged_in_and_known_by_the_address_in_lower_case(client: Client) -> None:
    assert client.post("/sign-up", GIVEN).headers["Location"] == "/"
    user = User.objects.get(email="ann@example.org")
    assert user.name == "Ann Archer"
    assert not user.is_organiser
    assert "Ann Archer" in client.get("/").text


def asked_for_a_link(client: Client, settings: Any, capture: Any, **given: str) -> str:
    """The mail that comes when somebody signs up where the site sends mail."""
    settings.EMAIL_HOST, settings.ADDRESS = "mail.example.org", "https://tilt.example.org"
    with capture(execute=True):
        answer = client.post("/sign-up", {"email": "Ann@Example.org"} | given)
    assert "Look into your mail" in answer.text
    return str(mail.outbox[-1].body)


def test_the_link_goes_to_the_address_that_it_makes_an_account_of(
    client: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    body = asked_for_a_link(client, settings, django_capture_on_commit_callbacks, email="\u212aevin@example.org")
    [code] = re.findall(r"/sign-up/(\S+)", body)
    assert mail.outbox[0].to == [verifying.address_of(code)] == ["kevin@example.org"]


def test_where_mail_is_sent_an_account_is_made_by_the_link_to_its_address(
    client: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    body = asked_for_a_link(client, settings, django_capture_on_commit_callbacks, next="/invitation/code")
    assert mail.outbox[0].to == ["ann@example.org"]
    assert not User.objects.exists()
    [link] = re.findall(r"https://tilt\.example\.org(/sign-up/\S+)", body)
    reader = Client()
    assert 'value="ann@example.org"' in reader.get(link).text
    made = reader.post(link, GIVEN | {"email": "evil@example.org", "next": "/invitation/code"})
    assert made.headers["Location"] == "/invitation/code"
    assert [user.email for user in User.objects.all()] == ["ann@example.org"]
    assert "Ann Archer" in reader.get("/").text
    assert "There is an account with this e-mail address" in Client().post(link, GIVEN).text


def test_a_link_to_a_new_account_must_be_whole_and_young(client: Client) -> None:
    code = verifying.code_of("ann@example.org")
    assert client.get(f"/sign-up/{code}").status_code == 200
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        old = client.post(f"/sign-up/{code}", GIVEN)
    damaged = client.post(f"/sign-up/{code[:-1]}", GIVEN)
    assert (old.status_code, damaged.status_code) == (410, 410)
    assert "too old" in old.text
    assert "damaged" in damaged.text
    assert not User.objects.exists()


def test_signing_up_by_mail_tells_nobody_who_has_an_account_and_is_limited(
    client: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    small.somebody("Ann")
    body = asked_for_a_link(client, settings, django_capture_on_commit_callbacks)
    assert "https://tilt.example.org/login" in body
    assert "/sign-up/" not in body
    answers = [client.post("/sign-up", {"email": "ann@example.org"}).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]


def test_a_second_account_of_one_address_is_refused(client: Client) -> None:
    small.somebody("Ann")
    answer = client.post("/sign-up", GIVEN)
    assert answer.status_code == 422
    assert "There is an account with this e-mail address" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("email", "nonsense", "Enter a valid email address"),
        ("password", "short", "too short"),
        ("password", "ann.example.org", "too similar"),
        ("name", "", "This field is required"),
    ],
)
def test_errors_stand_beside_their_fields(client: Client, field: str, value: str, told: str) -> None:
    answer = client.post("/sign-up", GIVEN | {field: value})
    assert answer.status_code == 422
    error = re.search(rf'id="id_{field}_error".*?</ul>', answer.text, re.S)
    assert error is not None
    assert told in error[0]
    assert re.search(rf'id="id_{field}"[^>]*', answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert not User.objects.exists()


def test_too_many_accounts_from_one_network_have_to_wait(client: Client) -> None:
    for _ in range(accounts.SIGN_UPS_OF_A_NETWORK):
        accounts.limits.check("sign-up:127.0.0.1", accounts.SIGN_UPS_OF_A_NETWORK, accounts.QUARTER)
    answer = client.post("/sign-up", GIVEN)
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_log_in_leads_on_to_the_wanted_page_of_this_site_alone(client: Client) -> None:
    small.somebody("Ann")
    given = {"email": "ANN@example.org", "password": small.PASSWORD}
    assert client.post("/login", given | {"next": "/profile"}).headers["Location"] == "/profile"
    assert client.post("/login", given | {"next": "https://evil.example/"}).headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_are_told_alike(client: Client) -> None:
    small.somebody("Ann")
    wrong = client.post("/login", {"email": "ann@example.org", "password": "wrong"})
    unknown = client.post("/login", {"email": "nobody@example.org", "password": "wrong"})
    for answer in (wrong, unknown):
        assert answer.status_code == 422
        assert "E-mail address or password is wrong." in answer.text


def test_guessing_a_password_has_to_wait_even_from_many_networks(client: Client) -> None:
    small.somebody("Ann")
    for number in range(accounts.TRIES_OF_AN_ACCOUNT):
        guess = {"email": "ann@example.org", "password": f"guess {number}"}
        assert client.post("/login", guess, REMOTE_ADDR=f"192.0.2.{number}").status_code == 422
    right = {"email": "Ann@example.org", "password": small.PASSWORD}
    answer = client.post("/login", right, REMOTE_ADDR="203.0.113.1")
    assert answer.status_code == 429
    assert "Too many tries. Try again in" in answer.text
    assert client.get("/profile").status_code == 302


def test_somebody_who_guesses_from_one_network_does_not_lock_the_owner_out(client: Client) -> None:
    small.somebody("Ann")
    right = {"email": "ann@example.org", "password": small.PASSWORD}
    for number in range(accounts.TRIES_FROM_ONE_NETWORK):
        guess = right | {"password": f"guess {number}"}
        assert client.post("/login", guess, REMOTE_ADDR="192.0.2.1").status_code == 422
    assert client.post("/login", right, REMOTE_ADDR="192.0.2.1").status_code == 429
    assert client.post("/login", right, REMOTE_ADDR="203.0.113.1").status_code == 302
    assert client.post("/login", right, REMOTE_ADDR="192.0.2.1").status_code == 429


def test_a_network_that_tries_many_accounts_has_to_wait(client: Client) -> None:
    for _ in range(accounts.TRIES_OF_A_NETWORK - 1):
        accounts.limits.check("login-from:127.0.0.1", accounts.TRIES_OF_A_NETWORK, accounts.QUARTER)
    assert client.post("/login", {"email": "p@example.org", "password": "guess"}).status_code == 422
    small.somebody("Ann")
    assert client.post("/login", {"email": "ann@example.org", "password": small.PASSWORD}).status_code == 429


def test_a_right_password_forgives_the_wrong_ones_before(client: Client) -> None:
    small.somebody("Ann")
    for _ in range(2):
        for _ in range(accounts.TRIES_FROM_ONE_NETWORK - 1):
            client.post("/login", {"email": "ann@example.org", "password": "wrong"})
        assert client.post("/login", {"email": "ann@example.org", "password": small.PASSWORD}).status_code == 302


def test_logging_out_needs_a_form(client: Client) -> None:
    client.force_login(small.somebody("Ann"))
    assert client.get("/logout").status_code == 405
    client.post("/logout")
    assert client.get("/profile").status_code == 302


def test_passwords_are_kept_by_argon2(settings: object) -> None:
    from tiltyard.site import settings as real

    assert real.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    settings.PASSWORD_HASHERS = real.PASSWORD_HASHERS  # type: ignore[attr-defined]
    assert small.somebody("Ann").password.startswith("argon2$argon2id$")


def test_the_profile_keeps_name_zone_and_language(client: Client) -> None:
    ann = small.somebody("Ann")
    client.force_login(ann)
    client.post("/profile", {"name": "Ann A.", "zone": "Asia/Shanghai", "language": "zh-hans"})
    ann.refresh_from_db()
    assert (ann.name, ann.zone, ann.language) == ("Ann A.", "Asia/Shanghai", "zh-hans")
    page = client.get("/profile")
    assert 'lang="zh-hans"' in page.text
    assert "Asia/Shanghai" in page.text


def test_an_unknown_zone_is_refused(client: Client) -> None:
    client.force_login(small.somebody("Ann"))
    assert client.post("/profile", {"name": "Ann", "zone": "../../etc", "language": ""}).status_code == 422


def test_a_token_is_shown_once_and_kept_as_a_digest(client: Client) -> None:
    ann = small.somebody("Ann")
    client.force_login(ann)
    shown = re.search(r'value="(tilt_[^"]+)"', client.post("/profile", {"api": "new"}).text)
    assert shown is not None
    assert shown[1] not in client.get("/profile").text
    ann.refresh_from_db()
    assert ann.token_digest == digest(shown[1])
    assert accounts.user_of_token(shown[1]) == ann


def test_a_new_token_takes_the_old_ones_place_and_a_dropped_one_is_worth_nothing() -> None:
    ann = small.somebody("Ann")
    old, new = accounts.new_token(ann), accounts.new_token(ann)
    assert accounts.user_of_token(old) is None
    assert accounts.user_of_token(new) == ann
    accounts.drop_token(ann)
    assert accounts.user_of_token(new) is None
    assert accounts.user_of_token("") is None
    ann.is_active = False
    ann.save()
    assert accounts.user_of_token(accounts.new_token(ann)) is None


def test_the_first_link_makes_an_organiser_with_a_new_account(client: Client) -> None:
    code = a_link()
    assert "This link works once" in client.get(f"/claim/{code}").text
    assert client.post(f"/claim/{code}", GIVEN).status_code == 302
    user = User.objects.get(email="ann@example.org")
    assert (user.is_organiser, user.is_staff, user.is_superuser) == (True, True, True)
    assert AuditEvent.objects.get(action="claim").actor == "ann@example.org"
    assert client.get("/profile").status_code == 200


def test_the_first_link_makes_whoever_is_logged_in_an_organiser(client: Client) -> None:
    ann, code = small.somebody("Ann"), a_link()
    client.force_login(ann)
    assert "Go on as Ann" in client.get(f"/claim/{code}").text
    client.post(f"/claim/{code}")
    ann.refresh_from_db()
    assert ann.is_organiser


def test_a_used_or_invented_link_says_so(client: Client) -> None:
    code = a_link()
    accounts.claim(code, small.somebody("Ann"))
    for link in (code, "invented"):
        answer = client.get(f"/claim/{link}")
        assert answer.status_code == 410
        assert "does not work any more" in answer.text
    client.post(f"/claim/{code}", GIVEN | {"email": "b@example.org"})
    assert not User.objects.filter(email="b@example.org").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_link_at_once_one_becomes_organiser() -> None:
    people, code = [small.somebody("Ann"), small.somebody("Bo")], a_link()
    results = at_once([lambda user=user: accounts.claim(code, user) for user in people])
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Refused"]
    assert User.objects.filter(is_organiser=True).count() == 1


def test_without_a_mail_server_no_password_is_mailed(client: Client) -> None:
    assert client.get("/password/forgot").status_code == 404
    assert "This site sends no mail" in client.get("/login").text


def test_links_that_sign_in_are_not_written_to_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    code = a_link()
    assert client.post(f"/claim/{code}", GIVEN | {"password": "short"}).status_code == 422
    assert client.get(f"/nothing/{code}").status_code == 404
    assert code not in caplog.text


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the site's own handler writes of all loggers."""
    [handler] = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    before = handler.setStream(io.StringIO())
    yield handler.stream
    handler.setStream(before)


@pytest.mark.parametrize(
    "path",
    ["/claim/{}", "/claim/{}/?next=/", "/sign-up/{}", "/invitation/{}", "/organise/invitation/{}", "/password/MQ/{}"],
)
def test_no_refusal_and_no_fault_writes_a_one_time_link(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    code, address = new_code(), f"https://testserver{path}"
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    assert strict.post(path.format(code)).status_code in (403, 404)
    strict.post("/login", secure=True, headers={"Referer": address.replace("testserver", "other").format(code)})
    strict.get(f"/login?next={quote(path.format(code), safe='')}")
    monkeypatch.setattr("tiltyard.site.middleware.ContentPolicy.__call__", "no answer")
    assert strict.get(path.format(code)).status_code == 500
    assert "Forbidden" in written.getvalue()
    assert "Internal Server Error" in written.getvalue()
    assert code not in written.getvalue()


@pytest.fixture
def silent(settings: Any) -> None:
    """A mail server at which nobody answers."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


@pytest.mark.parametrize("who", ["ann", "nobody"])
def test_a_link_to_a_new_account_that_is_not_sent_is_said_to_be_not_sent(
    client: Client, silent: None, caplog: pytest.LogCaptureFixture, who: str
) -> None:
    small.somebody("Ann")
    answer = client.post("/sign-up", {"email": f"{who}@example.org"})
    assert answer.status_code == 422
    assert "The mail could not be sent" in answer.text
    assert "on its way" not in answer.text
    assert "was not sent" in caplog.text


def test_an_address_that_no_mail_server_takes_is_logged_and_said(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object, messages: list[Any]) -> int:
        raise UnicodeError("label too long")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    settings.EMAIL_HOST = "mail.example.org"
    assert "The mail could not be sent" in client.post("/sign-up", {"email": "ann@example.org"}).text
    assert "was not sent: label too long" in caplog.text


def test_a_forgotten_password_is_set_anew_by_a_mailed_link_to_the_sites_own_address(
    client: Client, settings: object
) -> None:
    settings.EMAIL_HOST, settings.ADDRESS = "mail.example.org", "https://tilt.example.org"  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    token = accounts.new_token(small.somebody("Ann"))
    assert "I have forgotten my password" in client.get("/login").text
    client.post("/password/forgot", {"email": "ann@example.org"}, headers={"Host": "evil.example"})
    link = re.search(r"https://tilt\.example\.org(/password/\S+)", mail.outbox[0].body)
    assert link is not None
    assert "evil.example" not in mail.outbox[0].body
    form = client.get(link[1], follow=True)
    new = {"new_password1": "another horse 18", "new_password2": "another horse 18"}
    assert client.post(form.redirect_chain[-1][0], new).status_code == 302
    assert client.post("/login", {"email": "ann@example.org", "password": "another horse 18"}).status_code == 302
    assert "used or is too old" in client.get(link[1], follow=True).text
    assert accounts.user_of_token(token) is None


def asked_for_a_password(client: Client, address: str) -> tuple[Any, ...]:
    """All that a stranger can see or measure of it: the answer, what the database is asked, the mails that are sent."""
    before = len(mail.outbox)
    with CaptureQueriesContext(connection) as asked:
        answer = client.post("/password/forgot", {"email": address})
    sent = [one.recipients() for one in mail.outbox[before:]]
    assert sent == [[address]]
    return answer.status_code, answer.headers.get("Location"), answer.content, len(asked), len(sent)


def test_asking_for_a_password_tells_nobody_who_has_an_account(client: Client, settings: Any) -> None:
    settings.EMAIL_HOST, settings.ADDRESS = "mail.example.org", "https://tilt.example.org"
    small.somebody("Ann")
    User.objects.create_user("oidc@example.org", name="By a provider")
    small.somebody("Gone", is_active=False)
    seen = {asked_for_a_password(client, f"{who}@example.org") for who in ("ann", "nobody", "oidc", "gone")}
    assert len(seen) == 1
    assert "/password/" in mail.outbox[0].body
    for other in mail.outbox[1:]:
        assert "No account with this address has one" in other.body
        assert "https://tilt.example.org/login" in other.body
        assert "/password/" not in other.body


@pytest.mark.parametrize("who", ["ann", "nobody"])
def test_asking_for_a_password_is_limited(client: Client, settings: Any, who: str) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    small.somebody("Ann")
    answers = [client.post("/password/forgot", {"email": f"{who}@example.org"}).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]
    assert len(mail.outbox) == 5


@pytest.mark.parametrize("who", ["ann", "nobody"])
def test_a_mail_about_a_password_that_is_not_sent_is_logged_and_tells_nobody_who_has_an_account(
    client: Client, silent: None, caplog: pytest.LogCaptureFixture, who: str
) -> None:
    small.somebody("Ann")
    page = client.post("/password/forgot", {"email": f"{who}@example.org"}, follow=True)
    assert page.redirect_chain == [("/password/sent", 302)]
    assert "on its way" not in page.text
    assert "Mail sent" not in page.text
    assert "to 1 addresses was not sent" in caplog.text
    assert f"{who}@example.org" not in caplog.text


def test_the_password_is_changed_by_whoever_knows_it(client: Client) -> None:
    ann = small.somebody("Ann")
    token = accounts.new_token(ann)
    client.force_login(ann)
    new = {"new_password1": "another horse 18", "new_password2": "another horse 18"}
    assert client.post("/profile/password", new | {"old_password": "wrong"}).status_code == 200
    assert accounts.user_of_token(token) == ann
    assert client.post("/profile/password", new | {"old_password": small.PASSWORD}).status_code == 302
    ann.refresh_from_db()
    assert ann.check_password("another horse 18")
    assert accounts.user_of_token(token) is None


def test_a_doubled_address_is_refused_by_the_service_too() -> None:
    small.somebody("Ann")
    with pytest.raises(Refused, match="There is an account"):
        accounts.sign_up("ANN@example.org", "Ann", "x")
