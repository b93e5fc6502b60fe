"""Invoices: modern, classic and compact ones, a Chinese sales invoice in a grid, a Chinese receipt."""

from datetime import timedelta

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.invoice_bill import Bill, bill
from tiltyard.forensics.documents.families.invoice_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, paragraph, put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import long_date, short_date
from tiltyard.forensics.documents.ornaments.codes import barcode, qr_code
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("invoice")


def _modern(rng: Generator, long_side: int) -> Canvas:
    return _page(rng, long_side, "stripes", pick(rng, ("band", "left")))


def _classic(rng: Generator, long_side: int) -> Canvas:
    return _page(rng, long_side, pick(rng, ("grid", "lines")), pick(rng, ("centre", "left")))


def _page(rng: Generator, long_side: int, form: str, head: str) -> Canvas:
    """A whole page: letterhead, addressee with numbers beside, table, sums, how to pay."""
    work = begin(rng, long_side, (between(rng, 700, 780), 1000), WORDS, kind=pick(rng, ("sans", "sans", "serif")))
    canvas, facts = work.canvas, work.facts
    margin, firm = between(rng, 46, 68), facts.company()
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 42, width, 90), firm, (facts.street(), facts.town(), facts.phone()), form=head)
    y = _addressee(work, Box(margin, y + 30, width, 0))
    goods = bill(work, most=9)
    y = _goods(work, Box(margin, y + 10, width, 0), goods, form)
    y = _sums(work, Box(margin + width * 0.52, y + 10, width * 0.48, 0), goods)
    bottom = _payment(work, Box(margin, y + 26, width, 0), firm)
    if chance(rng, 0.45) and bottom < 850:
        firm_seal(work, firm, x=margin + width * between(rng, 0.7, 0.88), y=bottom - 20, width=between(rng, 110, 140))
    small_print(
        work, Box(margin, 945, width, 40), (f"{firm} · {work.say('taxno')} XX{digits(rng, 9)} · {facts.town()}",)
    )
    return canvas


def _addressee(work: Work, box: Box) -> float:
    rng, facts, look, canvas = work.rng, work.facts, work.theme, work.canvas
    day = facts.day()
    put(
        canvas,
        box.x,
        box.y + 8,
        work.say("invoice"),
        look.title(between(rng, 27, 36), pick(rng, (look.accent, look.ink))),
        width=box.width * 0.5,
        role="title",
    )
    low = block(
        work,
        box.x,
        box.y + 48,
        work.say("to"),
        (facts.company(), facts.name(), facts.street(), facts.town()),
        width=box.width * 0.48,
    )
    pairs = [
        Field(work.say("number"), facts.code(pick(rng, ("@@-####", "20##-#####", "######"))), "number"),
        Field(work.say("date"), short_date(day, work.language), "date"),
        Field(work.say("customer"), digits(rng, 5), "number"),
        Field(work.say("due"), short_date(day + timedelta(days=pick(rng, (10, 14, 30, 45))), work.language), "date"),
    ]
    setting = Look(
        look.label(14),
        look.figure(14.5, cut=pick(rng, ("regular", "bold"))),
        pick(rng, ("beside", "spread")),
        lead=23,
        column=0.48,
    )
    side = fields(canvas, box.x + box.width * 0.56, box.y + 52, pairs, setting, width=box.width * 0.44)
    return max(low, side) + 12


