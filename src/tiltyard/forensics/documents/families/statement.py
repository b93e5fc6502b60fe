"""Account statements: a letter with a running balance, a banded list, a card statement, a Chinese list of movements."""

from collections.abc import Sequence

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.statement_movements import Movement, both_ways, movements, table_style
from tiltyard.forensics.documents.families.statement_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import block, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, put, put_in
from tiltyard.forensics.documents.kit.table import Column, table
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.codes import barcode
from tiltyard.forensics.documents.ornaments.marks import micro_text, watermark

WORDS = words("statement")


def _letter(rng: Generator, long_side: int) -> Canvas:
    """Address window, numbers at the right, running balance."""
    work = begin(rng, long_side, (between(rng, 700, 790), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, bank = work.body(between(rng, 44, 62)), facts.bank()
    y = letterhead(work, body.below(38), bank, (facts.street(), facts.town(), facts.phone()))
    addressee = (facts.name(), facts.street(), facts.town())
    low = block(work, body.x, y + 34, "", addressee, width=body.width * 0.45)
    opening, booked = movements(work, count=int(rng.integers(12, 20)))
    _letter_numbers(work, Box(body.x + body.width * 0.5, y + 34, body.width * 0.5, 0), booked)
    title = look.title(23, pick(rng, (look.ink, look.accent)))
    put_in(canvas, body, low + 40, work.say("statement"), title, role="title")
    _letter_table(work, body.below(low + 56), opening, booked)
    small_print(work, body.below(950), (work.say("small"),))
    return canvas


def _letter_numbers(work: Work, box: Box, booked: Sequence[Movement]) -> None:
    facts, figure = work.facts, work.theme.figure(13.5)
    pairs = [
        Field(work.say("account"), facts.account(), "number"),
        Field("BIC", facts.swift(), "number"),
        Field(work.say("period"), _span(work, booked), "date"),
        Field(work.say("page"), "1/1", "number"),
    ]
    setting = Look(work.theme.label(13.5), figure, "beside", lead=22, column=0.3)
    fields(work.canvas, box.x, box.y, pairs, setting, width=box.width)


def _span(work: Work, booked: Sequence[Movement]) -> str:
    return f"{short_date(booked[0].day, work.language)} – {short_date(booked[-1].day, work.language)}"


def _letter_table(work: Work, box: Box, opening: int, booked: Sequence[Movement]) -> None:
    """The bookings with the balance after each, between the opening and the closing balance."""
    columns = [
        Column(work.say("date"), 14, "left", "date"),
        Column(work.say("text"), 44),
        Column(work.say("out"), 14, "right", "amount"),
        Column(work.say("in"), 14, "right", "amount"),
        Column(work.say("balance"), 16, "right", "amount"),
    ]
    rows = [["", work.say("opening"), "", "", work.money(opening)]]
    for one in booked:
        both = ["", work.money(one.cents)] if one.cents > 0 else [work.money(-one.cents), ""]
        rows.append([short_date(one.day, work.language), f"{one.text} {one.who}", *both, work.money(one.balance)])
    rows.append(["", work.say("closing"), "", "", work.money(booked[-1].balance)])
    form = pick(work.rng, ("stripes", "lines", "bare", "grid"))
    style = table_style(work, form, row=between(work.rng, 24, 27))
    table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _banded(rng: Generator, long_side: int) -> Canvas:
    """Sums in tiles above, bookings in two lines each below."""
    work = begin(rng, long_side, (between(rng, 690, 760), 1000), WORDS, kind="sans")
    facts, look = work.facts, work.theme
    body, bank = work.body(between(rng, 40, 56)), facts.bank()
    y = letterhead(work, body.below(38), bank, (facts.name(), facts.account()), form="band")
    put_in(work.canvas, body, y + 34, work.say("statement"), look.title(26), share=0.6, role="title")
    opening, booked = movements(work, count=int(rng.integers(9, 13)))
    _tiles(work, body.below(y + 54), opening, booked)
    for place, one in enumerate(booked):
        _banded_row(work, body.below(y + 152 + place * 56), one)
    small_print(work, body.below(952), (work.say("small"),))
    return work.canvas


def _tiles(work: Work, box: Box, opening: int, booked: Sequence[Movement]) -> None:
    """Four sums beside each other on tinted tiles."""
    canvas, look, step = work.canvas, work.theme, box.width / 4
    total_in, total_out = both_ways(booked)
    tiles = (
        ("opening", opening),
        ("total_in", total_in),
        ("total_out", total_out),
        ("closing", opening + total_in - total_out),
    )
    for place, (label, cents) in enumerate(tiles):
        tile = Box(box.x + place * step + 4, box.y, step - 8, 66)
        x, width = tile.x + 10, tile.width - 20
        canvas.rounded(tile, look.tint, 8)
        put(canvas, x, tile.y + 23, work.say(label), look.label(12), width=width, role="label")
        put(canvas, x, tile.y + 50, work.money(cents), look.figure(18, cut="bold"), width=width, role="amount")


def _banded_row(work: Work, box: Box, one: Movement) -> None:
    """Day, text over name, and the sum, in green where it came in."""
    canvas, look, x, y = work.canvas, work.theme, box.x + 104, box.y
    put(canvas, box.x, y, short_date(one.day, work.language), look.label(13), width=90, role="date")
    put(canvas, x, y, one.text, look.text(14.5, cut="bold"), width=box.width * 0.45)
    put(canvas, x, y + 19, one.who, look.label(13), width=box.width * 0.5, role="name")
    sign, colour = ("+", (20, 120, 60)) if one.cents > 0 else ("", look.ink)
    figure = look.figure(15, colour)
    put_in(canvas, box, y + 8, sign + work.money(one.cents), figure, share=0.4, align="right", role="amount")
    canvas.rule(box.x, y + 31, box.width, mixed(look.soft, WHITE, 0.75))


def _card(rng: Generator, long_side: int) -> Canvas:
    """A card statement: a day a booking, a slip to pay with below the dashes."""
    work = begin(rng, long_side, (between(rng, 690, 770), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, bank = work.body(between(rng, 44, 60)), facts.bank()
    if chance(rng, 0.5):
        watermark(canvas, bank, look.title(40, look.accent), Box(0, 150, canvas.width, 700), strength=0.05)
    y = letterhead(work, body.below(40), bank, (facts.phone(), facts.town()))
    put_in(canvas, body, y + 32, work.say("card_statement"), look.title(24), role="title")
    _, booked = movements(work, count=int(rng.integers(9, 16)))
    pairs, form = _card_fields(work, booked), pick(rng, ("below", "beside"))
    setting = Look(look.label(13.5), look.text(14.5), form, lead=27, column=0.34)
    y = field_columns(canvas, body.x, y + 68, pairs, setting, width=body.width)
    owed = f"{work.money(sum(abs(one.cents) for one in booked))} EUR"
    _card_table(work, body.below(y), booked, owed)
    _card_slip(work, body, bank, owed)
    return canvas


def _card_fields(work: Work, booked: Sequence[Movement]) -> list[Field]:
    return [
        Field(work.say("holder"), work.facts.name(), "name"),
        Field(work.say("account"), work.facts.masked_card(), "number"),
        Field(work.say("period"), _span(work, booked), "date"),
        Field(work.say("date"), short_date(booked[-1].day, work.language), "date"),
    ]


def _card_table(work: Work, box: Box, booked: Sequence[Movement], owed: str) -> None:
    """What was paid with the card, and the sum below."""
    canvas, look = work.canvas, work.theme
    columns = [
        Column(work.say("date"), 16, "left", "date"),
        Column(work.say("text"), 60),
        Column(work.say("amount"), 20, "right", "amount"),
    ]
    rows = [[short_date(one.day, work.language), one.who, work.money(abs(one.cents))] for one in booked]
    style = table_style(work, pick(work.rng, ("lines", "stripes", "bare")), row=25)
    y = table(canvas, box.x, box.y, columns, rows, style, width=box.width) + 32
    put_in(canvas, box, y, work.say("total_out"), look.text(16, cut="bold"), share=0.5, role="label")
    x, width, figure = box.x + box.width * 0.5, box.width * 0.5 - 6, look.figure(19, cut="bold")
    put(canvas, x, y, owed, figure, width=width, align="right", role="amount")


def _card_slip(work: Work, box: Box, bank: str, owed: str) -> None:
    """The slip at the foot: a barcode, small writing, what is to be paid."""
    canvas, look = work.canvas, work.theme
    canvas.dashes(0, 868, canvas.width, look.soft, dash=9, gap=6)
    barcode(canvas, Box(box.x, 890, box.width * 0.42, 48), digits(work.rng, 16))
    micro_text(canvas, bank.upper(), look.text(5), x=box.x, y=956, width=box.width)
    put_in(canvas, box, 920, owed, look.figure(19), share=0.5, align="right", role="amount")


TEMPLATES = (
    Template("letter", "latin", _letter),
    Template("banded", "latin", _banded),
    Template("card", "latin", _card),
    *CHINESE,
)
