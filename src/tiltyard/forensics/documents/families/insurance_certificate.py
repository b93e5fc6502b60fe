"""Insurance certificates: a policy page, a vehicle card, a proof for travellers, Chinese policies."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.families.insurance_certificate_zh import CHINESE
from tiltyard.forensics.documents.families.insurance_parts import cover_span, insurer_name
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, paragraph, put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
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
    rng, look = work.rng, work.theme
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
    dark = chance(rng, 0.5)
    style = TableLook(
        look.text(14, WHITE if dark else look.ink, "bold"),
        look.text(14.5),
        form,
        row=between(rng, 27, 32),
        stripe=look.tint,
        line=mixed(look.soft, WHITE, 0.4),
        head_fill=look.accent if dark else look.tint,
    )
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
    margin, insurer = between(rng, 50, 66), insurer_name(work)
    width = canvas.width - 2 * margin
    if chance(rng, 0.5):
        rosette(
            canvas,
            rng,
            x=canvas.width / 2,
            y=560,
            radius=between(rng, 200, 280),
            colour=mixed(look.accent, WHITE, 0.88),
        )
    y = letterhead(work, Box(margin, 40, width, 90), insurer, (facts.street(), facts.town(), facts.phone()))
    put(
        canvas,
        margin,
        y + 42,
        work.say("certificate"),
        look.title(between(rng, 26, 32), pick(rng, (look.ink, look.accent))),
        width=width,
        role="title",
    )
    y = paragraph(canvas, margin, y + 74, work.say("text"), look.text(14), width=width, lead=20)
    pairs = [
        Field(work.say("policy"), facts.code("@@-###-#######"), "number"),
        Field(work.say("holder"), facts.name(), "name"),
        *cover_span(work),
        Field(work.say("issued"), facts.city(), "address"),
        Field(work.say("insured"), facts.name(), "name"),
    ]
    y = field_columns(
        canvas,
        margin,
        y + 22,
        pairs,
        Look(look.label(14), look.text(15), pick(rng, ("below", "beside", "dotted")), lead=30, column=0.4),
        width=width,
    )
    y = _covers(work, Box(margin, y + 6, width, 0), pick(rng, ("grid", "lines", "stripes", "bare")))
    base = max(y + 110, 800)
    canvas.rule(margin, base, 240, look.ink)
    put(canvas, margin, base + 20, work.say("sign"), look.label(13), width=240, role="label")
    signature(canvas, rng, facts.name(), x=margin + 20, y=base - 6, width=190)
    firm_seal(work, insurer, x=margin + width * 0.8, y=base - 20, width=between(rng, 115, 140))
    small_print(work, Box(margin, 944, width, 30), (f"{insurer} · {facts.address()}",))
    return canvas


def _vehicle(rng: Generator, long_side: int) -> Canvas:
    """A card for the car: coloured ground, boxed entries, barcode."""
    work = begin(rng, long_side, (1000, between(rng, 600, 680)), WORDS, kind="sans")
    canvas, facts, look = work.canvas, work.facts, work.theme
    ground = mixed(look.accent, WHITE, between(rng, 0.7, 0.85))
    canvas.area(Box(0, 0, canvas.width, canvas.height), ground)
    mesh(canvas, rng, Box(0, -10, 1000, canvas.height + 20), (mixed(ground, WHITE, 0.4),), pitch=between(rng, 9, 13))
    margin, insurer = 44.0, insurer_name(work)
    width = canvas.width - 2 * margin
    logo(canvas, rng, x=margin, y=30, side=50, colour=look.accent, letter=insurer[0])
    put(canvas, margin + 66, 64, insurer, look.title(24, look.accent), width=width * 0.45, role="name")
    put(
        canvas,
        margin + width * 0.5,
        64,
        work.say("vehicle"),
        look.title(23),
        width=width * 0.5,
        align="right",
        role="title",
    )
    pairs = [
        Field(work.say("policy"), facts.code("##-######-@"), "number"),
        Field(work.say("plate"), facts.code("XX ### @@"), "number"),
        *cover_span(work),
        Field(work.say("make"), pick(rng, ("Corvina 1.6", "Halden Estate", "Mistral GT", "Polaris 2.0", "Taiga 4x4"))),
        Field(work.say("frame"), facts.code("XX0@@##@#########"), "number"),
        Field(work.say("holder"), facts.name(), "name"),
        Field(work.say("issued"), facts.address(), "address"),
    ]
    step, row = width / 2, (canvas.height - 240) / 4
    for place, pair in enumerate(pairs):
        box = Box(margin + (place % 2) * step, 100 + (place // 2) * row, step, row)
        canvas.area(box.inset(2), mixed(ground, WHITE, 0.72))
        canvas.frame(box, look.accent, 1)
        put(canvas, box.x + 10, box.y + 20, pair.label, look.label(12.5), width=step - 20, role="label")
        put(
            canvas,
            box.x + 10,
            box.y + row * 0.5 + 17,
            pair.value,
            look.figure(20, cut="bold"),
            width=step - 20,
            role=pair.role,
        )
    barcode(canvas, Box(margin, canvas.height - 114, 330, 60), digits(rng, 12))
    signature(canvas, rng, facts.name(), x=margin + width * 0.55, y=canvas.height - 66, width=190)
    put(canvas, margin + width * 0.55, canvas.height - 34, work.say("sign"), look.label(13), width=200, role="label")
    if chance(rng, 0.6):
        firm_seal(work, insurer, x=margin + width * 0.9, y=canvas.height - 90, width=120)
    return canvas


def _travel(rng: Generator, long_side: int) -> Canvas:
    """A proof for travellers: a coloured side strip, entries, covers, a QR code."""
    work = begin(rng, long_side, (between(rng, 690, 760), 1000), WORDS, kind="sans", white=True)
    canvas, facts, look = work.canvas, work.facts, work.theme
    insurer, strip = insurer_name(work), between(rng, 120, 160)
    canvas.area(Box(0, 0, strip, 1000), look.accent)
    for height in (640, 780, 920):
        rosette(canvas, rng, x=strip / 2, y=height, radius=strip * 0.46, colour=mixed(look.accent, WHITE, 0.3))
    logo(canvas, rng, x=strip / 2 - 34, y=46, side=68, colour=mixed(look.accent, WHITE, 0.85), letter=insurer[0])
    canvas.turned_text(strip / 2, 340, insurer.upper(), look.title(30, WHITE), turns=1, role="name")
    margin = strip + 36
    width = canvas.width - margin - 40
    put(canvas, margin, 88, work.say("travel"), look.title(28), width=width, role="title")
    y = paragraph(canvas, margin, 124, work.say("text"), look.label(14), width=width, lead=20)
    pairs = [
        Field(work.say("policy"), facts.code("@-#########"), "number"),
        Field(work.say("insured"), facts.name(), "name"),
        Field(work.say("holder"), facts.name(), "name"),
        *cover_span(work),
        Field(work.say("issued"), facts.city(), "address"),
    ]
    y = fields(
        canvas,
        margin,
        y + 26,
        pairs,
        Look(
            look.label(15), look.text(16, cut="bold"), pick(rng, ("beside", "dotted", "spread")), lead=34, column=0.42
        ),
        width=width,
    )
    y = _covers(work, Box(margin, y + 10, width, 0), pick(rng, ("lines", "stripes", "bare")), most=6)
    qr_code(canvas, Box(margin, max(y + 40, 800), 116, 116), "SPECIMEN " + digits(rng, 16))
    put(canvas, margin + 140, 860, work.say("sign"), look.label(13), width=200, role="label")
    signature(canvas, rng, facts.name(), x=margin + 150, y=905, width=190)
    return canvas


TEMPLATES = (
    Template("policy", "latin", _policy),
    Template("vehicle", "latin", _vehicle),
    Template("travel", "latin", _travel),
    *CHINESE,
)
