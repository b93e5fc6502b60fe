"""Insurance certificates: a policy page, a vehicle card, a proof for travellers, Chinese policies."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.families.insurance_certificate_zh import CHINESE
from tiltyard.forensics.documents.families.insurance_parts import cover_span, insurer_name
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, paragraph, put, put_in
from tiltyard.forensics.documents.kit.table import Column, table, themed
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.ornaments.codes import barcode, qr_code
from tiltyard.forensics.documents.ornaments.guilloche import mesh, rosette
from tiltyard.forensics.documents.ornaments.marks import logo
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("insurance_certificate")


def _covers(work: Work, box: Box, form: str, *, most: int = 5) -> float:
    """A table of covers with premiums and their sum below."""
    rng = work.rng
    names = some(rng, work.say("covers").split(";"), int(rng.integers(2, most + 1)))
    premiums = [int(rng.integers(1_500, 60_000)) for _ in names]
    rows = [
        [
            name,
            work.money(int(rng.integers(1, 60)) * 2_500_000),
            work.money(pick(rng, (0, 15_000, 30_000, 50_000))),
            work.money(cents),
        ]
        for name, cents in zip(names, premiums, strict=True)
    ]
    rows.append([work.say("total"), "", "", work.money(sum(premiums))])
    style = themed(work.theme, form, dark=chance(rng, 0.5), head=14, cell=14.5, row=between(rng, 27, 32))
    columns = [
        Column(work.say("cover"), 38),
        Column(work.say("sum"), 24, "right", "amount"),
        Column(work.say("excess"), 19, "right", "amount"),
        Column(work.say("premium"), 19, "right", "amount"),
    ]
    return table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _policy(rng: Generator, long_side: int) -> Canvas:
    """A page: letterhead, holder, terms, covers in a table, signature and stamp."""
    work = begin(rng, long_side, (between(rng, 700, 770), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, insurer = work.body(between(rng, 50, 66)), insurer_name(work)
    if chance(rng, 0.5):
        pale = mixed(look.accent, WHITE, 0.88)
        rosette(canvas, rng, x=canvas.width / 2, y=560, radius=between(rng, 200, 280), colour=pale)
    y = letterhead(work, body.below(40), insurer, (facts.street(), facts.town(), facts.phone()))
    title = look.title(between(rng, 26, 32), pick(rng, (look.ink, look.accent)))
    put_in(canvas, body, y + 42, work.say("certificate"), title, role="title")
    y = paragraph(canvas, body.x, y + 74, work.say("text"), look.text(14), width=body.width, lead=20)
    pairs = _policy_fields(work)
    setting = Look(look.label(14), look.text(15), pick(rng, ("below", "beside", "dotted")), lead=30, column=0.4)
    y = field_columns(canvas, body.x, y + 22, pairs, setting, width=body.width)
    y = _covers(work, body.below(y + 6), pick(rng, ("grid", "lines", "stripes", "bare")))
    _policy_foot(work, body.below(max(y + 110, 800)), insurer)
    return canvas


def _policy_fields(work: Work) -> list[Field]:
    facts = work.facts
    return [
        Field(work.say("policy"), facts.code("@@-###-#######"), "number"),
        Field(work.say("holder"), facts.name(), "name"),
        *cover_span(work),
        Field(work.say("issued"), facts.city(), "address"),
        Field(work.say("insured"), facts.name(), "name"),
    ]


def _policy_foot(work: Work, box: Box, insurer: str) -> None:
    """A line that is signed, the seal, the insurer's address."""
    canvas, rng, facts = work.canvas, work.rng, work.facts
    canvas.rule(box.x, box.y, 240, work.theme.ink)
    put(canvas, box.x, box.y + 20, work.say("sign"), work.theme.label(13), width=240, role="label")
    signature(canvas, rng, facts.name(), x=box.x + 20, y=box.y - 6, width=190)
    firm_seal(work, insurer, x=box.x + box.width * 0.8, y=box.y - 20, width=between(rng, 115, 140))
    small_print(work, box.below(944), (f"{insurer} · {facts.address()}",))


