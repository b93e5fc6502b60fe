"""Screens that list bookings: a month's history with its sums, a wallet with its card."""

from dataclasses import dataclass
from datetime import date, timedelta

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.layout import put, put_in
from tiltyard.forensics.documents.kit.screen import Skin, home_bar, screen, title_bar
from tiltyard.forensics.documents.kit.theme import ACCENTS, WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Work
from tiltyard.forensics.documents.money import month_name, short_date
from tiltyard.forensics.documents.ornaments.guilloche import waves
from tiltyard.forensics.documents.ornaments.screen import avatar, chevron

WORDS = words("payment_screenshot")
_EARNED = {False: (20, 150, 90), True: (220, 130, 30)}
"""The colour of money that came in, by whether the page is Chinese."""
_WALLET_ROW = 72.0


@dataclass(frozen=True)
class Booking:
    """Who, how many cents (positive where they came in), when."""

    name: str
    cents: int
    day: date


def signed(work: Work, cents: int, *, sign: str = "") -> str:
    """An amount with its currency, as the page's language writes it."""
    form = {"zh": "{}¥{}", "en": "{}€{}"}.get(work.language, "{}{} €")
    return form.format(sign, work.money(cents))


def random_cents(rng: Generator) -> int:
    return int(rng.integers(100, 90_000)) * pick(rng, (1, 1, 1, 10))


def history(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """A month's bookings with its sums above."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, round_ = work.canvas, chance(rng, 0.6)
    top = title_bar(work, look, work.say("history"), colour=look.brand if chance(rng, 0.4) else None)
    row = between(rng, 70, 80)
    y = top + 74
    booked = _month(work, int((920 - top - 74) / row))
    _month_head(work, look, booked, top)
    canvas.area(Box(0, y, canvas.width, row * len(booked)), look.card)
    for one in booked:
        _booking(work, look, one, y, row, round_=round_)
        y += row
    home_bar(canvas, look.soft)
    return canvas


def _month(work: Work, count: int) -> list[Booking]:
    """Bookings of one month, the last day first."""
    facts, rng = work.facts, work.rng
    sums = [
        (facts.company() if chance(rng, 0.6) else facts.name(), random_cents(rng) * pick(rng, (-1, -1, -1, 1)))
        for _ in range(count)
    ]
    month = facts.day().replace(day=1)
    days = sorted((int(day) for day in rng.integers(1, 29, count)), reverse=True)
    return [Booking(name, cents, month.replace(day=day)) for (name, cents), day in zip(sums, days, strict=True)]


def _month_head(work: Work, look: Skin, booked: list[Booking], top: float) -> None:
    """The month's name over what was spent and what came in."""
    canvas, box = work.canvas, work.body(18)
    month = month_name(booked[0].day, work.language)
    put_in(canvas, box, top + 32, month, look.pen(19, cut="bold"), role="date")
    spent, earned = sum(-min(one.cents, 0) for one in booked), sum(max(one.cents, 0) for one in booked)
    sums = f"{work.say('total_out')} {signed(work, spent)}   {work.say('total_in')} {signed(work, earned)}"
    put_in(canvas, box, top + 58, sums, look.pen(14.5, look.soft), role="amount")


def _booking(work: Work, look: Skin, booking: Booking, y: float, row: float, *, round_: bool) -> None:
    """A row of the list: picture, name over day and time, the amount at the right."""
    canvas, name, cents = work.canvas, booking.name, booking.cents
    side = row - 28
    avatar(canvas, work.rng, Box(16, y + 14, side, side), letter=name[0], face=look.face, round_=round_)
    left = 16 + side + 14
    amount = signed(work, abs(cents), sign="+" if cents > 0 else "-")
    pen = look.pen(18, look.ink if cents < 0 else _EARNED[work.chinese], "bold")
    canvas.text(canvas.width - 16, y + row * 0.46, amount, pen, align="right", role="amount")
    room = canvas.width - left - canvas.length(amount, pen) - 32
    put(canvas, left, y + row * 0.44, name, look.pen(17), width=room, role="name", least=0.85)
    when = f"{short_date(booking.day, work.language)} {work.facts.clock(seconds=False)}"
    put(canvas, left, y + row * 0.76, when, look.pen(13.5, look.soft), width=canvas.width - left - 30, role="date")
    canvas.rule(left, y + row - 1, canvas.width - left, look.line)


def wallet(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """A bank card with the balance, round buttons, the last bookings."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas = work.canvas
    top = title_bar(work, look, work.facts.bank())
    card = Box(18, top + 18, canvas.width - 36, (canvas.width - 36) * 0.52)
    _bank_card(work, look, card)
    _actions(work, look, card.bottom + 22)
    y = card.bottom + 118
    put_in(canvas, work.body(18), y + 18, work.say("history"), look.pen(18, cut="bold"), role="title")
    _last_bookings(work, look, y + 34)
    home_bar(canvas, look.soft)
    return canvas


def _bank_card(work: Work, look: Skin, card: Box) -> None:
    """A coloured card with waves: balance above, number and name below."""
    canvas, rng, colour = work.canvas, work.rng, pick(work.rng, ACCENTS)
    canvas.rounded(card, colour, 16)
    low = Box(card.x + 8, card.y + card.height * 0.4, card.width - 16, card.height * 0.5)
    waves(canvas, rng, low, (mixed(colour, WHITE, 0.18),), count=9)
    x, base = card.x + 22, card.bottom - 26
    put(canvas, x, card.y + 40, work.say("balance"), look.pen(16, mixed(colour, WHITE, 0.7)), width=200, role="label")
    balance = signed(work, int(rng.integers(1_000, 3_000_000)))
    put(canvas, x, card.y + 88, balance, look.pen(37, WHITE, "bold"), width=card.width - 44, role="amount")
    number = f"**** **** **** {digits(rng, 4)}"
    put(canvas, x, base, number, look.pen(17, WHITE), width=card.width * 0.6, role="number")
    x, room, pen = card.x + card.width * 0.6, card.width * 0.4 - 20, look.pen(15, WHITE)
    put(canvas, x, base, work.facts.name(), pen, width=room, align="right", role="name")


def _actions(work: Work, look: Skin, y: float) -> None:
    """Round buttons with their names below."""
    canvas, actions = work.canvas, work.say("actions").split(";")
    for place, action in enumerate(actions):
        x, left = canvas.width * (place + 0.5) / len(actions), place % 2 == 0
        canvas.disc(x, y + 26, 25, mixed(look.brand, look.ground, 0.82))
        chevron(canvas, x + (-5 if left else 5), y + 26, 8, look.brand, left=left)
        canvas.text(x, y + 72, action, look.pen(14.5), align="centre", role="label")


def _last_bookings(work: Work, look: Skin, y: float) -> None:
    """Bookings from y down to the foot of the screen, going back in time."""
    facts, rng = work.facts, work.rng
    day = facts.day()
    while y + _WALLET_ROW < 970:
        name = facts.company() if chance(rng, 0.5) else facts.name()
        booking = Booking(name, random_cents(rng) * pick(rng, (-1, -1, 1)), day)
        _booking(work, look, booking, y, _WALLET_ROW, round_=True)
        y, day = y + _WALLET_ROW, day - timedelta(days=int(rng.integers(0, 4)))
