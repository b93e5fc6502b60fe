"""Transfer slips: forms with a box a sign, advices by letter, Chinese vouchers in a grid."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.transfer_slip_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print, teller_stamp
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, paragraph, put
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import amount, long_date, short_date
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("transfer_slip")


def _form(rng: Generator, long_side: int) -> Canvas:
    """A form in one colour, its signs typed or written one to a box."""
    work = begin(rng, long_side, (1000, between(rng, 600, 660)), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    ground = mixed(look.accent, WHITE, between(rng, 0.72, 0.86))
    canvas.area(Box(0, 0, canvas.width, canvas.height), ground)
    margin, bank = between(rng, 40, 60), facts.bank()
    width = canvas.width - 2 * margin
    put(canvas, margin, 58, work.say("form"), look.title(25, look.accent), width=width * 0.55, role="title")
    put(
        canvas,
        margin + width * 0.55,
        58,
        bank,
        look.title(20, look.accent),
        width=width * 0.45,
        align="right",
        role="name",
    )
    cents = int(rng.integers(500, 2_000_000))
    face = pick(rng, ("ibm-plex-mono", "roboto-mono", "space-mono", "inconsolata"))
    pen = Pen(face, 22, mixed(look.ink, (0, 0, 80), 0.4))
    step = between(rng, 56, 60)
    account, payee = facts.account().replace(" ", ""), facts.company()
    rows = (
        (work.say("payee"), payee, 34, "name"),
        (work.say("payee_account"), account, 28, "number"),
        (work.say("payee_bank"), facts.swift(), 14, "number"),
        (work.say("note"), f"{work.say('invoice')} {digits(rng, 6)}", 34, "text"),
        (work.say("payer"), f"{facts.name()}, {facts.city()}", 34, "name"),
        (work.say("payer_account"), facts.account().replace(" ", ""), 28, "number"),
    )
    y = 92.0
    for place, (label, value, boxes, role) in enumerate(rows):
        side = width / 34
        _boxes(work, margin, y, label, value.upper()[:boxes], boxes, side, pen, role)
        if place == 2:
            _boxes(
                work,
                margin + 18 * side,
                y,
                work.say("amount"),
                amount(cents, "de").replace(".", "").rjust(16),
                16,
                side,
                pen,
                "amount",
            )
        y += step
    put(canvas, margin, y + 12, work.say("date"), look.text(11, look.accent), width=200, role="label")
    canvas.area(Box(margin, y + 18, 240, 40), mixed(ground, WHITE, 0.75))
    put(canvas, margin + 12, y + 46, short_date(facts.day(), work.language), pen, width=210, role="date")
    put(canvas, margin + 300, y + 12, work.say("sign"), look.text(11, look.accent), width=200, role="label")
    canvas.area(Box(margin + 300, y + 18, width - 300, 40), mixed(ground, WHITE, 0.75))
    signature(canvas, rng, facts.name(), x=margin + 340, y=y + 52, width=240)
    if chance(rng, 0.5):
        teller_stamp(work, bank.upper(), work.say("booked"), x=margin + width - 120, y=y + 24, width=170)
    return canvas


def _boxes(
    work: Work, x: float, y: float, label: str, value: str, count: int, side: float, pen: Pen, role: str
) -> None:
    canvas, look = work.canvas, work.theme
    put(canvas, x, y, label, look.text(11, look.accent), width=count * side, role="label")
    canvas.area(Box(x, y + 6, count * side, 30), WHITE)
    for place in range(count + 1):
        canvas.rule(
            x + place * side,
            y + (20 if 0 < place < count else 6),
            16 if 0 < place < count else 30,
            mixed(look.accent, WHITE, 0.4),
            down=True,
        )
    canvas.rule(x, y + 36, count * side, mixed(look.accent, WHITE, 0.4))
    advance = canvas.length("0", pen)
    lead = len(value) - len(value.lstrip())
    spaced = Pen(pen.face, pen.size, pen.colour, tracking=side - advance)
    canvas.text(x + lead * side + (side - advance) / 2, y + 30, value.strip(), spaced, role=role)


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
    setting = Look(
        look.label(14),
        look.figure(15),
        pick(rng, ("beside", "dotted", "spread")),
        lead=between(rng, 27, 32),
        column=0.4,
    )
    y = fields(work.canvas, box.x, box.y + 20, pairs, setting, width=box.width)
    total = [
        Field(work.say("sum"), f"{work.money(cents)} EUR", "amount"),
        Field(work.say("fee"), f"{work.money(fee)} EUR", "amount"),
    ]
    work.canvas.rule(box.x, y - 8, box.width, look.soft)
    y = fields(
        work.canvas,
        box.x,
        y + 16,
        total,
        Look(look.label(14), look.figure(15), "spread", lead=27, column=0.5),
        width=box.width,
    )
    last = [Field(work.say("debited"), f"{work.money(cents + fee)} EUR", "amount")]
    work.canvas.rule(box.x, y - 12, box.width, look.ink, 1.5)
    return fields(
        work.canvas,
        box.x,
        y + 14,
        last,
        Look(look.text(15, cut="bold"), look.figure(18, cut="bold"), "spread", column=0.5),
        width=box.width,
    )


TEMPLATES = (
    Template("form", "latin", _form),
    Template("advice", "latin", _advice),
    *CHINESE,
)
