"""Awards on the site: given when they are won, once, after the last evaluation; withdrawn ones stay withdrawn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import small_site as small
from tiltyard.contest import challenge as files
from tiltyard.site import clock, queue
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import AuditEvent, Award, Challenge, Message, Team
from tiltyard.site.organising import prizes
from tiltyard.site.ranking import awards

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)
FORTNIGHT = {
    "kind": "periodic", "name": "fortnight", "title": {"en": "Fortnight", "zh": "双周奖"}, "phase": "main",
    "contest": "regions", "days": 14, "first": 2,
}  # fmt: skip
PROGRESS = {
    "kind": "progress", "name": "progress", "title": "Progress", "phase": "main", "contest": "regions", "days": 3,
    "within_days": 5, "above": 0.6,
}  # fmt: skip
HandIn = Callable[..., Any]


@pytest.fixture
def hand_in(tmp_path: Path) -> HandIn:
    def handed(team: Team, day: float, f1: float | None, **fields: Any) -> Any:
        with clock.at(START + timedelta(days=day)):
            entry = small.entry(team, small.table_entry(tmp_path))
            if f1 is None:
                queue.begin(entry)
            else:
                small.scored(entry, f1, **fields)
            return entry

    return handed


def teams(challenge: Challenge, names: str) -> list[Team]:
    return [small.team(challenge, small.somebody(f"P{name}"), name=name) for name in names]


def won(name: str) -> list[tuple[str, int | None]]:
    found = Award.objects.filter(name=name).order_by("period_start", "place", "team__name")
    return [(award.team.name, award.place) for award in found]


def test_the_first_of_the_fortnight_win_when_it_is_over(hand_in: HandIn) -> None:
    a, b, c = teams(small.challenge(awards=[FORTNIGHT]), "ABC")
    for team, f1 in ((a, 0.5), (b, 0.7), (c, 0.3)):
        hand_in(team, 2, f1)
    assert awards.give_due(START + timedelta(days=13)) == 0
    assert awards.give_due(START + timedelta(days=14, minutes=1)) == 2
    assert won("fortnight") == [("B", 1), ("A", 2)]
    assert awards.give_due(START + timedelta(days=15)) == 0


def test_each_fortnight_is_one_of_its_own(hand_in: HandIn) -> None:
    a, b = teams(small.challenge(awards=[FORTNIGHT]), "AB")
    hand_in(a, 2, 0.5)
    hand_in(b, 16, 0.7)
    awards.give_due(START + timedelta(days=29))
    assert won("fortnight") == [("A", 1), ("B", 1), ("A", 2)]


def test_a_period_waits_for_the_evaluations_of_its_entries(hand_in: HandIn) -> None:
    a, b = teams(small.challenge(awards=[FORTNIGHT]), "AB")
    hand_in(a, 2, 0.5)
    late = hand_in(b, 13.9, None)
    assert awards.give_due(START + timedelta(days=14, hours=1)) == 0
    small.scored(late, 0.9)
    assert awards.give_due(START + timedelta(days=14, hours=2)) == 2
    assert won("fortnight") == [("B", 1), ("A", 2)]


def test_a_period_is_settled_once_whatever_happens_to_its_entries_later(hand_in: HandIn) -> None:
    a, b, c = teams(small.challenge(awards=[FORTNIGHT]), "ABC")
    for team, f1 in ((a, 0.5), (b, 0.7), (c, 0.3)):
        hand_in(team, 2, f1)
    awards.give_due(START + timedelta(days=14, minutes=1))
    Team.objects.filter(pk=b.pk).update(disqualified="copied")
    assert awards.give_due(START + timedelta(days=16)) == 0
    assert [award.team for award in awards.given(Challenge.objects.get())] == [a]


def changed(challenge: Challenge, day: float, **changes: Any) -> None:
    """A new version of the challenge's file, so many days after the start."""
    with clock.at(START + timedelta(days=day)):
        small.new_version(challenge, files.Challenge.model_validate(small.content(**changes)))


def begun(day: float, **changes: Any) -> Challenge:
    """A challenge whose first version is made so many days after the start."""
    with clock.at(START + timedelta(days=day)):
        return small.challenge(**changes)


@pytest.mark.parametrize(("moved", "next_ends"), [(10 / 24, 28), (3, 31), (-10 / 24, 41), (-3, 39)])
def test_a_period_that_overlaps_one_already_won_is_settled(hand_in: HandIn, moved: float, next_ends: int) -> None:
    """The phase is said to have opened so many days later."""
    challenge = begun(-1, awards=[FORTNIGHT])
    a, b = teams(challenge, "AB")
    hand_in(a, 2, 0.5)
    hand_in(b, 3, 0.4)
    with clock.at(START + timedelta(days=14, minutes=1)):
        assert awards.give_due(clock.now()) == 2
    changed(challenge, 15, awards=[FORTNIGHT], phase={"opens": START + timedelta(days=moved)})
    assert awards.give_due(START + timedelta(days=next_ends, minutes=-1)) == 0
    assert awards.give_due(START + timedelta(days=next_ends, minutes=10)) == 2