def _vehicle(rng: Generator, long_side: int) -> Canvas:
    """A card for the car: coloured ground, boxed entries, barcode."""
    work = begin(rng, long_side, (1000, between(rng, 600, 680)), WORDS, kind="sans")
    canvas, look = work.canvas, work.theme
    ground = mixed(look.accent, WHITE, between(rng, 0.7, 0.85))
    canvas.area(Box(0, 0, canvas.width, canvas.height), ground)
    mesh(canvas, rng, Box(0, -10, 1000, canvas.height + 20), (mixed(ground, WHITE, 0.4),), pitch=between(rng, 9, 13))
    body, insurer = work.body(44), insurer_name(work)
    logo(canvas, rng, x=body.x, y=30, side=50, colour=look.accent, letter=insurer[0])
    put(canvas, body.x + 66, 64, insurer, look.title(24, look.accent), width=body.width * 0.45, role="name")
    put_in(canvas, body, 64, work.say("vehicle"), look.title(23), share=0.5, align="right", role="title")
    step, row = body.width / 2, (canvas.height - 240) / 4
    for place, pair in enumerate(_vehicle_fields(work)):
        box = Box(body.x + (place % 2) * step, 100 + (place // 2) * row, step, row)
        _boxed(work, box, pair, mixed(ground, WHITE, 0.72))
    _vehicle_foot(work, body, insurer)
    return canvas


def _vehicle_fields(work: Work) -> list[Field]:
    facts, cars = work.facts, ("Corvina 1.6", "Halden Estate", "Mistral GT", "Polaris 2.0", "Taiga 4x4")
    return [
        Field(work.say("policy"), facts.code("##-######-@"), "number"),
        Field(work.say("plate"), facts.code("XX ### @@"), "number"),
        *cover_span(work),
        Field(work.say("make"), pick(work.rng, cars)),
        Field(work.say("frame"), facts.code("XX0@@##@#########"), "number"),
        Field(work.say("holder"), facts.name(), "name"),
        Field(work.say("issued"), facts.address(), "address"),
    ]


def _boxed(work: Work, box: Box, pair: Field, fill: Colour) -> None:
    """A framed entry: its label above, its value large in the middle."""
    canvas, look, x, width = work.canvas, work.theme, box.x + 10, box.width - 20
    canvas.area(box.inset(2), fill)
    canvas.frame(box, look.accent, 1)
    put(canvas, x, box.y + 20, pair.label, look.label(12.5), width=width, role="label")
    base = box.y + box.height * 0.5 + 17
    put(canvas, x, base, pair.value, look.figure(20, cut="bold"), width=width, role=pair.role)


def _vehicle_foot(work: Work, box: Box, insurer: str) -> None:
    canvas, rng, middle = work.canvas, work.rng, box.x + box.width * 0.55
    barcode(canvas, Box(box.x, canvas.height - 114, 330, 60), digits(rng, 12))
    signature(canvas, rng, work.facts.name(), x=middle, y=canvas.height - 66, width=190)
    put(canvas, middle, canvas.height - 34, work.say("sign"), work.theme.label(13), width=200, role="label")
    if chance(rng, 0.6):
        firm_seal(work, insurer, x=box.x + box.width * 0.9, y=canvas.height - 90, width=120)


def _travel(rng: Generator, long_side: int) -> Canvas:
    """A proof for travellers: a coloured side strip, entries, covers, a QR code."""
    work = begin(rng, long_side, (between(rng, 690, 760), 1000), WORDS, kind="sans", white=True)
    canvas, facts, look = work.canvas, work.facts, work.theme
    insurer, strip = insurer_name(work), between(rng, 120, 160)
    _side_strip(work, strip, insurer)
    margin = strip + 36
    width = canvas.width - margin - 40
    put(canvas, margin, 88, work.say("travel"), look.title(28), width=width, role="title")
    y = paragraph(canvas, margin, 124, work.say("text"), look.label(14), width=width, lead=20)
    pairs, form = _travel_fields(work), pick(rng, ("beside", "dotted", "spread"))
    setting = Look(look.label(15), look.text(16, cut="bold"), form, lead=34, column=0.42)
    y = fields(canvas, margin, y + 26, pairs, setting, width=width)
    y = _covers(work, Box(margin, y + 10, width, 0), pick(rng, ("lines", "stripes", "bare")), most=6)
    qr_code(canvas, Box(margin, max(y + 40, 800), 116, 116), "SPECIMEN " + digits(rng, 16))
    put(canvas, margin + 140, 860, work.say("sign"), look.label(13), width=200, role="label")
    signature(canvas, rng, facts.name(), x=margin + 150, y=905, width=190)
    return canvas


def _side_strip(work: Work, width: float, insurer: str) -> None:
    """Rosettes, mark and name down the left edge of the page."""
    canvas, rng, look = work.canvas, work.rng, work.theme
    canvas.area(Box(0, 0, width, 1000), look.accent)
    for height in (640, 780, 920):
        rosette(canvas, rng, x=width / 2, y=height, radius=width * 0.46, colour=mixed(look.accent, WHITE, 0.3))
    logo(canvas, rng, x=width / 2 - 34, y=46, side=68, colour=mixed(look.accent, WHITE, 0.85), letter=insurer[0])
    canvas.turned_text(width / 2, 340, insurer.upper(), look.title(30, WHITE), turns=1, role="name")


def _travel_fields(work: Work) -> list[Field]:
    facts = work.facts
    return [
        Field(work.say("policy"), facts.code("@-#########"), "number"),
        Field(work.say("insured"), facts.name(), "name"),
        Field(work.say("holder"), facts.name(), "name"),
        *cover_span(work),
        Field(work.say("issued"), facts.city(), "address"),
    ]


TEMPLATES = (
    Template("policy", "latin", _policy),
    Template("vehicle", "latin", _vehicle),
    Template("travel", "latin", _travel),
    *CHINESE,
)
