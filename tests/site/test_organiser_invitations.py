"""Co-organisers come by a link that works once, for a week, and can be withdrawn."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.test import Client

import small_site as small
from small_crowd import at_once
from tiltyard.site import clock
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import AuditEvent, Challenge, OrganiserInvitation, User
from tiltyard.site.organising import organisers
from tiltyard.site.refused import Refused

pytestmark = pytest.mark.django_db
RULES = "/c/certificates/organise/rules"


@pytest.fixture
def olga() -> User:
    return small.organiser("Olga")


@pytest.fixture
def challenge(olga: User) -> Challenge:
    return small.challenge(organisers=[olga])


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def link_of(client: Client) -> str:
    found = re.search(r'value="http://testserver(/organise/invitation/[^"]+)"', invited(client))
    assert found is not None
    return found[1]


def invited(client: Client) -> str:
    return client.post(RULES, {"action": "invite"}).text


def refused(client: Client, link: str) -> str:
    answer = client.post(link)
    assert answer.status_code == 410
    return answer.text


def test_whoever_opens_the_link_first_organises_the_challenge(challenge: Challenge, olga: User) -> None:
    otto = small.somebody("Otto")
    link = link_of(logged_in(olga))
    assert link not in logged_in(olga).get(RULES).text
    assert "Organise this challenge?" in logged_in(otto).get(link).text
    assert otto not in challenge.organisers.all()
    assert logged_in(otto).post(link).headers["Location"] == "/c/certificates/organise"
    assert set(challenge.organisers.all()) == {olga, otto}
    assert "was used or withdrawn" in refused(logged_in(small.somebody("Eve")), link)
    assert challenge.organisers.count() == 2


def test_the_log_tells_who_invited_and_who_came(challenge: Challenge, olga: User) -> None:
    otto = small.somebody("Otto")
    logged_in(otto).post(link_of(logged_in(olga)))
    made, used = AuditEvent.objects.order_by("pk")
    assert (made.actor, made.action) == ("olga@example.org", "invite-organiser")
    assert (used.actor, used.action, used.target) == ("otto@example.org", "add-organiser", "otto@example.org")
    assert used.detail == {"inviter": "olga@example.org"}


def test_a_withdrawn_link_is_worth_nothing(challenge: Challenge, olga: User) -> None:
    link, page = link_of(logged_in(olga)), logged_in(olga)
    number = OrganiserInvitation.objects.get().pk
    assert f'value="{number}"' in page.get(RULES).text
    page.post(RULES, {"action": "withdraw", "invitation": number})
    page.post(RULES, {"action": "withdraw", "invitation": number})
    assert "was used or withdrawn" in refused(logged_in(small.somebody("Otto")), link)
    assert "Open invitations" not in page.get(RULES).text
    assert AuditEvent.objects.filter(action="withdraw-invitation").count() == 1


def test_a_link_of_another_challenge_is_not_withdrawn(challenge: Challenge, olga: User) -> None:
    stefan = small.organiser("Stefan")
    small.challenge(name="elsewhere", organisers=[stefan])
    link_of(logged_in(olga))
    number = OrganiserInvitation.objects.get().pk
    other = "/c/elsewhere/organise/rules"
    for given in (number, "nonsense"):
        answer = logged_in(stefan).post(other, {"action": "withdraw", "invitation": given})
        assert answer.status_code == 404
    assert not OrganiserInvitation.objects.get().withdrawn


def test_a_link_is_too_old_after_a_week(challenge: Challenge, olga: User) -> None:
    link = link_of(logged_in(olga))
    with clock.at(clock.now() + organisers.OPEN_FOR + timedelta(minutes=1)):
        assert "is too old" in refused(logged_in(small.somebody("Otto")), link)
        assert "Open invitations" not in logged_in(olga).get(RULES).text
    assert challenge.organisers.count() == 1


def test_members_of_a_team_and_organisers_are_refused_and_the_link_stays(challenge: Challenge, olga: User) -> None:
    ann, link = small.somebody("Ann"), link_of(logged_in(olga))
    small.team(challenge, ann)
    assert "You are in a team of this challenge" in refused(logged_in(ann), link)
    assert "You organise this challenge already." in refused(logged_in(olga), link)
    assert logged_in(small.somebody("Otto")).post(link).status_code == 302


def test_who_is_removed_does_not_come_back_by_a_link_of_their_own(challenge: Challenge, olga: User) -> None:
    otto = small.somebody("Otto")
    challenge.organisers.add(otto)
    own, hers = link_of(logged_in(otto)), link_of(logged_in(olga))
    organisers.remove(challenge, otto, by=Doer(olga))
    refused(logged_in(otto), own)
    assert logged_in(small.somebody("Eve")).post(hers).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_link_at_once_one_organises(challenge: Challenge, olga: User) -> None:
    people = [small.somebody("Ann"), small.somebody("Bo")]
    code = organisers.invite(challenge, by=Doer(olga))
    found = at_once([partial(organisers.accept, code, by=Doer(user)) for user in people])
    assert [type(one) for one in found].count(Refused) == 1
    assert challenge.organisers.count() == 2
