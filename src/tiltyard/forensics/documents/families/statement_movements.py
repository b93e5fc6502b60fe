"""What a statement lists: bookings with a running balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tiltyard.forensics.documents.chance import chance, pick
from tiltyard.forensics.documents.kit.table import TableLook, themed
from tiltyard.forensics.documents.kit.work import Work


@dataclass(frozen=True)
class Movement:
    """A booking in cents, positive where money came in, with the balance after it."""

    day: date
    text: str
    who: str
    cents: int
    balance: int


def movements(work: Work, *, count: int) -> tuple[int, list[Movement]]:
    """The opening balance with bookings in order of date."""
    rng, facts = work.rng, work.facts
    day, opening = facts.day(), int(rng.integers(50_000, 3_000_000))
    balance, booked = opening, []
    for _ in range(count):
        day += timedelta(days=int(rng.integers(0, 4)))
        earned = chance(rng, 0.22)
        cents = int(rng.integers(2_000, 320_000)) if earned else -int(rng.integers(300, 90_000))
        balance += cents
        text = pick(rng, work.say("earn" if earned else "spend").split(";"))
        who = facts.company() if chance(rng, 0.75) else facts.name()
        booked.append(Movement(day, text, who, cents, balance))
    return opening, booked


def both_ways(booked: Sequence[Movement]) -> tuple[int, int]:
    """How many cents came in, how many went out."""
    return sum(max(one.cents, 0) for one in booked), sum(-min(one.cents, 0) for one in booked)


def table_style(work: Work, form: str, *, row: float, size: float = 13.5) -> TableLook:
    """How a table of movements looks, with its titles on the accent or on its tint."""
    return themed(work.theme, form, dark=chance(work.rng, 0.5), head=size, cell=size, row=row, faint=0.5)
