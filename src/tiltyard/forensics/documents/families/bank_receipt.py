"""Bank receipts: card terminal slips, cash machine slips, counter receipts, electronic receipts with a seal."""

from functools import partial

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.families.bank_receipt_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour
from tiltyard.forensics.documents.kit.heads import letterhead, small_print, teller_stamp
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, put, put_in
from tiltyard.forensics.documents.kit.theme import grey
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin, day_words
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.codes import barcode
from tiltyard.forensics.documents.ornaments.marks import logo, watermark
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("bank_receipt")


def _slip(rng: Generator, long_side: int, *, language: str, kind: str) -> Canvas:
    """A narrow slip from a card terminal, in the one face of a thermal printer."""
    work = begin(rng, long_side, (between(rng, 520, 600), 1000), WORDS, language=language, kind=kind, white=True)
    canvas, dark = work.canvas, grey(between(rng, 20, 70))
    body, pen = work.body(44), work.theme.text(22, dark)
    bank, rows = work.facts.bank(), _slip_fields(work)
    for y, line, style in ((70.0, bank, work.theme.text(32, dark, "bold")), (106.0, work.say("slip"), pen)):
        put_in(canvas, body, y, line, style, align="centre", role="title")
    form = "spread" if chance(rng, 0.4) and not work.chinese else "beside"
    look = Look(pen, pen, form, lead=min(560 / len(rows), 48), column=0.4, colon=":")
    canvas.dashes(body.x, 130, body.width, dark, dash=8, gap=5)
    y = fields(canvas, body.x, 160, rows, look, width=body.width)
    canvas.dashes(body.x, y - 12, body.width, dark, dash=8, gap=5)
    _slip_total(work, body, y + 26, dark)
    y = _slip_approval(work, body.below(y + 72), dark)
    put_in(canvas, body, min(y + 34, 960), work.say("thanks"), work.theme.text(16, dark), align="centre")
    if y < 880 and chance(rng, 0.7):
        bars = Box(body.x + body.width * 0.12, y + 58, body.width * 0.76, 42)
        barcode(canvas, bars, digits(rng, 12), dark)
    return canvas


def _slip_total(work: Work, box: Box, y: float, dark: Colour) -> None:
    canvas, rng, look = work.canvas, work.rng, work.theme
    cents = int(rng.integers(300, 90_000)) * pick(rng, (1, 1, 10))
    sign = "RMB " if work.chinese else pick(rng, ("EUR ", "€ ", "EUR "))
    put_in(canvas, box, y, work.say("total"), look.text(24, dark, "bold"), share=0.4, role="label")
    big = look.text(32, dark, "bold")
    put_in(canvas, box, y, sign + work.money(cents), big, share=0.6, align="right", role="amount")


def _slip_approval(work: Work, box: Box, dark: Colour) -> float:
    """That it was approved, and a line that is signed where there is room; returns the next free y."""
    canvas, look, y = work.canvas, work.theme, box.y
    put_in(canvas, box, y, work.say("approved"), look.text(22, dark, "bold"), align="centre")
    if y >= 800:
        return y
    put_in(canvas, box, y + 50, work.say("sign"), look.text(22, dark), share=0.6, role="label")
    canvas.rule(box.x, y + 108, box.width, dark)
    signature(canvas, work.rng, work.facts.name(), x=box.x + 80, y=y + 104, width=240)
    return y + 126


def _slip_fields(work: Work) -> list[Field]:
    rng, facts = work.rng, work.facts
    head = [
        Field(work.say("merchant"), facts.company(), "name"),
        Field(work.say("merchant_no"), digits(rng, 15 if work.chinese else 9), "number"),
        Field(work.say("terminal"), digits(rng, 8), "number"),
    ]
    ways = ("IC/芯片", "磁条", "非接") if work.chinese else ("Contactless", "Chip", "PIN")
    card = Field(work.say("card"), facts.masked_card(), "number")
    entry = Field(work.say("entry"), pick(rng, ways))
    when = [
        Field(work.say("date"), short_date(facts.day(), work.language), "date"),
        Field(work.say("time"), facts.clock(), "date"),
    ]
    numbers = [
        Field(work.say("batch"), digits(rng, 6), "number"),
        Field(work.say("voucher"), digits(rng, 6), "number"),
        Field(work.say("auth"), digits(rng, 6), "number"),
        Field(work.say("reference"), digits(rng, 12), "number"),
    ]
    kept = some(rng, numbers, int(rng.integers(2, 5)))
    middle = [card, entry, *when] if chance(rng, 0.5) else [*when, card, entry]
    return head + middle + kept


