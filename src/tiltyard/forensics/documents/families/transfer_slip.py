"""Transfer slips: forms with a box a sign, advices by letter, Chinese vouchers in a grid."""

from dataclasses import replace

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.transfer_slip_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print, teller_stamp
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, paragraph, put, put_in
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import amount, long_date, short_date
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("transfer_slip")


def _form(rng: Generator, long_side: int) -> Canvas:
    """A form in one colour, its signs typed or written one to a box."""
    work = begin(rng, long_side, (1000, between(rng, 600, 660)), WORDS)
    canvas, look = work.canvas, work.theme
    ground = mixed(look.accent, WHITE, between(rng, 0.72, 0.86))
    canvas.area(Box(0, 0, canvas.width, canvas.height), ground)
    body, bank = work.body(between(rng, 40, 60)), work.facts.bank()
    put_in(canvas, body, 58, work.say("form"), look.title(25, look.accent), share=0.55, role="title")
    put_in(canvas, body, 58, bank, look.title(20, look.accent), share=0.45, align="right", role="name")
    cents = int(rng.integers(500, 2_000_000))
    face = pick(rng, ("ibm-plex-mono", "roboto-mono", "space-mono", "inconsolata"))
    pen = Pen(face, 22, mixed(look.ink, (0, 0, 80), 0.4))
    foot = body.below(_form_rows(work, body.below(92), cents, pen))
    _form_signed(work, foot, mixed(ground, WHITE, 0.75), pen)
    if chance(rng, 0.5):
        x = body.x + body.width - 120
        teller_stamp(work, bank.upper(), work.say("booked"), x=x, y=foot.y + 24, width=170)
    return canvas


def _form_rows(work: Work, box: Box, cents: int, pen: Pen) -> float:
    """The rows of boxes, the amount beside the payee's bank; returns the next free y."""
    step, side, y = between(work.rng, 56, 60), box.width / 34, box.y
    for place, (label, value, boxes, role) in enumerate(_form_entries(work)):
        _boxes(work, box.x, y, Field(label, value.upper()[:boxes], role), pen, count=boxes, side=side)
        if place == 2:
            money = Field(work.say("amount"), amount(cents, "de").replace(".", "").rjust(16), "amount")
            _boxes(work, box.x + 18 * side, y, money, pen, count=16, side=side)
        y += step
    return y


def _form_entries(work: Work) -> tuple[tuple[str, str, int, str], ...]:
    """Label, value, how many boxes, role."""
    facts = work.facts
    account, payee = facts.account().replace(" ", ""), facts.company()
    return (
        (work.say("payee"), payee, 34, "name"),
        (work.say("payee_account"), account, 28, "number"),
        (work.say("payee_bank"), facts.swift(), 14, "number"),
        (work.say("note"), f"{work.say('invoice')} {digits(work.rng, 6)}", 34, "text"),
        (work.say("payer"), f"{facts.name()}, {facts.city()}", 34, "name"),
        (work.say("payer_account"), facts.account().replace(" ", ""), 28, "number"),
    )


def _boxes(work: Work, x: float, y: float, entry: Field, pen: Pen, *, count: int, side: float) -> None:
    """A label over `count` boxes with a sign in each; spaces before the value leave boxes empty."""
    canvas, small, line = work.canvas, work.theme.text(11, work.theme.accent), mixed(work.theme.accent, WHITE, 0.4)
    put(canvas, x, y, entry.label, small, width=count * side, role="label")
    canvas.area(Box(x, y + 6, count * side, 30), WHITE)
    for place in range(count + 1):
        top, tall = (20, 16) if 0 < place < count else (6, 30)
        canvas.rule(x + place * side, y + top, tall, line, down=True)
    canvas.rule(x, y + 36, count * side, line)
    value = entry.value.strip()
    gap, empty = side - canvas.length("0", pen), len(entry.value) - len(entry.value.lstrip())
    canvas.text(x + empty * side + gap / 2, y + 30, value, replace(pen, tracking=gap), role=entry.role)


