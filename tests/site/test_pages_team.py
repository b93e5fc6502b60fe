"""The team's page: every action by its button, refusals in place, invitations by link."""

import re
from pathlib import Path

import pytest
from django.test import Client

import small_site as small
from small_pages import attributes, seen
from tiltyard.site.models import Challenge, Team, User
from tiltyard.site.people import invitations, limits, registering
from tiltyard.site.views.challenge.team import IN_SECONDS, INVITATION_TRIES

pytestmark = pytest.mark.django_db
PAGE = "/c/certificates/team"
BUTTON = 'value="remove"'


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def of() -> Challenge:
    return small.challenge()


def registered(name: str, of: Challenge) -> Client:
    user = small.somebody(name)
    registering.register(user, of)
    return as_(user)


def invitation_by(captain: Client) -> str:
    """The address of a new link into the captain's team."""
    [link] = [one for one in attributes(captain.post(PAGE, {"action": "invite"}), "value") if "/invitation/" in one]
    return link


def test_a_visitor_is_sent_to_log_in_and_back(of: Challenge, client: Client) -> None:
    assert client.get(PAGE).headers["Location"] == f"/login?next={PAGE}"


def test_without_the_terms_there_is_no_team(of: Challenge) -> None:
    reader = as_(small.somebody("Ann"))
    assert "You do not take part yet." in seen(reader.get(PAGE))
    answer = reader.post(PAGE, {"action": "alone"})
    assert answer.status_code == 422
    assert "Accept the terms" in seen(answer)


def test_one_click_makes_a_team_of_one(of: Challenge) -> None:
    reader = registered("Ann", of)
    assert "Go alone" in seen(reader.get(PAGE))
    assert reader.post(PAGE, {"action": "alone"}).headers["Location"] == PAGE
    assert "Ann Captain" in seen(reader.get(PAGE))


def test_a_whole_life_of_a_team(of: Challenge) -> None:
    ann, bo = registered("Ann", of), registered("Bo", of)
    ann.post(PAGE, {"action": "create", "name": "Lance"})
    link = invitation_by(ann)
    assert link.startswith("http://testserver/invitation/")
    assert link not in ann.get(PAGE).text
    assert "Join Lance?" in seen(bo.get(link))
    assert bo.post(link).headers["Location"] == PAGE
    assert "You are in the team now." in seen(bo.get(PAGE))
    assert "Invite somebody" not in seen(bo.get(PAGE))
    [member] = re.findall(r'name="member" value="(\d+)"', ann.get(PAGE).text)
    ann.post(PAGE, {"action": "hand-over", "member": member})
    bo.post(PAGE, {"action": "rename", "name": "Shield"})
    ann.post(PAGE, {"action": "leave"})
    team = Team.objects.get()
    assert (team.name, team.captain.name, team.memberships.count()) == ("Shield", "Bo", 1)


def test_the_captain_removes_a_member_until_the_team_has_handed_in(of: Challenge, tmp_path: Path) -> None:
    ann, bo = registered("Ann", of), registered("Bo", of)
    ann.post(PAGE, {"action": "create", "name": "Lance"})
    bo.post(invitation_by(ann))
    [member] = re.findall(r'name="member" value="(\d+)"', ann.get(PAGE).text)
    assert [BUTTON in reader.get(PAGE).text for reader in (ann, bo)] == [True, False]
    assert bo.post(PAGE, {"action": "remove", "member": member}).status_code == 422
    assert ann.post(PAGE, {"action": "remove", "member": member}).headers["Location"] == PAGE
    assert "Go alone" in seen(bo.get(PAGE))
    bo.post(invitation_by(ann))
    small.entry(Team.objects.get(), small.table_entry(tmp_path))
    assert BUTTON not in ann.get(PAGE).text
    assert ann.post(PAGE, {"action": "remove", "member": member}).status_code == 422
    assert Team.objects.get().memberships.count() == 2


def test_a_withdrawn_invitation_says_so(of: Challenge) -> None:
    ann, bo = registered("Ann", of), registered("Bo", of)
    ann.post(PAGE, {"action": "alone"})
    link = invitation_by(ann)
    [invitation] = re.findall(r'name="invitation" value="(\d+)"', ann.get(PAGE).text)
    ann.post(PAGE, {"action": "withdraw", "invitation": invitation})
    answer = bo.get(link)
    assert answer.status_code == 410
    assert "used or withdrawn" in seen(answer)


def test_an_invitation_leads_by_way_of_the_terms_and_back(of: Challenge) -> None:
    ann, bo = registered("Ann", of), as_(small.somebody("Bo"))
    ann.post(PAGE, {"action": "alone"})
    link = invitation_by(ann)
    path = link.removeprefix("http://testserver")
    terms = bo.get(link).headers["Location"]
    assert terms == f"/c/certificates/join?next={path}"
    [onward] = re.findall(r'name="next" value="(/invitation/[^"]+)"', bo.get(terms).text)
    assert bo.post(terms, {"accept": "on", "next": onward}).headers["Location"] == path


def test_guessing_invitations_has_to_wait(of: Challenge) -> None:
    reader = registered("Ann", of)
    for _ in range(INVITATION_TRIES - 1):
        limits.check(f"invitation:{User.objects.get().pk}", INVITATION_TRIES, IN_SECONDS)
    assert reader.get("/invitation/guess").status_code == 410
    answer = reader.get("/invitation/guess")
    assert answer.status_code == 429
    assert "Too many tries. Try again in 10 minutes." in seen(answer)


def test_actions_of_others_teams_and_unknown_ones_do_nothing(of: Challenge) -> None:
    ann, bo = registered("Ann", of), registered("Bo", of)
    ann.post(PAGE, {"action": "create", "name": "Lance"})
    ann.post(PAGE, {"action": "invite"})
    invitation = invitations.open_invitations(Team.objects.get()).get()
    bo.post(PAGE, {"action": "create", "name": "Shield"})
    bo.post(PAGE, {"action": "withdraw", "invitation": invitation.pk})
    assert invitations.open_invitations(Team.objects.get(name="Lance")).count() == 1
    assert bo.post(PAGE, {"action": "hand-over", "member": "1" * 30}).status_code == 422
    assert bo.post(PAGE, {"action": "nonsense"}).status_code == 404


def test_a_hostile_name_is_text(of: Challenge) -> None:
    reader = registered("Ann", of)
    reader.post(PAGE, {"action": "create", "name": "<img src=x onerror=alert(1)>"})
    assert "<img" not in reader.get(PAGE).text
