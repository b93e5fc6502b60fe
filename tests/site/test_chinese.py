"""The site in Chinese: nothing on its pages is left in English, and the catalogue is whole."""

import importlib.util
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import polib
import pytest
from django.apps import apps
from django.contrib.admin import site as admin_site
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import translation
from test_rights import address, browser, routes

import small_site as small
from small_chinese import ChineseSite, chinese_site, foreign
from small_pages import attributes, seen
from tiltyard.contest.registry import find_track, track_names
from tiltyard.site import clock
from tiltyard.site.models import Attempt, Challenge, Evaluation, Job, User
from tiltyard.site.telling import words
from tiltyard.site.views.organise.acts import ACTS

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "src/tiltyard/site/locale/zh_Hans/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|\{\w+\}|</?\w+>|`[^`]+`")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?.]|[,;:!?][\u4e00-\u9fff]")
DJANGOS = {"ID", "password", "last login", "superuser status"}
"""What Django names, and translates itself."""
ROLES = ("visitor", "newcomer", "member", "organiser")


@pytest.fixture
def site(db: None, tmp_path: Path) -> ChineseSite:
    return chinese_site(tmp_path)


@pytest.fixture(scope="module")
def texts() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def reader(user: User | None = None) -> Client:
    """Somebody who has chosen Chinese."""
    client = browser()
    if user is not None:
        client.force_login(user)
    client.cookies["django_language"] = "zh-hans"
    return client


def reader_as(site: ChineseSite, role: str) -> Client:
    return reader(None if role == "visitor" else getattr(site, role))


def left(answer: HttpResponse) -> list[str]:
    """What is not Chinese on a page; what is no page is not looked at."""
    if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    text = answer.content.decode()
    return foreign(text) + ["<html lang>"] * ("<html" in text and '<html lang="zh-hans"' not in text)


def english(client: Client, places: Iterable[str]) -> dict[str, list[str]]:
    """What is not Chinese, by page."""
    return {place: words for place in places if (words := left(client.get(place)))}


@pytest.mark.parametrize("role", ROLES)
def test_no_page_is_left_in_english(site: ChineseSite, role: str) -> None:
    client = reader_as(site, role)
    pages = [
        address(route, site.places) for route in routes() if not route.startswith("api/") and "report" not in route
    ]
    assert english(client, pages) == {}


@pytest.mark.parametrize("role", ["member", "organiser"])
def test_no_answer_to_an_empty_form_is_left_in_english(site: ChineseSite, role: str) -> None:
    found = {}
    for route in (one for one in routes() if not one.startswith(("api/", "organise/sample"))):
        place = address(route, site.places)
        found[place] = left(reader_as(site, role).post(place))
    assert {place: words for place, words in found.items() if words} == {}


def test_the_walk_sees_english(site: ChineseSite) -> None:
    for place in ("/", "/login", "/c/certificates/board"):
        assert len(foreign(browser().get(place).content.decode())) > 10


def test_entries_in_every_state_are_shown_in_chinese(site: ChineseSite) -> None:
    member, organiser = reader(site.member), reader(site.organiser)
    assert english(member, [f"/c/certificates/entries/{entry.pk}" for entry in site.entries]) == {}
    assert english(organiser, [f"/c/certificates/organise/entries/{entry.pk}" for entry in site.entries]) == {}
    assert "基础设施故障：由于平台原因" in seen(member.get(f"/c/certificates/entries/{site.entries[2].pk}"))


def test_every_action_asks_in_chinese(site: ChineseSite) -> None:
    client = reader(site.organiser)
    places = [f"/c/certificates/organise/do/{action}" for action in ACTS]
    assert english(client, places) == {}
    assert {place: words for place in places if (words := left(client.post(place, {"entry": "999"})))} == {}


def test_boards_are_shown_in_chinese_before_and_after_they_open(site: ChineseSite) -> None:
    kinds = product(("public", "private"), ("regions", "stamps"))
    places = [f"/c/certificates/board?kind={kind}&contest={contest}" for kind, contest in kinds]
    for moment in (clock.now(), clock.now().replace(year=2100)):
        with clock.at(moment):
            assert english(reader(site.member), places) == {}
    assert "公榜" in seen(reader(site.organiser).get("/c/certificates/organise/boards"))


def test_a_paused_challenge_and_a_draft_say_so_in_chinese(site: ChineseSite) -> None:
    for state, text in ((Challenge.State.PAUSED, "已暂停"), (Challenge.State.DRAFT, "草稿")):
        Challenge.objects.update(state=state)
        places = ("/", "/c/certificates/", "/c/certificates/submit", "/c/certificates/organise")
        assert english(reader(site.organiser), places) == {}
        assert all(text in seen(reader(site.organiser).get(place)) for place in places)


def test_what_cannot_be_done_is_told_in_chinese(site: ChineseSite) -> None:
    answer = reader(site.member).post("/c/certificates/team", {"action": "leave"})
    assert "队伍已有提交，队员不能再退出。" in seen(answer)
    answer = reader().post("/login", {"email": "p1@example.org", "password": "wrong"})
    assert "邮箱或密码不正确。" in seen(answer)