def _counter(rng: Generator, long_side: int) -> Canvas:
    """A receipt over the counter: letterhead, fields in two columns, an amount in a box, stamp and signature."""
    work = begin(rng, long_side, (1000, between(rng, 560, 680)), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    body = work.body(between(rng, 46, 70))
    bank, holder = facts.bank(), facts.name()
    if chance(rng, 0.5):
        watermark(canvas, bank, look.title(34, look.accent), Box(0, 90, 1000, canvas.height - 120), strength=0.06)
    y = letterhead(work, body.below(34), bank, (facts.street(), facts.town(), facts.phone()))
    put_in(canvas, body, y + 38, work.say("deposit"), look.title(26), share=0.6, role="title")
    number = f"{work.say('voucher')} {digits(rng, 8)}"
    put_in(canvas, body, y + 38, number, look.figure(15), share=0.4, align="right", role="number")
    cents = int(rng.integers(20, 9_000)) * 100 * pick(rng, (1, 5)) + pick(rng, (0, 0, int(rng.integers(100))))
    pairs, form = _counter_fields(work, holder, cents), pick(rng, ("beside", "dotted", "below"))
    setting = Look(look.label(14), look.figure(16), form, lead=34, column=0.36, colon=":" if chance(rng, 0.5) else "")
    y = field_columns(canvas, body.x, y + 82, pairs, setting, width=body.width)
    _counter_amount(work, Box(body.x, y - 4, body.width * between(rng, 0.42, 0.55), 54), cents)
    x, width = body.x + body.width * 0.8, between(rng, 170, 210)
    teller_stamp(work, bank.upper(), work.say("checked"), x=x, y=y + 30, width=width)
    small_print(work, body.below(canvas.height - 52), (work.say("foot"),))
    return canvas


def _counter_fields(work: Work, holder: str, cents: int) -> list[Field]:
    facts, rng = work.facts, work.rng
    return [
        Field(work.say("holder"), holder, "name"),
        Field(work.say("account"), facts.account(), "number"),
        Field(work.say("branch"), facts.branch(), "address"),
        Field(work.say("date"), day_words(work), "date"),
        Field(work.say("depositor"), holder if chance(rng, 0.6) else facts.name(), "name"),
        Field(work.say("teller"), digits(rng, 4), "number"),
        Field(work.say("fee"), work.money(0) + " EUR", "amount"),
        Field(work.say("balance"), work.money(cents + int(rng.integers(10_000, 900_000))) + " EUR", "amount"),
    ]


def _counter_amount(work: Work, box: Box, cents: int) -> None:
    """The amount in a tinted box."""
    canvas, look = work.canvas, work.theme
    canvas.rounded(box, look.tint, 4)
    canvas.frame(box, look.accent, 1.2)
    put(canvas, box.x + 14, box.y + 34, work.say("amount"), look.label(15), width=box.width * 0.35, role="label")
    x, width, pen = box.x + box.width * 0.36, box.width * 0.6, look.figure(24, cut="bold")
    put(canvas, x, box.y + 36, f"EUR {work.money(cents)}", pen, width=width, align="right", role="amount")


def _cash_machine(rng: Generator, long_side: int) -> Canvas:
    """A slip from a cash machine: few lines, wide and short."""
    work = begin(rng, long_side, (between(rng, 620, 760), 1000), WORDS, kind="mono", white=True)
    canvas, dark = work.canvas, grey(between(rng, 30, 80))
    body, bank, pen = work.body(60), work.facts.bank(), work.theme.text(23, dark)
    logo(canvas, rng, x=body.x, y=50, side=58, colour=dark, letter=bank[0])
    put(canvas, body.x + 76, 90, bank, work.theme.text(32, dark, "bold"), width=body.width - 76, role="title")
    put_in(canvas, body, 164, work.say("atm"), work.theme.text(27, dark), role="title")
    cents = int(rng.integers(1, 40)) * 1000
    pairs = _cash_fields(work)
    setting = Look(pen, pen, pick(rng, ("beside", "spread")), lead=between(rng, 42, 52), column=0.38)
    y = fields(canvas, body.x, 230, pairs, setting, width=body.width) + 10
    canvas.dashes(body.x, y - 20, body.width, dark, dash=10, gap=6)
    setting = Look(pen, work.theme.text(25, dark, "bold"), "spread", lead=50, column=0.5)
    y = fields(canvas, body.x, y + 30, _cash_sums(work, cents), setting, width=body.width)
    canvas.dashes(body.x, y - 20, body.width, dark, dash=10, gap=6)
    put_in(canvas, body, y + 40, work.say("thanks"), work.theme.text(19, dark), align="centre")
    if y < 820:
        bars = Box(body.x + body.width * 0.1, y + 70, body.width * 0.8, 60)
        barcode(canvas, bars, digits(rng, 14), dark)
    return canvas


def _cash_fields(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    return [
        Field(work.say("date"), short_date(facts.day(), work.language), "date"),
        Field(work.say("time"), facts.clock(), "date"),
        Field(work.say("terminal"), digits(rng, 8), "number"),
        Field(work.say("card"), facts.masked_card(), "number"),
        Field(work.say("branch"), facts.city(), "address"),
        Field(work.say("reference"), digits(rng, 10), "number"),
    ]


def _cash_sums(work: Work, cents: int) -> list[Field]:
    left = int(work.rng.integers(5_000, 900_000))
    return [
        Field(work.say("amount"), f"{work.money(cents)} EUR", "amount"),
        Field(work.say("fee"), f"{work.money(0)} EUR", "amount"),
        Field(work.say("balance"), f"{work.money(left)} EUR", "amount"),
    ]


TEMPLATES = (
    Template("terminal", "latin", partial(_slip, language="", kind="mono")),
    Template("counter", "latin", _counter),
    Template("cash-machine", "latin", _cash_machine),
    Template("terminal-zh", "chinese", partial(_slip, language="zh", kind="sans")),
    *CHINESE,
)
