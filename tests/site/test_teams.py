"""Teams: taking part, forming, inviting, accepting, leaving, handing over; the rules of size, freeze and one team."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import small_site as small
from small_crowd import at_once
from tiltyard.contest import challenge as files
from tiltyard.site import clock
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import AuditEvent, Challenge, Invitation, Membership, Team, User
from tiltyard.site.people import invitations, registering, teams
from tiltyard.site.refused import Refused

pytestmark = pytest.mark.django_db
OPENS = datetime(2026, 1, 1, tzinfo=UTC)
MASKS = (
    "Red\u200b Knights",
    "\u2066Red Knights\u2069",
    "Red  Knights",
    "Red \u200b Knights",
    "Red Knights\ufe0f",
    "Red Kni\u034fghts\u3164",
    "Red\u00a0Knights\U000e0041",
    "\uff32ed \U0001d40anights",
)
"""What looks like Red Knights."""


def people(of: Challenge, *names: str) -> list[User]:
    """Registered, without a team."""
    found = [small.somebody(name) for name in names]
    for user in found:
        registering.register(user, of)
    return found


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return str(caught.value)


def test_taking_part_means_the_terms_as_they_stand() -> None:
    of, ann = small.challenge(), small.somebody("Ann")
    assert not registering.takes_part(ann, of)
    registering.register(ann, of)
    assert registering.takes_part(ann, of)
    small.new_version(of, files.Challenge.model_validate(small.content(terms="Other terms.")))
    fresh = Challenge.objects.get(pk=of.pk)
    assert not registering.takes_part(ann, fresh)
    registering.register(ann, fresh)
    assert registering.takes_part(ann, fresh)
    assert of.registrations.count() == 1


def test_registration_keeps_its_window_but_changed_terms_can_always_be_accepted() -> None:
    closes = OPENS + timedelta(days=7)
    of = small.challenge(phase={"opens": OPENS, "registration_opens": OPENS, "registration_closes": closes})
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    with clock.at(OPENS - timedelta(hours=1)):
        assert refused(lambda: registering.register(ann, of)) == "Registration is closed."
    with clock.at(closes - timedelta(hours=1)):
        registering.register(ann, of)
    with clock.at(closes):
        assert refused(lambda: registering.register(bo, of)) == "Registration is closed."
        small.new_version(of, files.Challenge.model_validate(small.content(terms="Other terms.")))
        registering.register(ann, Challenge.objects.get(pk=of.pk))


def test_a_team_needs_the_terms_a_name_and_a_free_person() -> None:
    of, stranger = small.challenge(), small.somebody("Stranger")
    ann, bo = people(of, "Ann", "Bo")
    assert "Accept the terms" in refused(lambda: teams.create(stranger, of, "Lance"))
    assert "needs a name" in refused(lambda: teams.create(ann, of, " \n "))
    team = teams.create(ann, of, "  Lance   and Shield ")
    assert (team.name, team.captain) == ("Lance and Shield", ann)
    assert "in a team of this challenge already" in refused(lambda: teams.create(ann, of, "Second"))
    assert "Another team has this name" in refused(lambda: teams.create(bo, of, "Lance and Shield"))
    assert Team.objects.count() == 1


def test_two_names_that_look_alike_are_one() -> None:
    of = small.challenge()
    teams.create(*people(of, "Ann"), of, "Red Knights")
    for number, mask in enumerate(MASKS):
        with pytest.raises(Refused, match="Another team"):
            teams.create(*people(of, f"Bo {number}"), of, mask)
    with pytest.raises(Refused, match="needs a name"):
        teams.create(*people(of, "Cy"), of, "\u200b \u2063\u3164\ufe0f")


def test_who_goes_alone_under_a_name_that_looks_alike_gets_a_number() -> None:
    of = small.challenge()
    ann, masked = people(of, "Ann", "Bo")
    masked.name = "A\u034fnn\ufe0f"
    assert [teams.create_alone(user, of).name for user in (ann, masked)] == ["Ann", "Ann 2"]


def test_going_alone_finds_a_free_name() -> None:
    of = small.challenge()
    first, second, third = people(of, "Ann", "Bo", "Cy")
    second.name = third.name = first.name
    assert [teams.create_alone(user, of).name for user in (first, second, third)] == ["Ann", "Ann 2", "Ann 3"]


def test_an_invitation_lets_one_person_in() -> None:
    of = small.challenge()
    ann, bo, cy = people(of, "Ann", "Bo", "Cy")
    team = teams.create(ann, of, "Lance")
    code = invitations.invite(team, ann)
    assert code not in str(Invitation.objects.values_list())
    assert invitations.accept(bo, code) == team
    assert "used or withdrawn" in refused(lambda: invitations.accept(cy, code))
    assert set(team.memberships.values_list("user__name", flat=True)) == {"Ann", "Bo"}


def test_only_the_captain_invites_withdraws_renames_and_hands_over() -> None:
    of = small.challenge()
    ann, bo = people(of, "Ann", "Bo")
    team = teams.create(ann, of, "Lance")
    invitations.accept(bo, invitations.invite(team, ann))
    invitations.invite(team, ann)
    invitation = invitations.open_invitations(team).get()
    for act in (
        lambda: invitations.invite(team, bo),
        lambda: invitations.withdraw(invitation, bo),
        lambda: teams.rename(team, bo, "Other"),
        lambda: teams.hand_over(team, bo, bo),
    ):
        assert refused(act) == "Only the team's captain can do this."
    teams.hand_over(team, ann, bo)
    teams.rename(team, bo, "Other")
    assert refused(lambda: teams.rename(team, ann, "Mine")) == "Only the team's captain can do this."
    assert Team.objects.get().name == "Other"


def test_a_withdrawn_invitation_lets_nobody_in() -> None:
    of = small.challenge()
    ann, bo = people(of, "Ann", "Bo")
    team = teams.create(ann, of, "Lance")
    code = invitations.invite(team, ann)
    invitations.withdraw(invitations.open_invitations(team).get(), ann)
    assert "used or withdrawn" in refused(lambda: invitations.accept(bo, code))


def test_an_invitation_lets_nobody_in_after_seven_days_and_makes_room_for_another() -> None:
    of = small.challenge()
    ann, bo, cy = people(of, "Ann", "Bo", "Cy")
    team = teams.create(ann, of, "Lance")
    codes = [invitations.invite(team, ann) for _ in range(invitations.MOST_INVITATIONS)]
    with clock.at(clock.now() + timedelta(days=6, hours=23)):
        assert invitations.accept(bo, codes[0]) == team
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        assert "too old" in refused(lambda: invitations.accept(cy, codes[1]))
        assert not invitations.open_invitations(team)
        assert invitations.accept(cy, invitations.invite(team, ann)) == team


def test_a_full_team_invites_nobody_and_takes_nobody() -> None:
    of = small.challenge(teams={"most": 2})
    ann, bo, cy = people(of, "Ann", "Bo", "Cy")
    team = teams.create(ann, of, "Lance")
    first, second = invitations.invite(team, ann), invitations.invite(team, ann)
    invitations.accept(bo, first)
    assert refused(lambda: invitations.invite(team, ann)) == "The team is full."
    assert refused(lambda: invitations.accept(cy, second)) == "The team is full."


def test_invitations_are_not_piled_up() -> None:
    of = small.challenge(teams={"most": 100})
    [ann] = people(of, "Ann")
    team = teams.create(ann, of, "Lance")
    for _ in range(invitations.MOST_INVITATIONS):
        invitations.invite(team, ann)
    assert "Withdraw some first" in refused(lambda: invitations.invite(team, ann))


def test_from_the_freeze_on_nobody_joins_leaves_or_forms_a_team() -> None:
    freeze = OPENS + timedelta(days=10)
    of = small.challenge(teams={"most": 3, "freeze": freeze})
    ann, bo, cy = people(of, "Ann", "Bo", "Cy")
    with clock.at(freeze - timedelta(hours=1)):
        team = teams.create(ann, of, "Lance")
        code, unused = invitations.invite(team, ann), invitations.invite(team, ann)
        invitations.accept(bo, code)
    with clock.at(freeze):
        for act in (
            lambda: invitations.accept(cy, unused),
            lambda: teams.leave(team, bo),
            lambda: teams.create(cy, of, "Late"),
            lambda: invitations.invite(team, ann),
        ):
            assert refused(act) == "Teams are frozen: nobody joins or leaves any more."


def test_who_leaves_may_join_another_team_and_an_empty_team_is_gone() -> None:
    of = small.challenge()
    ann, bo = people(of, "Ann", "Bo")
    team = teams.create(ann, of, "Lance")
    invitations.accept(bo, invitations.invite(team, ann))
    assert "Hand the team over" in refused(lambda: teams.leave(team, ann))
    teams.leave(team, bo)
    teams.create(bo, of, "Shield")
    teams.leave(team, ann)
    assert [team.name for team in Team.objects.all()] == ["Shield"]
    assert refused(lambda: teams.leave(team, ann)) == "This team is gone."


def test_the_captain_removes_a_member_who_may_join_another_team() -> None:
    of = small.challenge()
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    team = small.team(of, ann, bo)
    teams.remove(team, bo, by=Doer(ann, "192.0.2.7"))
    assert teams.team_of(bo, of) is None
    event = AuditEvent.objects.get(action="remove-member")
    assert (event.actor, event.target, event.challenge, event.address) == (ann.email, bo.email, of.slug, "192.0.2.7")
    assert event.detail == {"team": team.name}
    teams.create(bo, of, "Shield")
    assert "not in the team" in refused(lambda: teams.remove(team, bo, by=Doer(ann)))


def test_only_the_captain_removes_members_and_never_the_captain() -> None:
    of = small.challenge()
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    team = small.team(of, ann, bo)
    assert refused(lambda: teams.remove(team, ann, by=Doer(bo))) == "Only the team's captain can do this."
    assert "Hand the team over" in refused(lambda: teams.remove(team, ann, by=Doer(ann)))
    assert team.memberships.count() == 2
    assert not AuditEvent.objects.exists()


def test_who_is_removed_does_not_come_back_by_any_link_that_was_open() -> None:
    of = small.challenge()
    ann, bo, cy = small.somebody("Ann"), small.somebody("Bo"), small.somebody("Cy")
    team = small.team(of, bo, ann)
    registering.register(cy, of)
    own = invitations.invite(team, bo)
    teams.hand_over(team, bo, ann)
    hers = invitations.invite(team, ann)
    teams.remove(team, bo, by=Doer(ann))
    for code in (own, hers):
        assert "used or withdrawn" in refused(lambda code=code: invitations.accept(bo, code))
    assert invitations.accept(cy, invitations.invite(team, ann)) == team


def test_who_leaves_does_not_come_back_by_a_link_made_as_captain() -> None:
    of = small.challenge()
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    team = small.team(of, bo, ann)
    code = invitations.invite(team, bo)
    teams.hand_over(team, bo, ann)
    teams.leave(team, bo)
    assert "used or withdrawn" in refused(lambda: invitations.accept(bo, code))


def test_nobody_leaves_a_disqualified_team_to_begin_anew() -> None:
    of = small.challenge()
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    team = small.team(of, ann, bo)
    Team.objects.filter(pk=team.pk).update(disqualified="two accounts")
    assert "disqualified: two accounts" in refused(lambda: teams.leave(team, bo))
    assert "disqualified: two accounts" in refused(lambda: teams.remove(team, bo, by=Doer(ann)))
    assert team.memberships.count() == 2


def test_nobody_is_removed_after_the_first_entry_or_the_freeze(tmp_path: Path) -> None:
    freeze = OPENS + timedelta(days=10)
    of = small.challenge(teams={"most": 3, "freeze": freeze})
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    team = small.team(of, ann, bo)
    with clock.at(freeze):
        assert "Teams are frozen" in refused(lambda: teams.remove(team, bo, by=Doer(ann)))
    with clock.at(freeze - timedelta(hours=1)):
        small.entry(team, small.table_entry(tmp_path))
        assert "nobody leaves it" in refused(lambda: teams.remove(team, bo, by=Doer(ann)))
    assert team.memberships.count() == 2
    assert not AuditEvent.objects.exists()


def test_who_has_just_become_captain_does_not_leave() -> None:
    of = small.challenge()
    ann, bo = small.somebody("Ann"), small.somebody("Bo")
    as_it_was = small.team(of, ann, bo)
    teams.hand_over(Team.objects.get(), ann, bo)
    assert refused(lambda: teams.leave(as_it_was, bo)) == "Hand the team over to another member first."


def test_after_the_first_entry_nobody_leaves_for_a_new_quota(tmp_path: Path) -> None:
    of, ann, bo = small.challenge(), small.somebody("Ann"), small.somebody("Bo")
    team = small.team(of, ann, bo)
    small.entry(team, small.table_entry(tmp_path))
    assert "nobody leaves it" in refused(lambda: teams.leave(team, bo))
    assert team.memberships.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_taken_once() -> None:
    of = small.challenge(teams={"most": 2})
    ann, *others = people(of, "Ann", "Bo", "Cy", "Di", "Ed")
    team = teams.create(ann, of, "Lance")
    codes = [invitations.invite(team, ann) for _ in others]
    results = at_once([lambda u=u, c=c: invitations.accept(u, c) for u, c in zip(others, codes, strict=True)])
    assert sum(isinstance(result, Team) for result in results) == 1
    assert [str(one) for one in results if not isinstance(one, Team)] == ["The team is full."] * 3
    assert team.memberships.count() == 2
    assert Invitation.objects.exclude(used_by=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_link_lets_one_of_two_in() -> None:
    of = small.challenge(teams={"most": 5})
    ann, bo, cy = people(of, "Ann", "Bo", "Cy")
    team = teams.create(ann, of, "Lance")
    code = invitations.invite(team, ann)
    results = at_once([lambda user=user: invitations.accept(user, code) for user in (bo, cy)])
    assert sum(isinstance(result, Team) for result in results) == 1
    assert team.memberships.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_person_at_two_doors_ends_in_one_team() -> None:
    of = small.challenge()
    ann, bo, cy = people(of, "Ann", "Bo", "Cy")
    codes = [invitations.invite(teams.create(captain, of, captain.name), captain) for captain in (ann, bo)]
    results = at_once([lambda code=code: invitations.accept(cy, code) for code in codes])
    assert sum(isinstance(result, Team) for result in results) == 1
    assert "in a team of this challenge already" in str(next(one for one in results if not isinstance(one, Team)))
    assert Membership.objects.filter(user=cy).count() == 1
    assert Invitation.objects.exclude(used_by=None).count() == 1