@pytest.mark.parametrize(("days", "later"), [(7, 21), (28, 56)])
def test_a_period_that_was_settled_stays_as_long_as_it_was(hand_in: HandIn, days: int, later: int) -> None:
    challenge = begun(-1, awards=[FORTNIGHT])
    [a] = teams(challenge, "A")
    hand_in(a, 2, 0.5)
    with clock.at(START + timedelta(days=14, minutes=1)):
        assert awards.give_due(clock.now()) == 1
    changed(challenge, 15, awards=[{**FORTNIGHT, "days": days}])
    assert awards.give_due(START + timedelta(days=later - 1)) == 0
    assert awards.give_due(START + timedelta(days=later, minutes=1)) == 1


def test_progress_is_won_once_a_team(hand_in: HandIn) -> None:
    a, b = teams(small.challenge(awards=[PROGRESS]), "AB")
    for day, f1 in ((1, 0.2), (2, 0.3), (4, 0.65)):
        hand_in(a, day, f1)
    for day in (1, 2, 4):
        hand_in(b, day, 0.5)
    awards.give_due(START + timedelta(days=5))
    assert won("progress") == [("A", None)]
    hand_in(a, 6, 0.7)
    hand_in(a, 7, 0.7)
    awards.give_due(START + timedelta(days=9))
    assert won("progress") == [("A", None)]


def test_the_public_score_counts_for_progress(hand_in: HandIn) -> None:
    [a] = teams(small.challenge(awards=[PROGRESS], board={"public_share": 0.5}), "A")
    for day in (1, 2, 3):
        hand_in(a, day, 0.9, public=0.5)
    assert awards.give_due(START + timedelta(days=5)) == 0


@pytest.mark.parametrize(("rules", "given"), [({}, 1), ({"decimals": 1}, 0), ({"ladder": 0.1}, 0)])
def test_progress_is_won_by_the_score_that_is_shown(hand_in: HandIn, rules: dict[str, Any], given: int) -> None:
    [a] = teams(small.challenge(awards=[PROGRESS], board=rules), "A")
    for day in (1, 2, 3):
        hand_in(a, day, 0.55 if day < 3 else 0.64)
    assert awards.give_due(START + timedelta(days=5)) == given


def test_progress_tells_of_no_score_before_the_boards_refresh(hand_in: HandIn) -> None:
    [a] = teams(small.challenge(awards=[PROGRESS], board={"refresh_minutes": 360}), "A")
    for day in (1, 2, 3.1):
        hand_in(a, day, 0.9 if day > 3 else 0.1)
    assert awards.give_due(START + timedelta(days=3.2)) == 0
    assert awards.give_due(START + timedelta(days=3.3)) == 1


def test_a_withdrawn_award_is_not_given_anew_and_not_shown(hand_in: HandIn) -> None:
    [a] = teams(small.challenge(awards=[PROGRESS]), "A")
    for day in (1, 2, 3):
        hand_in(a, day, 0.9)
    awards.give_due(START + timedelta(days=5))
    prizes.withdraw(Award.objects.get(), "shared masks", by=Doer())
    assert awards.give_due(START + timedelta(days=6)) == 0
    assert awards.given(Challenge.objects.get()) == []


def test_who_wins_is_told_in_both_languages_and_the_log_knows(hand_in: HandIn) -> None:
    [a] = teams(small.challenge(awards=[FORTNIGHT]), "A")
    hand_in(a, 1, 0.9)
    awards.give_due(START + timedelta(days=15))
    message = Message.objects.get(team=a)
    assert "Fortnight" in message.body
    event = AuditEvent.objects.get(action="award")
    assert (event.actor, event.target, event.detail) == ("site", "A", {"award": "fortnight", "place": 1})


def test_drafts_and_outside_entries_win_nothing(hand_in: HandIn) -> None:
    [a] = teams(small.challenge(awards=[FORTNIGHT], state=Challenge.State.DRAFT), "A")
    hand_in(a, 1, 0.9)
    assert awards.give_due(START + timedelta(days=15)) == 0


def test_awards_are_looked_after_every_few_minutes_alone(hand_in: HandIn, django_assert_num_queries: Any) -> None:
    [a] = teams(small.challenge(awards=[FORTNIGHT]), "A")
    hand_in(a, 1, 0.9)
    awards.give_due(START + timedelta(days=15))
    with django_assert_num_queries(1):
        awards.give_due(START + timedelta(days=15, seconds=1))
