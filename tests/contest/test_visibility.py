"""The whole policy as a table: every role, moment and field, written out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tiltyard.contest.challenge import BoardRules, Challenge, Contest, Phase, Words
from tiltyard.contest.visibility import (
    FAILED_ON_HIDDEN,
    Role,
    Sight,
    known_by,
    outlined,
    sight,
    still_hidden,
)

OPENS = datetime(2021, 1, 20, tzinfo=UTC)
CLOSES, REVEALED = OPENS + timedelta(days=40), OPENS + timedelta(days=50)
DURING, BETWEEN, AFTER = OPENS + timedelta(days=1), CLOSES + timedelta(days=1), REVEALED
MOMENTS = {"during": DURING, "between": BETWEEN, "after": AFTER}
ZONE = ZoneInfo("Asia/Shanghai")

TABLE = """
role        moment  board    data   | public private reason log report rows
visitor     during  public   hidden | yes    .       .      .   .      .
visitor     during  public   open   | yes    .       .      .   .      .
visitor     during  none     hidden | .      .       .      .   .      .
visitor     during  none     open   | .      .       .      .   .      .
visitor     between public   hidden | yes    .       .      .   .      .
visitor     between public   open   | yes    .       .      .   .      .
visitor     between none     hidden | .      .       .      .   .      .
visitor     between none     open   | .      .       .      .   .      .
visitor     after   public   hidden | yes    yes     .      .   .      .
visitor     after   public   open   | yes    yes     .      .   .      .
visitor     after   none     hidden | yes    yes     .      .   .      .
visitor     after   none     open   | yes    yes     .      .   .      .
participant during  public   hidden | yes    .       .      .   .      .
participant during  public   open   | yes    .       .      .   .      .
participant during  none     hidden | .      .       .      .   .      .
participant during  none     open   | .      .       .      .   .      .
participant between public   hidden | yes    .       .      .   .      .
participant between public   open   | yes    .       .      .   .      .
participant between none     hidden | .      .       .      .   .      .
participant between none     open   | .      .       .      .   .      .
participant after   public   hidden | yes    yes     .      .   .      .
participant after   public   open   | yes    yes     .      .   .      .
participant after   none     hidden | yes    yes     .      .   .      .
participant after   none     open   | yes    yes     .      .   .      .
member      during  public   hidden | yes    .       yes    .   .      .
member      during  public   open   | yes    .       yes    yes yes    yes
member      during  none     hidden | .      .       yes    .   .      .
member      during  none     open   | .      .       yes    yes yes    yes
member      between public   hidden | yes    .       yes    .   .      .
member      between public   open   | yes    .       yes    yes yes    yes
member      between none     hidden | .      .       yes    .   .      .
member      between none     open   | .      .       yes    yes yes    yes
member      after   public   hidden | yes    yes     yes    .   .      .
member      after   public   open   | yes    yes     yes    yes yes    yes
member      after   none     hidden | yes    yes     yes    .   .      .
member      after   none     open   | yes    yes     yes    yes yes    yes
organiser   during  public   hidden | yes    yes     yes    yes yes    yes
organiser   during  public   open   | yes    yes     yes    yes yes    yes
organiser   during  none     hidden | yes    yes     yes    yes yes    yes
organiser   during  none     open   | yes    yes     yes    yes yes    yes
organiser   between public   hidden | yes    yes     yes    yes yes    yes
organiser   between public   open   | yes    yes     yes    yes yes    yes
organiser   between none     hidden | yes    yes     yes    yes yes    yes
organiser   between none     open   | yes    yes     yes    yes yes    yes
organiser   after   public   hidden | yes    yes     yes    yes yes    yes
organiser   after   public   open   | yes    yes     yes    yes yes    yes
organiser   after   none     hidden | yes    yes     yes    yes yes    yes
organiser   after   none     open   | yes    yes     yes    yes yes    yes
"""
LINES = [line.replace("|", " ").split() for line in TABLE.strip().splitlines()[1:]]


def phase(name: str = "finals", **rules: object) -> Phase:
    told = {"private_opens": REVEALED, **rules}
    return Phase.model_validate({"name": name, "title": "x", "opens": OPENS, "closes": CLOSES, "board": told})


@pytest.mark.parametrize("line", LINES, ids=lambda line: "-".join(line[:4]))
def test_each_role_sees_at_each_moment_what_the_table_says(line: list[str]) -> None:
    role, moment, board, data, *fields = line
    seen = sight(Role(role), phase(public=board == "public"), MOMENTS[moment], hidden=data == "hidden")
    assert seen == Sight(*(field == "yes" for field in fields))


def test_the_table_has_a_line_for_every_case() -> None:
    cases = {(role.value, moment, board, data) for role in Role for moment in MOMENTS
             for board in ("public", "none") for data in ("hidden", "open")}  # fmt: skip
    assert {tuple(line[:4]) for line in LINES} == cases
    assert len(LINES) == len(cases)


def challenge(*phases: Phase, hidden: bool = True) -> Challenge:
    contest = Contest(name="masks", title=Words(en="Masks"), track="forgery", data="data", hidden=hidden)
    return Challenge(name="tilt", title=Words(en="T"), summary=Words(en="S"), contests=(contest,), phases=phases)


def hidden_at(told: Challenge, now: datetime) -> bool:
    return still_hidden(told, told.contests[0], now)


def test_hidden_data_stays_hidden_until_the_last_private_board_on_it_has_opened() -> None:
    once = challenge(phase())
    assert [hidden_at(once, now) for now in MOMENTS.values()] == [True, True, False]
    again = challenge(phase(), phase("again", private_opens=REVEALED + timedelta(days=99)))
    assert hidden_at(again, AFTER)
    endless = Phase(name="endless", title=Words(en="x"), opens=OPENS)
    assert hidden_at(challenge(phase(), endless), AFTER + timedelta(days=9999))


def test_a_phase_without_the_contest_does_not_hide_its_data() -> None:
    masks, other = (Contest(name=name, title=Words(en="x"), track="forgery", data=name) for name in ("masks", "other"))
    short = phase().model_copy(update={"contests": ("masks",)})
    endless = Phase(name="endless", title=Words(en="x"), opens=OPENS, contests=("other",))
    both = challenge(phase()).model_copy(update={"contests": (masks, other), "phases": (short, endless)})
    assert not still_hidden(both, masks, AFTER)
    assert still_hidden(both, other, AFTER)


def test_open_data_was_never_hidden() -> None:
    plain = Phase(name="finals", title=Words(en="x"), opens=OPENS, closes=CLOSES, board=BoardRules())
    assert not hidden_at(challenge(plain, hidden=False), DURING)


class TestPublicScore:
    """Scored at 09:17 of Shanghai's clocks, under an hourly board."""

    SCORED = datetime(2021, 1, 21, 9, 17, tzinfo=ZONE)

    def visible(self, role: Role, minutes: int, **rules: object) -> bool:
        now = self.SCORED + timedelta(minutes=minutes)
        return known_by(role, phase(**rules), now, ZONE) >= self.SCORED

    @pytest.mark.parametrize("role", [Role.visitor, Role.participant, Role.member])
    def test_it_waits_for_the_refresh_for_everybody_but_organisers(self, role: Role) -> None:
        shown = [self.visible(role, minutes, refresh_minutes=60) for minutes in (0, 42, 43, 44)]
        assert shown == [False, False, True, True]
        assert self.visible(Role.organiser, 0, refresh_minutes=60)

    @pytest.mark.parametrize("role", list(Role))
    def test_it_shows_at_once_where_the_board_does(self, role: Role) -> None:
        assert self.visible(role, 0)

    @pytest.mark.parametrize("role", list(Role))
    def test_once_the_private_board_is_open_nothing_waits(self, role: Role) -> None:
        told = phase(refresh_minutes=1440, public=False)
        assert known_by(role, told, REVEALED, ZONE) == REVEALED


class TestReasonOfARunThatFailedOnHiddenData:
    @pytest.mark.parametrize(
        "reason",
        [
            "model fast_at: ValueError: labels 3 8 8 0 6 (line 21 of attacker.py)",
            "model awp: the attack ended in the middle: exit status 7",
            "RuntimeError: tired",
        ],
    )
    def test_nothing_of_what_the_program_chose_is_left(self, reason: str) -> None:
        assert outlined(reason) == FAILED_ON_HIDDEN

    @pytest.mark.parametrize("rule", ["over budget", "time limit", "memory limit"])
    def test_the_rule_is_named_and_nothing_else(self, rule: str) -> None:
        assert outlined(f"model fast_at: {rule}: labels 3 8 8") == rule
