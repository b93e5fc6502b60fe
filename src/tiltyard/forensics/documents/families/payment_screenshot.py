"""Payment screenshots: a success page, a bill's details, a list of bookings, a wallet card."""

from dataclasses import dataclass
from datetime import date, timedelta

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, put
from tiltyard.forensics.documents.kit.screen import Skin, button, home_bar, screen, title_bar
from tiltyard.forensics.documents.kit.theme import ACCENTS, WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work
from tiltyard.forensics.documents.money import month_name, short_date
from tiltyard.forensics.documents.ornaments.codes import barcode
from tiltyard.forensics.documents.ornaments.guilloche import waves
from tiltyard.forensics.documents.ornaments.screen import avatar, chevron, status_bar, tick

WORDS = words("payment_screenshot")


_EARNED = {False: (20, 150, 90), True: (220, 130, 30)}
"""The colour of money that came in, by whether the page is Chinese."""


@dataclass(frozen=True)
class Booking:
    """Who, how many cents (positive where they came in), when."""

    name: str
    cents: int
    day: date


def _sum(work: Work, cents: int, *, sign: str = "") -> str:
    form = {"zh": "{}¥{}", "en": "{}€{}"}.get(work.language, "{}{} €")
    return form.format(sign, work.money(cents))


def _cents(rng: Generator) -> int:
    return int(rng.integers(100, 90_000)) * pick(rng, (1, 1, 1, 10))