def test_the_script_that_sends_files_has_its_words_from_the_page(site: ChineseSite) -> None:
    answer = reader(site.member).get("/c/certificates/submit")
    for name in ("too-large", "sending", "left", "checking", "lost", "stopped"):
        [text] = attributes(answer, f"data-{name}")
        assert re.search(r"[\u4e00-\u9fff]", text), name
    assert "{time}" in attributes(answer, "data-left")[0]


def test_the_language_is_chosen_on_every_page_and_kept(client: Client, db: None) -> None:
    assert '<html lang="en"' in client.get("/").content.decode()
    answer = client.post("/language/setlang/", {"language": "zh-hans", "next": "/"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    text = client.get("/").content.decode()
    assert '<html lang="zh-hans"' in text
    assert "还没有比赛。" in text
    client.post("/language/setlang/", {"language": "en", "next": "/"})
    assert "There is no challenge yet." in client.get("/").content.decode()


def test_a_browser_that_asks_for_chinese_gets_it(client: Client, db: None) -> None:
    assert '<html lang="zh-hans"' in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"}).content.decode()


def test_the_mail_about_a_forgotten_password_is_chinese(site: ChineseSite, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    reader().post("/password/forgot", {"email": site.member.email})
    [sent] = mail.outbox
    assert "重设密码" in sent.subject
    assert "请在此设置新密码" in sent.body


def test_messages_of_the_site_itself_speak_both_languages(site: ChineseSite) -> None:
    reader(site.organiser).post(
        "/c/certificates/organise/do/disqualify-entry", {"entry": site.entries[0].pk, "reason": "copied"}
    )
    message = site.challenge.messages.order_by("-pk")[0]
    assert "A decision of the organisers" in message.subject
    assert "主办方的决定" in message.subject
    assert "was disqualified: copied" in message.body
    assert "的成绩已被取消：copied" in message.body


def test_dates_are_written_as_chinese_does(site: ChineseSite) -> None:
    assert "2099年1月1日 00:00" in seen(reader().get("/c/certificates/"))


def test_every_text_is_translated(texts: polib.POFile) -> None:
    assert len(texts) > 500
    assert [entry.msgid for entry in texts if not entry.translated()] == []


def test_placeholders_are_the_same_on_both_sides(texts: polib.POFile) -> None:
    for entry in texts:
        wanted, found = entry.msgid_plural or entry.msgid, entry.msgstr or entry.msgstr_plural[0]
        assert Counter(PLACEHOLDER.findall(wanted)) == Counter(PLACEHOLDER.findall(found)), entry.msgid


def test_punctuation_is_full_width(texts: polib.POFile) -> None:
    said = [entry.msgstr or entry.msgstr_plural[0] for entry in texts]
    assert [text for text in said if HALF_WIDTH.search(re.sub(r"<[^>]*>", "", text))] == []


def test_what_is_compiled_is_what_is_written(texts: polib.POFile) -> None:
    assert CATALOGUE.with_suffix(".mo").read_bytes() == texts.to_binary()


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs xgettext (gettext), which only translators need")
def test_the_catalogue_holds_what_the_site_says(texts: polib.POFile, tmp_path: Path) -> None:
    fresh = tool().extracted("zh_Hans", tmp_path)
    assert {(entry.msgctxt, entry.msgid) for entry in fresh} == {(entry.msgctxt, entry.msgid) for entry in texts}
    assert str(fresh) == str(polib.pofile(str(CATALOGUE), wrapwidth=0)), "run tools/messages.py"


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools/messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_tracks_and_the_database_say_is_in_the_catalogue(texts: polib.POFile) -> None:
    known = {entry.msgid for entry in texts}
    tracks = [find_track(name) for name in track_names() if find_track(name).__module__.startswith("tiltyard.")]
    assert {metric.name for track in tracks for metric in track.metrics} <= known
    assert {allowed.kind for track in tracks for allowed in track.entries} <= known
    assert {*Job.Kind.values, *Attempt.Outcome.values, *Evaluation.State.labels} <= known


def test_the_admin_speaks_chinese(site: ChineseSite, texts: polib.POFile) -> None:
    known = {entry.msgid for entry in texts}
    admin = small.somebody("Ada", is_staff=True, is_superuser=True)
    for model in apps.get_app_config("tiltyard").get_models():
        if model in admin_site._registry:
            with translation.override("en"):
                shown = [model._meta, *model._meta.fields]
                labels = {str(label) for field in model._meta.fields for _value, label in field.flatchoices}
                assert {str(one.verbose_name) for one in shown} - DJANGOS <= known
                assert labels - {"English", "Simplified Chinese"} <= known
    page = seen(reader(admin).get("/admin/tiltyard/job/"))
    for word in ("选择任务查看", "租约到期", "规划", "排队中"):
        assert word in page


def test_every_action_that_is_recorded_has_a_word() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/tiltyard/site").rglob("*.py"))
    recorded = set(re.findall(r'(?:\.|\b)record\(\s*(?:\w+,\s*)?"([a-z-]+)"', source))
    turned = set(re.findall(r'_turn\(.*"([a-z]+)", by\)', source))
    assert recorded | turned == set(words.ACTIONS)