def _form_signed(work: Work, box: Box, fill: Colour, pen: Pen) -> None:
    """Fields for the day and the signature."""
    canvas, facts, small = work.canvas, work.facts, work.theme.text(11, work.theme.accent)
    y = box.y
    put(canvas, box.x, y + 12, work.say("date"), small, width=200, role="label")
    canvas.area(Box(box.x, y + 18, 240, 40), fill)
    put(canvas, box.x + 12, y + 46, short_date(facts.day(), work.language), pen, width=210, role="date")
    put(canvas, box.x + 300, y + 12, work.say("sign"), small, width=200, role="label")
    canvas.area(Box(box.x + 300, y + 18, box.width - 300, 40), fill)
    signature(canvas, work.rng, facts.name(), x=box.x + 340, y=y + 52, width=240)


def _advice(rng: Generator, long_side: int) -> Canvas:
    """A letter that confirms a transfer."""
    work = begin(rng, long_side, (between(rng, 690, 770), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, bank = between(rng, 50, 74), facts.bank()
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 44, width, 90), bank, (facts.street(), facts.town(), facts.phone()))
    payer = facts.name()
    bottom = block(work, margin, y + 34, "", (payer, facts.street(), facts.town()), width=width * 0.5)
    day = facts.day()
    put(canvas, margin, y + 34, long_date(day, work.language), look.text(14), width=width, align="right", role="date")
    put(canvas, margin, bottom + 46, work.say("advice"), look.title(24), width=width, role="title")
    y = paragraph(canvas, margin, bottom + 82, work.say("letter"), look.text(14.5), width=width, lead=21)
    y = _advice_fields(work, Box(margin, y + 16, width, 0), payer)
    if chance(rng, 0.7):
        firm_seal(
            work, bank, x=margin + width * between(rng, 0.65, 0.85), y=min(y + 90, 850), width=between(rng, 120, 150)
        )
        signature(canvas, rng, facts.name(), x=margin + 10, y=min(y + 96, 860), width=180)
    small_print(work, Box(margin, 940, width, 40), (work.say("small"),))
    return canvas


def _advice_fields(work: Work, box: Box, payer: str) -> float:
    """What was transferred between whom, and what it cost; returns the next free baseline."""
    rng, facts, look = work.rng, work.facts, work.theme
    cents, fee = int(rng.integers(1_000, 5_000_000)), pick(rng, (0, 0, 150, 250, 500))
    day = facts.day()
    pairs = [
        Field(work.say("reference"), facts.code("@@##########"), "number"),
        Field(work.say("executed"), short_date(day, work.language), "date"),
        Field(work.say("value"), short_date(day, work.language), "date"),
        Field(work.say("payer").split(":")[0], payer, "name"),
        Field(work.say("payer_account"), facts.account(), "number"),
        Field(work.say("payee").split(":")[0], facts.company(), "name"),
        Field(work.say("payee_account"), facts.account(), "number"),
        Field("BIC", facts.swift(), "number"),
        Field(work.say("note"), f"{work.say('invoice')} {digits(rng, 6)}"),
    ]
    form, lead = pick(rng, ("beside", "dotted", "spread")), between(rng, 27, 32)
    setting = Look(look.label(14), look.figure(15), form, lead=lead, column=0.4)
    y = fields(work.canvas, box.x, box.y + 20, pairs, setting, width=box.width)
    return _advice_sums(work, box.below(y), cents, fee)


def _advice_sums(work: Work, box: Box, cents: int, fee: int) -> float:
    canvas, look = work.canvas, work.theme
    parts = [
        Field(work.say("sum"), f"{work.money(cents)} EUR", "amount"),
        Field(work.say("fee"), f"{work.money(fee)} EUR", "amount"),
    ]
    whole = [Field(work.say("debited"), f"{work.money(cents + fee)} EUR", "amount")]
    canvas.rule(box.x, box.y - 8, box.width, look.soft)
    setting = Look(look.label(14), look.figure(15), "spread", lead=27, column=0.5)
    y = fields(canvas, box.x, box.y + 16, parts, setting, width=box.width)
    canvas.rule(box.x, y - 12, box.width, look.ink, 1.5)
    setting = Look(look.text(15, cut="bold"), look.figure(18, cut="bold"), "spread", column=0.5)
    return fields(canvas, box.x, y + 14, whole, setting, width=box.width)


TEMPLATES = (
    Template("form", "latin", _form),
    Template("advice", "latin", _advice),
    *CHINESE,
)
