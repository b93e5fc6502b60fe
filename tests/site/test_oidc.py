"""Logging in by OpenID Connect: the whole exchange with a provider, and what is wrong with a setting."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tiltyard.errors import TiltyardError
from tiltyard.site.people import oidc

SCRIPT = """
import sys
from urllib.parse import parse_qs, urlsplit

import django

django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
from tiltyard.site.models import User

client = Client()
page = client.get("/login")
assert "Log in with Corp" in page.text
assert f"form-action 'self' {sys.argv[1]};" in page.headers["Content-Security-Policy"]
there = client.post("/oidc/oidc/corp/login/", {"next": "/profile"}).headers["Location"]
asked = parse_qs(urlsplit(there).query)
assert there.startswith(sys.argv[1] + "/authorise"), there
assert asked["client_id"] == ["tiltyard"] and "code_challenge" in asked, asked
back = client.get("/oidc/oidc/corp/login/callback/", {"code": "4711", "state": asked["state"][0]})
assert back.status_code == 302 and back.headers["Location"] == "/profile", (back.status_code, back.headers, back.text)
user = User.objects.get()
assert (user.email, user.name) == ("ann@corp.example", "Ann Archer"), (user.email, user.name)
assert not user.is_organiser and not user.has_usable_password()
assert "ann@corp.example" in client.get("/profile").text
assert Client().post("/login", {"email": "ann@corp.example", "password": ""}).status_code == 422

user.delete()
known = User.objects.create_user("ann@corp.example", "correct horse 17", name="Ann of old")


def come_back(client, process):
    there = client.post(f"/oidc/oidc/corp/login/{process}", {"next": "/profile"}).headers["Location"]
    state = parse_qs(urlsplit(there).query)["state"][0]
    return client.get("/oidc/oidc/corp/login/callback/", {"code": "4711", "state": state}, follow=True)


stranger = Client()
page = come_back(stranger, "")
assert User.objects.count() == 1 and stranger.get("/profile").status_code == 302, page.redirect_chain
assert "Skip to the content" in page.text
known_client = Client()
known_client.force_login(known, backend="django.contrib.auth.backends.ModelBackend")
assert "Connect with Corp" in known_client.get("/profile").text
come_back(known_client, "?process=connect")
again = Client()
come_back(again, "")
assert "Ann of old" in again.get("/profile").text
print("logged in")
"""


ATTACK = """
import sys
from urllib.parse import parse_qs, urlsplit

import django

django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
from allauth.socialaccount.models import SocialAccount
from tiltyard.site.models import User

ann = User.objects.create_user("ann@corp.example", "correct horse 17", name="Ann of old")
provider = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]


def come(who):
    client = Client()
    there = client.post("/oidc/oidc/corp/login/").headers["Location"]
    state = parse_qs(urlsplit(there).query)["state"][0]
    return client, client.get("/oidc/oidc/corp/login/callback/", {"code": who, "state": state}, follow=True)


def refused(who, told):
    client, page = come(who)
    assert client.get("/profile").status_code == 302, who
    assert page.redirect_chain[-1][0] == "/login" and told in page.text, (who, page.redirect_chain, page.text)
    for email in ("boss@corp.example", "ann@corp.example"):
        client.post("/oidc/3rdparty/signup/", {"email": email})
    assert [user.email for user in User.objects.all()] == ["ann@corp.example"], (who, list(User.objects.all()))
    assert not SocialAccount.objects.exists(), who


UNVOUCHED = "Corp does not vouch for your e-mail address"
for who in ("as-boss", "says-nothing-of-boss", "false-boss", "nowhere", "as-ann", "false-ann"):
    refused(who, UNVOUCHED)
refused("4711", "There is an account with this e-mail address. Log in, then connect Corp on your profile.")

provider["email_authentication"] = True
for who in ("as-ann", "false-ann"):
    refused(who, UNVOUCHED)
del provider["email_authentication"]

provider["verified_email"] = ["corp.example"]
client, page = come("says-nothing-of-boss")
assert "boss@corp.example" in client.get("/profile").text
client, page = come("elsewhere")
assert UNVOUCHED in page.text
print("kept out")
"""
STARTED = """
import sys
from urllib.parse import parse_qs, urlsplit

import django

django.setup()
from django.core.management import call_command
from django.test import Client

call_command("migrate", verbosity=0)
started = Client()
there = started.post("/oidc/oidc/corp/login/").headers["Location"]
state = parse_qs(urlsplit(there).query)["state"][0]
"""
"""A sign-on that has begun: the provider is to answer next."""
DOWN = (
    STARTED
    + """
from tiltyard.site.models import User

known = Client()
known.force_login(
    User.objects.create_user("ann@corp.example", "correct horse 17", name="Ann"),
    backend="django.contrib.auth.backends.ModelBackend",
)
print("up", flush=True)
sys.stdin.readline()
TOLD = "Corp cannot be reached. Try again later."
for client, way, leads in (
    (Client(), "login/", "/login"),
    (known, "login/?process=connect", "/profile"),
    (started, f"login/callback/?code=4711&state={state}", "/login"),
):
    ask = client.get if "callback" in way else client.post
    page = ask(f"/oidc/oidc/corp/{way}", follow=True)
    assert page.redirect_chain == [(leads, 302)] and TOLD in page.text, (way, page.status_code, page.redirect_chain)
print("told")
"""
)
ODD = (
    STARTED
    + """
print("up", flush=True)
lacks = sys.stdin.readline().strip()
TOLD = "Corp cannot be reached. Try again later."
ways = {
    "login/": (Client().post, lacks in ("token_endpoint", "userinfo_endpoint")),
    f"login/callback/?code=4711&state={state}": (started.get, lacks == "authorization_endpoint"),
}
for way, (ask, may_go_on) in ways.items():
    if not may_go_on:
        page = ask(f"/oidc/oidc/corp/{way}", follow=True)
        assert page.redirect_chain == [("/login", 302)] and TOLD in page.text, (way, page.status_code)