def _pairs(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = f"{short_date(facts.day(), work.language)} {facts.clock()}"
    card = f"{facts.bank()}（{digits(rng, 4)}）" if work.chinese else f"{work.say('card')} •• {digits(rng, 4)}"
    rest = [
        Field(work.say("order"), digits(rng, int(rng.integers(12, 20))), "number"),
        Field(work.say("note"), pick(rng, work.say("notes").split(";"))),
        Field(work.say("fee"), _sum(work, 0), "amount"),
        Field(work.say("status"), work.say("completed")),
    ]
    return [
        Field(work.say("to"), facts.company() if chance(rng, 0.5) else facts.name(), "name"),
        Field(work.say("from"), card, "number"),
        Field(work.say("time"), day, "date"),
        Field(work.say("reference"), digits(rng, int(rng.integers(14, 24))), "number"),
        *some(rng, rest, int(rng.integers(1, 5))),
    ]


def _success(rng: Generator, long_side: int) -> Canvas:
    return _success_in(rng, long_side, "")


def _success_chinese(rng: Generator, long_side: int) -> Canvas:
    return _success_in(rng, long_side, "zh")


def _success_in(rng: Generator, long_side: int, language: str) -> Canvas:
    """A big tick, the amount, what was paid, a button."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, middle, cents = work.canvas, work.canvas.width / 2, _cents(rng)
    coloured = chance(rng, 0.35)
    canvas.area(Box(0, 0, canvas.width, 1000), look.card)
    ink = WHITE if coloured else look.ink
    if coloured:
        canvas.area(Box(0, 0, canvas.width, 330), look.brand)
    status_bar(canvas, rng, ink, clock=work.facts.clock(seconds=False), face=look.face)
    tick(canvas, middle, 150, between(rng, 30, 40), mixed(look.brand, WHITE, 0.3) if coloured else look.brand)
    canvas.text(
        middle, 228, work.say("paid"), look.pen(21, ink if coloured else look.brand), align="centre", role="title"
    )
    canvas.text(
        middle, 292, _sum(work, cents), look.pen(between(rng, 40, 48), ink, "bold"), align="centre", role="amount"
    )
    setting = Look(
        look.pen(16, look.soft),
        look.pen(16),
        pick(rng, ("spread", "spread", "beside")),
        lead=between(rng, 42, 48),
        column=0.4,
    )
    canvas.rule(24, 360, canvas.width - 48, look.line)
    y = fields(canvas, 26, 402, _pairs(work), setting, width=canvas.width - 52)
    canvas.rule(24, y - 18, canvas.width - 48, look.line)
    _buttons(work, look)
    return canvas


def _buttons(work: Work, look: Skin) -> None:
    canvas, rng = work.canvas, work.rng
    width = canvas.width * between(rng, 0.5, 0.86)
    box = Box((canvas.width - width) / 2, 868, width, 48)
    button(canvas, box, work.say("done"), look.pen(18, WHITE, "bold"), look.brand, radius=pick(rng, (8.0, 24.0)))
    canvas.text(canvas.width / 2, 950, work.say("share"), look.pen(16, look.brand), align="centre", role="label")
    home_bar(canvas, look.soft)


def _details(rng: Generator, long_side: int) -> Canvas:
    return _details_in(rng, long_side, "")


def _details_chinese(rng: Generator, long_side: int) -> Canvas:
    return _details_in(rng, long_side, "zh")


def _details_in(rng: Generator, long_side: int, language: str) -> Canvas:
    """Picture and name above, amount, then cards of entries."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, middle, cents = work.canvas, work.canvas.width / 2, _cents(rng)
    top = title_bar(work, look, work.say("details"), colour=look.brand if chance(rng, 0.3) else None)
    pairs = _pairs(work)
    name = pairs[0].value
    card = Box(12, top + 14, canvas.width - 24, 210)
    canvas.rounded(card, look.card, 12)
    avatar(canvas, rng, Box(middle - 29, card.y + 20, 58, 58), letter=name[0], face=look.face, round_=chance(rng, 0.7))
    put(canvas, 30, card.y + 108, name, look.pen(18), width=canvas.width - 60, align="centre", role="name")
    canvas.text(
        middle,
        card.y + 158,
        _sum(work, cents, sign=pick(rng, ("-", "-", "+"))),
        look.pen(between(rng, 36, 42), cut="bold"),
        align="centre",
        role="amount",
    )
    canvas.text(middle, card.y + 190, work.say("completed"), look.pen(15, look.soft), align="centre")
    lead = between(rng, 38, 44)
    rest = pairs[1:]
    second = Box(12, card.bottom + 12, canvas.width - 24, lead * len(rest) + 22)
    canvas.rounded(second, look.card, 12)
    setting = Look(look.pen(15.5, look.soft), look.pen(15.5), pick(rng, ("spread", "beside")), lead=lead, column=0.36)
    fields(canvas, 28, second.y + lead * 0.5 + 17, rest, setting, width=canvas.width - 56)
    y = second.bottom + 12
    if y < 770 and chance(rng, 0.5):
        canvas.rounded(Box(12, y, canvas.width - 24, 108), look.card, 12)
        number, bars = digits(rng, 14), Box(canvas.width * 0.12, y + 14, canvas.width * 0.76, 58)
        canvas.area(bars, WHITE)
        barcode(canvas, bars.inset(8), number)
        canvas.text(middle, y + 96, number, look.pen(14, look.soft), align="centre", role="number")
        y += 120
    for label in ("share", "note"):
        if y < 900:
            canvas.rounded(Box(12, y, canvas.width - 24, 48), look.card, 12)
            put(canvas, 28, y + 30, work.say(label), look.pen(16), width=canvas.width - 90, role="label")
            chevron(canvas, canvas.width - 30, y + 24, 6, look.soft, left=False)
            y += 58
    home_bar(canvas, look.soft)
    return canvas


def _history(rng: Generator, long_side: int) -> Canvas:
    return _history_in(rng, long_side, "")


def _history_chinese(rng: Generator, long_side: int) -> Canvas:
    return _history_in(rng, long_side, "zh")


def _history_in(rng: Generator, long_side: int, language: str) -> Canvas:
    """A month's bookings with its sums above."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, facts, round_ = work.canvas, work.facts, chance(rng, 0.6)
    top = title_bar(work, look, work.say("history"), colour=look.brand if chance(rng, 0.4) else None)
    row = between(rng, 70, 80)
    bookings = [
        (facts.company() if chance(rng, 0.6) else facts.name(), _cents(rng) * pick(rng, (-1, -1, -1, 1)))
        for _ in range(int((920 - top - 74) / row))
    ]
    month = facts.day().replace(day=1)
    days = sorted((int(day) for day in rng.integers(1, 29, len(bookings))), reverse=True)
    put(
        canvas,
        18,
        top + 32,
        month_name(month, work.language),
        look.pen(19, cut="bold"),
        width=canvas.width - 36,
        role="date",
    )
    spent, earned = sum(-min(cents, 0) for _, cents in bookings), sum(max(cents, 0) for _, cents in bookings)
    sums = f"{work.say('total_out')} {_sum(work, spent)}   {work.say('total_in')} {_sum(work, earned)}"
    put(canvas, 18, top + 58, sums, look.pen(14.5, look.soft), width=canvas.width - 36, role="amount")
    y = top + 74
    canvas.area(Box(0, y, canvas.width, row * len(bookings)), look.card)
    for (name, cents), day in zip(bookings, days, strict=True):
        _booking(work, look, Booking(name, cents, month.replace(day=day)), y, row, round_=round_)
        y += row
    home_bar(canvas, look.soft)
    return canvas


def _booking(work: Work, look: Skin, booking: Booking, y: float, row: float, *, round_: bool) -> None:
    canvas, rng, facts, name, cents = work.canvas, work.rng, work.facts, booking.name, booking.cents
    side = row - 28
    avatar(canvas, rng, Box(16, y + 14, side, side), letter=name[0], face=look.face, round_=round_)
    left = 16 + side + 14
    amount = _sum(work, abs(cents), sign="+" if cents > 0 else "-")
    colour = look.ink if cents < 0 else _EARNED[work.chinese]
    used = canvas.length(amount, look.pen(18, cut="bold"))
    canvas.text(canvas.width - 16, y + row * 0.46, amount, look.pen(18, colour, "bold"), align="right", role="amount")
    put(
        canvas, left, y + row * 0.44, name, look.pen(17), width=canvas.width - left - used - 32, role="name", least=0.85
    )
    when = f"{short_date(booking.day, work.language)} {facts.clock(seconds=False)}"
    put(canvas, left, y + row * 0.76, when, look.pen(13.5, look.soft), width=canvas.width - left - 30, role="date")
    canvas.rule(left, y + row - 1, canvas.width - left, look.line)


def _wallet(rng: Generator, long_side: int) -> Canvas:
    return _wallet_in(rng, long_side, "")


def _wallet_chinese(rng: Generator, long_side: int) -> Canvas:
    return _wallet_in(rng, long_side, "zh")


def _wallet_in(rng: Generator, long_side: int, language: str) -> Canvas:
    """A bank card with the balance, round buttons, the last bookings."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, facts = work.canvas, work.facts
    top = title_bar(work, look, facts.bank())
    card = Box(18, top + 18, canvas.width - 36, (canvas.width - 36) * 0.52)
    colour = pick(rng, ACCENTS)
    canvas.rounded(card, colour, 16)
    waves(
        canvas,
        rng,
        Box(card.x + 8, card.y + card.height * 0.4, card.width - 16, card.height * 0.5),
        (mixed(colour, WHITE, 0.18),),
        count=9,
    )
    put(
        canvas,
        card.x + 22,
        card.y + 40,
        work.say("balance"),
        look.pen(16, mixed(colour, WHITE, 0.7)),
        width=200,
        role="label",
    )
    put(
        canvas,
        card.x + 22,
        card.y + 88,
        _sum(work, int(rng.integers(1_000, 3_000_000))),
        look.pen(37, WHITE, "bold"),
        width=card.width - 44,
        role="amount",
    )
    put(
        canvas,
        card.x + 22,
        card.bottom - 26,
        f"**** **** **** {digits(rng, 4)}",
        look.pen(17, WHITE),
        width=card.width * 0.6,
        role="number",
    )
    put(
        canvas,
        card.x + card.width * 0.6,
        card.bottom - 26,
        facts.name(),
        look.pen(15, WHITE),
        width=card.width * 0.4 - 20,
        align="right",
        role="name",
    )
    y = card.bottom + 22
    actions = work.say("actions").split(";")
    for place, action in enumerate(actions):
        x = canvas.width * (place + 0.5) / len(actions)
        canvas.disc(x, y + 26, 25, mixed(look.brand, look.ground, 0.82))
        chevron(canvas, x + (5 if place % 2 else -5), y + 26, 8, look.brand, left=bool(place % 2 == 0))
        canvas.text(x, y + 72, action, look.pen(14.5), align="centre", role="label")
    y += 96
    put(canvas, 18, y + 18, work.say("history"), look.pen(18, cut="bold"), width=canvas.width - 36, role="title")
    y += 34
    day = facts.day()
    while y + 72 < 970:
        name = facts.company() if chance(rng, 0.5) else facts.name()
        _booking(work, look, Booking(name, _cents(rng) * pick(rng, (-1, -1, 1)), day), y, 72, round_=True)
        y, day = y + 72, day - timedelta(days=int(rng.integers(0, 4)))
    home_bar(canvas, look.soft)
    return canvas


TEMPLATES = (
    Template("success", "latin", _success),
    Template("details", "latin", _details),
    Template("history", "latin", _history),
    Template("wallet", "latin", _wallet),
    Template("success-zh", "chinese", _success_chinese),
    Template("details-zh", "chinese", _details_chinese),
    Template("history-zh", "chinese", _history_chinese),
    Template("wallet-zh", "chinese", _wallet_chinese),
)