def _goods(work: Work, box: Box, goods: Bill, form: str) -> float:
    rng, look = work.rng, work.theme
    filled = form == "stripes" or chance(rng, 0.5)
    dark = filled and chance(rng, 0.6)
    cell = look.text(14)
    head = look.text(13.5, WHITE if dark else look.ink, "bold")
    style = TableLook(
        head,
        cell,
        form,
        row=between(rng, 26, 32),
        line=mixed(look.soft, WHITE, 0.4),
        stripe=look.tint,
        head_fill=(look.accent if dark else look.tint) if filled else None,
    )
    columns = [
        Column("#", 6),
        Column(work.say("item"), 46),
        Column(work.say("quantity"), 12, "right", "number"),
        Column(work.say("price"), 18, "right", "amount"),
        Column(work.say("sum"), 18, "right", "amount"),
    ]
    rows = [
        [str(place + 1), what, str(count), work.money(price), work.money(count * price)]
        for place, (what, count, price) in enumerate(goods.rows)
    ]
    if chance(rng, 0.4):
        columns, rows = columns[1:], [row[1:] for row in rows]
    return table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _sums(work: Work, box: Box, goods: Bill) -> float:
    look, canvas, sign = work.theme, work.canvas, pick(work.rng, (" €", " EUR", " €"))
    pairs = [
        Field(work.say("net"), work.money(goods.net) + sign, "amount"),
        Field(f"{work.say('tax')} {goods.rate} %", work.money(goods.tax) + sign, "amount"),
    ]
    y = fields(
        canvas,
        box.x,
        box.y + 18,
        pairs,
        Look(look.label(14.5), look.figure(14.5), "spread", lead=24, column=0.55),
        width=box.width,
    )
    canvas.rule(box.x, y - 14, box.width, look.accent, 1.5)
    last = [Field(work.say("total"), work.money(goods.total) + sign, "amount")]
    return fields(
        canvas,
        box.x,
        y + 12,
        last,
        Look(look.text(16, cut="bold"), look.figure(18, cut="bold"), "spread", lead=24, column=0.5),
        width=box.width,
    )


def _payment(work: Work, box: Box, firm: str) -> float:
    facts, look, canvas, rng = work.facts, work.theme, work.canvas, work.rng
    y = paragraph(canvas, box.x, box.y, work.say("pay"), look.text(13.5), width=box.width, lead=20)
    y = block(
        work,
        box.x,
        y + 12,
        work.say("bank"),
        (facts.bank(), facts.account(), "BIC " + facts.swift()),
        width=box.width * 0.5,
        size=13.5,
    )
    if y < 830 and chance(rng, 0.3):
        qr_code(canvas, Box(box.x, y + 2, 84, 84), f"SPECIMEN {firm[:20]} {digits(rng, 6)}")
    elif y < 860 and chance(rng, 0.5):
        put(canvas, box.x, y + 14, work.say("thanks"), look.text(13.5, cut="italic"), width=box.width * 0.6)
    return y


def _compact(rng: Generator, long_side: int) -> Canvas:
    """Half a page across, as small traders print: a barcode, a table, a signature."""
    work = begin(rng, long_side, (1000, between(rng, 680, 760)), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, firm = between(rng, 44, 64), facts.company()
    width = canvas.width - 2 * margin
    put(canvas, margin, 70, firm, look.title(26, look.accent), width=width * 0.55, role="name")
    put(canvas, margin, 94, facts.address(), look.label(14), width=width * 0.55, role="address")
    put(
        canvas,
        margin + width * 0.6,
        70,
        work.say("invoice").upper(),
        look.title(30),
        width=width * 0.4,
        align="right",
        role="title",
    )
    code = facts.code("##########")
    put(
        canvas,
        margin + width * 0.6,
        94,
        f"{work.say('number')} {code}",
        look.figure(15),
        width=width * 0.4,
        align="right",
        role="number",
    )
    canvas.rule(margin, 108, width, look.accent, 2)
    low = block(
        work, margin, 138, work.say("to"), (facts.name(), facts.street(), facts.town()), width=width * 0.4, size=15
    )
    block(
        work,
        margin + width * 0.5,
        138,
        work.say("date"),
        (long_date(facts.day(), work.language), f"{work.say('customer')} {digits(rng, 5)}"),
        width=width * 0.28,
        size=15,
    )
    barcode(canvas, Box(margin + width - 210, 126, 210, 46), code)
    goods = bill(work, most=6)
    y = _goods(work, Box(margin, low + 8, width, 0), goods, pick(rng, ("lines", "bare", "grid")))
    y = _sums(work, Box(margin + width * 0.6, y + 6, width * 0.4, 0), goods)
    if y < canvas.height - 40:
        signature(canvas, rng, facts.name(), x=margin + 20, y=y - 26, width=200)
        canvas.rule(margin, y - 20, 260, look.soft)
    return canvas


TEMPLATES = (
    Template("modern", "latin", _modern),
    Template("classic", "latin", _classic),
    Template("compact", "latin", _compact),
    *CHINESE,
)
