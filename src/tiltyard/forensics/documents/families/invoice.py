"""Invoices: modern, classic and compact ones, a Chinese sales invoice in a grid, a Chinese receipt."""

from datetime import date, timedelta

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.invoice_bill import Bill, bill
from tiltyard.forensics.documents.families.invoice_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, paragraph, put_in
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
    facts = work.facts
    body, firm = work.body(between(rng, 46, 68)), facts.company()
    y = letterhead(work, body.below(42), firm, (facts.street(), facts.town(), facts.phone()), form=head)
    y = _addressee(work, body.below(y + 30))
    goods = bill(work, most=9)
    y = _goods(work, body.below(y + 10), goods, form)
    y = _sums(work, Box(body.x + body.width * 0.52, y + 10, body.width * 0.48, 0), goods)
    bottom = _payment(work, body.below(y + 26), firm)
    if chance(rng, 0.45) and bottom < 850:
        x = body.x + body.width * between(rng, 0.7, 0.88)
        firm_seal(work, firm, x=x, y=bottom - 20, width=between(rng, 110, 140))
    small_print(work, body.below(945), (f"{firm} · {work.say('taxno')} XX{digits(rng, 9)} · {facts.town()}",))
    return work.canvas


def _addressee(work: Work, box: Box) -> float:
    """Title over addressee, numbers and days at the right; returns the next free y."""
    rng, facts, look, canvas = work.rng, work.facts, work.theme, work.canvas
    day = facts.day()
    title = look.title(between(rng, 27, 36), pick(rng, (look.accent, look.ink)))
    put_in(canvas, box, box.y + 8, work.say("invoice"), title, share=0.5, role="title")
    lines = (facts.company(), facts.name(), facts.street(), facts.town())
    low = block(work, box.x, box.y + 48, work.say("to"), lines, width=box.width * 0.48)
    pairs = _numbers(work, day)
    figure = look.figure(14.5, cut=pick(rng, ("regular", "bold")))
    setting = Look(look.label(14), figure, pick(rng, ("beside", "spread")), lead=23, column=0.48)
    side = fields(canvas, box.x + box.width * 0.56, box.y + 52, pairs, setting, width=box.width * 0.44)
    return max(low, side) + 12


def _numbers(work: Work, day: date) -> list[Field]:
    facts, rng = work.facts, work.rng
    number = facts.code(pick(rng, ("@@-####", "20##-#####", "######")))
    customer, due = digits(rng, 5), day + timedelta(days=pick(rng, (10, 14, 30, 45)))
    return [
        Field(work.say("number"), number, "number"),
        Field(work.say("date"), short_date(day, work.language), "date"),
        Field(work.say("customer"), customer, "number"),
        Field(work.say("due"), short_date(due, work.language), "date"),
    ]


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
    setting = Look(look.label(14.5), look.figure(14.5), "spread", lead=24, column=0.55)
    y = fields(canvas, box.x, box.y + 18, pairs, setting, width=box.width)
    canvas.rule(box.x, y - 14, box.width, look.accent, 1.5)
    last = [Field(work.say("total"), work.money(goods.total) + sign, "amount")]
    setting = Look(look.text(16, cut="bold"), look.figure(18, cut="bold"), "spread", lead=24, column=0.5)
    return fields(canvas, box.x, y + 12, last, setting, width=box.width)


def _payment(work: Work, box: Box, firm: str) -> float:
    """How to pay, and a code or thanks where there is room; returns the next free baseline."""
    facts, look, canvas, rng = work.facts, work.theme, work.canvas, work.rng
    y = paragraph(canvas, box.x, box.y, work.say("pay"), look.text(13.5), width=box.width, lead=20)
    lines = (facts.bank(), facts.account(), "BIC " + facts.swift())
    y = block(work, box.x, y + 12, work.say("bank"), lines, width=box.width * 0.5, size=13.5)
    if y < 830 and chance(rng, 0.3):
        qr_code(canvas, Box(box.x, y + 2, 84, 84), f"SPECIMEN {firm[:20]} {digits(rng, 6)}")
    elif y < 860 and chance(rng, 0.5):
        put_in(canvas, box, y + 14, work.say("thanks"), look.text(13.5, cut="italic"), share=0.6)
    return y


def _compact(rng: Generator, long_side: int) -> Canvas:
    """Half a page across, as small traders print: a barcode, a table, a signature."""
    work = begin(rng, long_side, (1000, between(rng, 680, 760)), WORDS)
    canvas, facts = work.canvas, work.facts
    body, firm = work.body(between(rng, 44, 64)), facts.company()
    low = _compact_head(work, body, firm)
    goods = bill(work, most=6)
    y = _goods(work, body.below(low + 8), goods, pick(rng, ("lines", "bare", "grid")))
    y = _sums(work, Box(body.x + body.width * 0.6, y + 6, body.width * 0.4, 0), goods)
    if y < canvas.height - 40:
        signature(canvas, rng, facts.name(), x=body.x + 20, y=y - 26, width=200)
        canvas.rule(body.x, y - 20, 260, work.theme.soft)
    return canvas


def _compact_head(work: Work, box: Box, firm: str) -> float:
    """Firm and title over a rule; below, addressee, day and a barcode; returns the next free baseline."""
    canvas, facts, look, rng = work.canvas, work.facts, work.theme, work.rng
    put_in(canvas, box, 70, firm, look.title(26, look.accent), share=0.55, role="name")
    put_in(canvas, box, 94, facts.address(), look.label(14), share=0.55, role="address")
    title, code = work.say("invoice").upper(), facts.code("##########")
    put_in(canvas, box, 70, title, look.title(30), share=0.4, align="right", role="title")
    number = f"{work.say('number')} {code}"
    put_in(canvas, box, 94, number, look.figure(15), share=0.4, align="right", role="number")
    canvas.rule(box.x, 108, box.width, look.accent, 2)
    lines = (facts.name(), facts.street(), facts.town())
    low = block(work, box.x, 138, work.say("to"), lines, width=box.width * 0.4, size=15)
    when = (long_date(facts.day(), work.language), f"{work.say('customer')} {digits(rng, 5)}")
    block(work, box.x + box.width * 0.5, 138, work.say("date"), when, width=box.width * 0.28, size=15)
    barcode(canvas, Box(box.x + box.width - 210, 126, 210, 46), code)
    return low


TEMPLATES = (
    Template("modern", "latin", _modern),
    Template("classic", "latin", _classic),
    Template("compact", "latin", _compact),
    *CHINESE,
)
