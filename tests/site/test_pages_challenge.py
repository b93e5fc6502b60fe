"""What the pages of a challenge say before, during and after it, and to whom."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

import small_site as small
from small_pages import attributes, seen
from tiltyard.contest import challenge as files
from tiltyard.site import clock
from tiltyard.site.models import Award, Challenge, Message, Registration, Reproduction, User
from tiltyard.site.telling.markdown import rendered

pytestmark = pytest.mark.django_db
OPENS = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=10)
WINDOW = {"opens": OPENS, "closes": CLOSES}


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_empty_home_tells_visitors_to_wait_and_organisers_what_to_do(client: Client) -> None:
    assert "There is no challenge yet." in seen(client.get("/"))
    assert "Add the sample challenge" not in seen(client.get("/"))
    assert "Add the sample challenge" in seen(as_(small.organiser()).get("/"))


def test_home_shows_what_is_on_first_with_its_next_date(client: Client) -> None:
    small.challenge(name="over", title="Over now", phase={"opens": OPENS - timedelta(99), "closes": OPENS})
    small.challenge(name="soon", title="Soon to come", phase={"opens": OPENS + timedelta(days=2)})
    small.challenge(name="on", title="On now", phase=WINDOW)
    with clock.at(OPENS + timedelta(days=1)):
        text = seen(client.get("/"))
    assert text.index("On now") < text.index("Soon to come") < text.index("Over now")
    assert "Main phase closes: 12 Mar 2026, 12:00" in text
    assert "Main phase opens: 4 Mar 2026, 12:00" in text
    assert "No date is to come." in text


def test_a_draft_exists_for_its_organisers_alone(client: Client) -> None:
    organiser, other = small.organiser(), small.organiser("Other Organiser")
    small.challenge(organisers=[organiser], state=Challenge.State.DRAFT)
    for reader in (client, as_(other), as_(small.somebody("Ann"))):
        assert reader.get("/c/certificates/").status_code == 404
        assert "Forged certificates" not in seen(reader.get("/"))
    assert "Draft" in seen(as_(organiser).get("/c/certificates/"))


def test_the_overview_says_the_rules_in_markdown_and_takes_no_html(client: Client) -> None:
    about = (
        "# Head\n\n**bold** <script>alert(1)</script> <b>x</b>\n\n|a|b|\n|:-|-:|\n|1|2|\n\n[bad](javascript:alert(1))"
    )
    small.challenge(about=about)
    page = client.get("/c/certificates/").text
    assert "<strong>bold</strong>" in page
    assert "<h2>Head</h2>" in page
    assert '<td class="right">2</td>' in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;x" in page
    assert 'href="javascript:' not in page


@pytest.mark.parametrize("place", ["/c/x/organise/export", "c/x", "//testserver/c/x", "https://other.example/x.png"])
def test_a_picture_in_markdown_asks_for_no_address(place: str) -> None:
    drawn = rendered(f"![what *it* <b>shows</b>]({place} 'title')")
    assert drawn == "<p>what it &lt;b&gt;shows&lt;/b&gt;</p>\n"


def test_a_picture_in_markdown_may_bring_itself() -> None:
    assert '<img src="data:image/png;base64,AA=="' in rendered("![dot](data:image/png;base64,AA==)")


def test_dates_are_of_the_account_s_zone_else_of_the_browser_s_else_utc(client: Client) -> None:
    small.challenge(phase=WINDOW)
    assert "2 Mar 2026, 12:00" in seen(client.get("/c/certificates/"))
    client.cookies["zone"] = "America/New_York"
    text = seen(client.get("/c/certificates/"))
    assert "2 Mar 2026, 07:00" in text
    assert "Times are shown in America/New_York." in text
    reader = as_(small.somebody("Ann", zone="Asia/Shanghai"))
    reader.cookies["zone"] = "America/New_York"
    answer = reader.get("/c/certificates/")
    assert "2 Mar 2026, 20:00" in seen(answer)
    assert OPENS.isoformat() in attributes(answer, "datetime")
    client.cookies["zone"] = "../../../etc/passwd"
    assert client.get("/c/certificates/").status_code == 200


@pytest.mark.parametrize(
    ("moment", "badge"),
    [(OPENS - timedelta(days=1), "Not begun"), (OPENS, "Open"), (CLOSES, "Over")],
)
def test_the_badge_says_where_the_phase_stands(client: Client, moment: datetime, badge: str) -> None:
    small.challenge(phase=WINDOW)
    with clock.at(moment):
        assert f"Main phase {badge}" in seen(client.get("/c/certificates/"))


def test_a_paused_challenge_says_so_on_every_tab(client: Client) -> None:
    small.challenge(state=Challenge.State.PAUSED)
    for tab in ("", "board", "messages", "awards"):
        assert "The organisers have paused this challenge" in seen(client.get(f"/c/certificates/{tab}"))


def test_taking_part_begins_with_the_terms() -> None:
    small.challenge()
    ann = small.somebody("Ann")
    reader = as_(ann)
    assert "Take part" in seen(reader.get("/c/certificates/"))
    assert "One team a person." in seen(reader.get("/c/certificates/join"))
    refused = reader.post("/c/certificates/join", {})
    assert refused.status_code == 422
    assert not Registration.objects.exists()
    assert reader.post("/c/certificates/join", {"accept": "on"}).headers["Location"] == "/c/certificates/team"
    assert Registration.objects.get().user == ann


def test_registration_that_is_closed_is_told_on_every_way_in() -> None:
    small.challenge(phase=WINDOW)
    reader = as_(small.somebody("Ann"))
    with clock.at(CLOSES):
        assert "Registration is closed." in seen(reader.get("/c/certificates/"))
        assert "Registration is closed." in seen(reader.get("/c/certificates/join"))
        assert reader.post("/c/certificates/join", {"accept": "on"}).status_code == 422


def test_changed_terms_are_asked_for_again() -> None:
    of, ann = small.challenge(), small.somebody("Ann")
    small.team(of, ann)
    small.new_version(of, files.Challenge.model_validate(small.content(terms="Other terms.")))
    reader = as_(ann)
    assert "terms have changed since you accepted them" in seen(reader.get("/c/certificates/join"))
    assert "The terms have changed." in seen(reader.get("/c/certificates/submit"))


def test_released_files_go_to_those_who_take_part_when_their_time_has_come(client: Client) -> None:
    releases = [
        {"file": "data/train.csv", "title": "Training"},
        {"file": "data/test.csv", "title": "Test", "opens": OPENS + timedelta(days=3)},
    ]
    extra = {"data/train.csv": b"train", "data/test.csv": b"test"}
    of = small.challenge(phase={**WINDOW, "releases": releases}, files=extra)
    ann = small.somebody("Ann")
    small.team(of, ann)
    member, stranger = as_(ann), as_(small.somebody("Stranger"))
    first, second = "/c/certificates/releases/main/1", "/c/certificates/releases/main/2"
    with clock.at(OPENS - timedelta(hours=1)):
        assert member.get(first).status_code == 404
    with clock.at(OPENS):
        answer = member.get(first)
        assert b"".join(answer.streaming_content) == b"train"  # type: ignore[attr-defined]
        assert "attachment" in answer.headers["Content-Disposition"]
        assert stranger.get(first).status_code == 404
        assert client.get(first).status_code == 302
        assert member.get(second).status_code == 404
        assert "Test: from 5 Mar 2026, 12:00" in seen(member.get("/c/certificates/"))
    with clock.at(OPENS + timedelta(days=3)):
        assert member.get(second).status_code == 200
    for other in ("/c/certificates/releases/main/3", "/c/certificates/releases/main/0"):
        assert member.get(other).status_code == 404


def test_messages_to_one_team_are_seen_by_it_and_by_organisers_alone(client: Client) -> None:
    organiser = small.organiser()
    of = small.challenge(organisers=[organiser])
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    Message.objects.create(challenge=of, subject="To everybody", body="**all**")
    Message.objects.create(challenge=of, team=small.team(of, ann), subject="To one team", body="secret")
    small.team(of, bo)
    for reader, both in ((client, False), (as_(bo), False), (as_(ann), True), (as_(organiser), True)):
        text = seen(reader.get("/c/certificates/messages"))
        assert "To everybody" in text
        assert ("To one team" in text) is both


def test_awards_and_named_teams_stand_with_their_write_ups(client: Client, tmp_path: object) -> None:
    award = {"kind": "progress", "name": "steady", "title": "Steady progress", "phase": "main", "contest": "regions"}
    of = small.challenge(awards=[award])
    assert "Nothing has been won yet." in seen(client.get("/c/certificates/awards"))
    team = small.team(of, small.somebody("Ann"), name="Lance")
    entry = small.entry(team, small.table_entry(tmp_path))  # type: ignore[arg-type]
    Award.objects.create(challenge=of, team=team, name="steady")
    Award.objects.create(challenge=of, team=team, name="_named", place=1)
    Reproduction.objects.create(challenge=of, entry=entry, place=1, deadline=OPENS, write_up="We **tiled**.")
    answer = client.get("/c/certificates/awards")
    text = seen(answer)
    assert "Named teams" in text
    assert "Steady progress Lance" in text
    assert "<strong>tiled</strong>" in answer.text


def test_the_look_is_a_cookie_that_the_server_draws_by(client: Client) -> None:
    assert 'class=""' in client.get("/").text
    assert client.post("/look", {"look": "dark", "next": "/login"}).headers["Location"] == "/login"
    assert 'class="dark"' in client.get("/").text
    client.post("/look", {"look": ""})
    assert 'class=""' in client.get("/").text
    client.cookies["look"] = '"><script>'
    assert "<script>" not in client.get("/").text


def test_error_pages_say_what_to_do(client: Client, settings: object) -> None:
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is no such page" in seen(answer)
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/login", {"email": "a@example.org", "password": "x"})
    assert answer.status_code == 403
    assert "The form is too old" in seen(answer)


def test_a_fault_of_ours_shows_a_page_and_no_insides(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiltyard.site.views import home

    def breaks(*_: object) -> None:
        raise RuntimeError("inside 4711")

    monkeypatch.setattr(home, "may_see", breaks)
    small.challenge()
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "Something broke on our side" in seen(answer)
    assert "4711" not in answer.text


def test_a_large_form_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.post("/sign-up", {"name": "x" * (3 << 20)})
    assert answer.status_code == 413
    assert "At most 2.0 MB are taken here" in seen(answer)
