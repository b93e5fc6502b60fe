"""Payment screenshots: a success page, a bill's details, a list of bookings, a wallet card."""

from functools import partial

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.families.payment_bookings import WORDS, history, random_cents, signed, wallet
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.layout import Field, Look, centred, fields, put
from tiltyard.forensics.documents.kit.screen import Skin, button, home_bar, screen, title_bar
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.work import Template, Work
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.codes import barcode
from tiltyard.forensics.documents.ornaments.screen import avatar, chevron, status_bar, tick


def _pairs(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = f"{short_date(facts.day(), work.language)} {facts.clock()}"
    card = f"{facts.bank()}（{digits(rng, 4)}）" if work.chinese else f"{work.say('card')} •• {digits(rng, 4)}"
    rest = [
        Field(work.say("order"), digits(rng, int(rng.integers(12, 20))), "number"),
        Field(work.say("note"), pick(rng, work.say("notes").split(";"))),
        Field(work.say("fee"), signed(work, 0), "amount"),
        Field(work.say("status"), work.say("completed")),
    ]
    return [
        Field(work.say("to"), facts.company() if chance(rng, 0.5) else facts.name(), "name"),
        Field(work.say("from"), card, "number"),
        Field(work.say("time"), day, "date"),
        Field(work.say("reference"), digits(rng, int(rng.integers(14, 24))), "number"),
        *some(rng, rest, int(rng.integers(1, 5))),
    ]


def _success(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """A big tick, the amount, what was paid, a button."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, cents = work.canvas, random_cents(rng)
    _success_head(work, look, cents)
    form = pick(rng, ("spread", "spread", "beside"))
    setting = Look(look.pen(16, look.soft), look.pen(16), form, lead=between(rng, 42, 48), column=0.4)
    canvas.rule(24, 360, canvas.width - 48, look.line)
    y = fields(canvas, 26, 402, _pairs(work), setting, width=canvas.width - 52)
    canvas.rule(24, y - 18, canvas.width - 48, look.line)
    _buttons(work, look)
    return canvas


def _success_head(work: Work, look: Skin, cents: int) -> None:
    """The tick over the amount, on the brand's colour or on the card's."""
    canvas, rng = work.canvas, work.rng
    coloured = chance(rng, 0.35)
    ink, brand = (WHITE, WHITE) if coloured else (look.ink, look.brand)
    canvas.area(Box(0, 0, canvas.width, 1000), look.card)
    if coloured:
        canvas.area(Box(0, 0, canvas.width, 330), look.brand)
    status_bar(canvas, rng, ink, clock=work.facts.clock(seconds=False), face=look.face)
    disc = mixed(look.brand, WHITE, 0.3) if coloured else look.brand
    tick(canvas, canvas.width / 2, 150, between(rng, 30, 40), disc)
    centred(canvas, 228, work.say("paid"), look.pen(21, brand))
    centred(canvas, 292, signed(work, cents), look.pen(between(rng, 40, 48), ink, "bold"), role="amount")


def _buttons(work: Work, look: Skin) -> None:
    canvas, rng = work.canvas, work.rng
    width = canvas.width * between(rng, 0.5, 0.86)
    box = Box((canvas.width - width) / 2, 868, width, 48)
    button(canvas, box, work.say("done"), look.pen(18, WHITE, "bold"), look.brand, radius=pick(rng, (8.0, 24.0)))
    centred(canvas, 950, work.say("share"), look.pen(16, look.brand), role="label")
    home_bar(canvas, look.soft)


def _details(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """Picture and name above, amount, then cards of entries."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, cents = work.canvas, random_cents(rng)
    top = title_bar(work, look, work.say("details"), colour=look.brand if chance(rng, 0.3) else None)
    first, *rest = _pairs(work)
    card = Box(12, top + 14, canvas.width - 24, 210)
    _payee_card(work, look, card, first.value, cents)
    lead = between(rng, 38, 44)
    second = Box(12, card.bottom + 12, canvas.width - 24, lead * len(rest) + 22)
    canvas.rounded(second, look.card, 12)
    setting = Look(look.pen(15.5, look.soft), look.pen(15.5), pick(rng, ("spread", "beside")), lead=lead, column=0.36)
    fields(canvas, 28, second.y + lead * 0.5 + 17, rest, setting, width=canvas.width - 56)
    y = second.bottom + 12
    if y < 770 and chance(rng, 0.5):
        _code_card(work, look, Box(12, y, canvas.width - 24, 108))
        y += 120
    _further(work, look, y)
    home_bar(canvas, look.soft)
    return canvas


def _payee_card(work: Work, look: Skin, card: Box, name: str, cents: int) -> None:
    """Whom it went to, how much, that it is done."""
    canvas, rng, y = work.canvas, work.rng, card.y
    canvas.rounded(card, look.card, 12)
    photo = Box(canvas.width / 2 - 29, y + 20, 58, 58)
    avatar(canvas, rng, photo, letter=name[0], face=look.face, round_=chance(rng, 0.7))
    put(canvas, 30, y + 108, name, look.pen(18), width=canvas.width - 60, align="centre", role="name")
    amount = signed(work, cents, sign=pick(rng, ("-", "-", "+")))
    centred(canvas, y + 158, amount, look.pen(between(rng, 36, 42), cut="bold"), role="amount")
    centred(canvas, y + 190, work.say("completed"), look.pen(15, look.soft), role="text")


def _code_card(work: Work, look: Skin, card: Box) -> None:
    """A barcode with its number below."""
    canvas, number = work.canvas, digits(work.rng, 14)
    canvas.rounded(card, look.card, 12)
    bars = Box(canvas.width * 0.12, card.y + 14, canvas.width * 0.76, 58)
    canvas.area(bars, WHITE)
    barcode(canvas, bars.inset(8), number)
    centred(canvas, card.y + 96, number, look.pen(14, look.soft), role="number")


def _further(work: Work, look: Skin, y: float) -> None:
    """What else can be done, in rows that lead on, as far as there is room."""
    canvas = work.canvas
    for label in ("share", "note"):
        if y < 900:
            canvas.rounded(Box(12, y, canvas.width - 24, 48), look.card, 12)
            put(canvas, 28, y + 30, work.say(label), look.pen(16), width=canvas.width - 90, role="label")
            chevron(canvas, canvas.width - 30, y + 24, 6, look.soft, left=False)
            y += 58


TEMPLATES = (
    Template("success", "latin", partial(_success, language="")),
    Template("details", "latin", partial(_details, language="")),
    Template("history", "latin", partial(history, language="")),
    Template("wallet", "latin", partial(wallet, language="")),
    Template("success-zh", "chinese", partial(_success, language="zh")),
    Template("details-zh", "chinese", partial(_details, language="zh")),
    Template("history-zh", "chinese", partial(history, language="zh")),
    Template("wallet-zh", "chinese", partial(wallet, language="zh")),
)
