"""No page holds a script or a style of its own: the policy would not run it, and a stranger's text could be one."""

import re
from pathlib import Path

import pytest
from django.test import Client

import small_site as small
from tiltyard.site.middleware import POLICY

SITE = Path(__file__).parents[2] / "src" / "tiltyard" / "site"
TEMPLATES = sorted((SITE / "templates").rglob("*.html"))
INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|hx-on|hx-vals=[\"']js:|<script(?![^>]*\ssrc=)", re.I
)


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(one.relative_to(SITE)) for one in TEMPLATES])
def test_templates_hold_no_script_and_no_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not INLINE.search(text)
    assert "|safe" not in text or template.name == "field.html"


def test_scripts_load_nothing_from_elsewhere() -> None:
    for script in (SITE / "static").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"https?://|innerHTML|\beval\(|document\.write|new Function", text), script.name


@pytest.mark.django_db
def test_rendered_pages_hold_none_either_and_bear_the_policy(client: Client, tmp_path: Path) -> None:
    organiser = small.organiser()
    of = small.challenge(organisers=[organiser], about="|a|b|\n|:-|-:|\n|1|2|")
    team = small.team(of, small.somebody("Ann"))
    entry = small.entry(team, small.table_entry(tmp_path))
    small.scored(entry, 0.8)
    client.force_login(team.captain)
    tabs = ("", "board", "submit", "entries", "team", "messages", "awards", "join", f"entries/{entry.pk}")
    for address in ("/", "/profile", "/nothing", *(f"/c/certificates/{tab}" for tab in tabs)):
        answer = client.get(address)
        assert not INLINE.search(answer.text), address
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert set(re.findall(r'(?:src|href)="(https?:[^"]*)"', answer.text)) == set(), address


def test_the_policy_allows_no_inline_script_style_or_frame() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert "form-action 'self';" in POLICY