print("told")
"""
)
WHO: dict[str, dict[str, Any]] = {
    "4711": {"sub": "17", "email": "Ann@Corp.example", "email_verified": True, "name": "Ann Archer"},
    "as-boss": {"sub": "1", "email": "boss@corp.example", "email_verified": False},
    "says-nothing-of-boss": {"sub": "2", "email": "boss@corp.example"},
    "false-boss": {"sub": "3", "email": "boss@corp.example", "email_verified": "false"},
    "nowhere": {"sub": "4"},
    "as-ann": {"sub": "5", "email": "ann@corp.example", "email_verified": False},
    "false-ann": {"sub": "6", "email": "ann@corp.example", "email_verified": "false"},
    "elsewhere": {"sub": "7", "email": "boss@other.example"},
}
"""Code → what the provider says of the person who comes back with it."""


class Server(ThreadingHTTPServer):
    """Where a provider answers; what it tells of itself may be changed."""

    tells: Callable[[dict[str, Any]], Any] = staticmethod(dict)


class Provider(BaseHTTPRequestHandler):
    """Answers as a provider of OpenID Connect that knows some people."""

    server: Server

    def do_GET(self) -> None:
        here = f"http://{self.headers['Host']}"
        places = {"authorization": "authorise", "token": "token", "userinfo": "who"}
        known = {
            "/.well-known/openid-configuration": self.server.tells(
                {
                    "issuer": here,
                    "jwks_uri": f"{here}/keys",
                    **{f"{name}_endpoint": f"{here}/{place}" for name, place in places.items()},
                }
            ),
            "/who": WHO.get(self.headers.get("Authorization", "").removeprefix("Bearer ")),
        }
        self._say(known[self.path.split("?")[0]])

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert "code_verifier=" in sent
        self._say({"access_token": parse_qs(sent)["code"][0], "token_type": "Bearer", "expires_in": 60})

    def _say(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    with answering() as server:
        yield address(server)


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def answering() -> Iterator[Server]:
    """A provider, at whose address nobody answers afterwards."""
    server = Server(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run_site(script: str, provider: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script in a process whose site knows the provider."""
    site = start_site(script, provider, folder)
    said, errors = site.communicate(timeout=120)
    return subprocess.CompletedProcess(site.args, site.returncode, said, errors)


def start_site(script: str, provider: str, folder: Path) -> subprocess.Popen[str]:
    """The same, while it runs."""
    settings = {"server_url": provider, "fetch_userinfo": True}
    named = {"provider_id": "corp", "name": "Corp", "client_id": "tiltyard", "secret": "s", "settings": settings}
    environment = {
        **os.environ,
        "TILTYARD_OIDC": json.dumps(named),
        "TILTYARD_SITE": str(folder / "site"),
        "TILTYARD_DATABASE": "",
        "TILTYARD_HOSTS": "testserver",
        "DJANGO_SETTINGS_MODULE": "tiltyard.site.settings",
    }
    (folder / "site").mkdir()
    command = [sys.executable, "-W", "ignore", "-c", script, provider]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_a_provider_vouches_for_new_people_and_for_known_ones_who_connected_themselves(
    provider: str, tmp_path: Path
) -> None:
    pytest.importorskip("allauth")
    done = run_site(SCRIPT, provider, tmp_path)
    assert done.stdout == "logged in\n", done.stderr


def test_nobody_gets_an_account_by_an_address_that_the_provider_does_not_vouch_for(
    provider: str, tmp_path: Path
) -> None:
    pytest.importorskip("allauth")
    done = run_site(ATTACK, provider, tmp_path)
    assert done.stdout == "kept out\n", done.stderr


def test_a_provider_that_is_down_is_told_and_is_no_fault_of_the_site(tmp_path: Path) -> None:
    pytest.importorskip("allauth")
    with answering() as provider:
        site = start_site(DOWN, address(provider), tmp_path)
        assert site.stdout is not None
        assert site.stdout.readline() == "up\n"
    said, errors = site.communicate("\n", timeout=120)
    assert said == "told\n", errors


@pytest.mark.parametrize("lacks", ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "JSON object"])
def test_a_provider_that_does_not_say_where_it_is_reached_is_told_as_one_that_is_down(
    tmp_path: Path, lacks: str
) -> None:
    pytest.importorskip("allauth")
    with answering() as provider:
        site = start_site(ODD, address(provider), tmp_path)
        assert site.stdout is not None
        assert site.stdout.readline() == "up\n"
        provider.tells = lambda known: {name: at for name, at in known.items() if name != lacks}
        if lacks == "JSON object":
            provider.tells = list
        said, errors = site.communicate(f"{lacks}\n", timeout=120)
    assert said == "told\n", errors
    assert re.search(f"ERROR tiltyard.oidc: Corp: .* {lacks}", errors), errors


def test_without_a_provider_nothing_of_it_is_loaded() -> None:
    code = "import django, sys; django.setup(); import tiltyard.site.urls; print('allauth' in sys.modules)"
    environment = {**os.environ, "TILTYARD_OIDC": "", "DJANGO_SETTINGS_MODULE": "tiltyard.site.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "told"), [("{", "no valid JSON"), ("[]", "lacks provider_id"), ('{"name": "x"}', "lacks provider_id")]
)
def test_a_wrong_setting_is_one_line_that_names_the_variable(text: str, told: str) -> None:
    with pytest.raises(TiltyardError, match=f"TILTYARD_OIDC: {told}"):
        oidc.provider(text)
