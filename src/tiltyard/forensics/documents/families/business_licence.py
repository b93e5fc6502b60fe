"""Business licences: framed certificates, an extract of a register, Chinese licences upright and across."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.business_licence_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, paragraph, put, put_in
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import long_date
from tiltyard.forensics.documents.ornaments.codes import qr_code
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import border, mesh, rosette
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("business_licence")


def _facts_of_firm(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = facts.day(2008, 2020)
    return [
        Field(work.say("firm"), facts.company(), "name"),
        Field(work.say("number"), facts.code("XX-######/##"), "number"),
        Field(work.say("owner"), facts.name(), "name"),
        Field(work.say("address"), facts.address(), "address"),
        Field(work.say("trade"), pick(rng, work.say("trades").split(";"))),
        Field(work.say("capital"), f"{work.money(int(rng.integers(1, 60)) * 500_000)} EUR", "amount"),
        Field(work.say("founded"), long_date(day, work.language), "date"),
        Field(work.say("until"), long_date(day.replace(year=day.year + 10, day=1), work.language), "date"),
    ]


def _upright(rng: Generator, long_side: int) -> Canvas:
    return _certificate(rng, long_side, (between(rng, 700, 780), 1000))


def _across(rng: Generator, long_side: int) -> Canvas:
    return _certificate(rng, long_side, (1000, between(rng, 690, 760)))


def _certificate(rng: Generator, long_side: int, size: tuple[float, float]) -> Canvas:
    """A framed certificate on a ground of waves, signed and sealed."""
    work = begin(rng, long_side, size, WORDS, kind="serif")
    canvas, look = work.canvas, work.theme
    frame = Box(26, 26, canvas.width - 52, canvas.height - 52)
    _framed(work, frame)
    tall = canvas.height > canvas.width
    body, y = work.body(frame.x + 56), frame.y + 40
    if tall or chance(rng, 0.6):
        emblem(canvas, rng, x=canvas.width / 2, y=y + 36, radius=38, colour=look.accent)
        y += 84
    y = _certificate_title(work, body.below(y))
    setting = Look(
        look.label(15.5),
        look.text(17, cut=pick(rng, ("regular", "bold"))),
        pick(rng, ("beside", "dotted")),
        lead=between(rng, 34, 42) if tall else 31,
        column=0.32,
    )
    pairs = _facts_of_firm(work)
    kept = pairs if tall else pairs[:7]
    y = fields(canvas, body.x, y + 12, kept, setting, width=body.width)
    base = max(y + 70, canvas.height - between(rng, 150, 220)) if tall else min(y + 40, canvas.height - 78)
    _signed(work, body.below(base))
    return canvas


def _framed(work: Work, frame: Box) -> None:
    """An engraved border around fine waves and a rosette."""
    canvas, rng, accent = work.canvas, work.rng, work.theme.accent
    if chance(rng, 0.6):
        mesh(canvas, rng, frame.inset(20), (mixed(accent, WHITE, 0.88),), pitch=between(rng, 10, 15))
    x, y, radius = canvas.width / 2, canvas.height * 0.55, canvas.height * 0.24
    rosette(canvas, rng, x=x, y=y, radius=radius, colour=mixed(accent, WHITE, 0.82))
    border(canvas, frame, mixed(accent, WHITE, 0.15), thick=between(rng, 14, 20), pitch=between(rng, 14, 22))


def _certificate_title(work: Work, box: Box) -> float:
    """The office, the title, what is certified; returns the next free baseline."""
    canvas, look, rng = work.canvas, work.theme, work.rng
    put_in(canvas, box, box.y + 24, work.say("authority"), look.text(17), align="centre")
    title = Pen(look.title_face, between(rng, 34, 42), pick(rng, (look.accent, look.ink)), "bold", 2)
    put_in(canvas, box, box.y + 78, work.say("licence"), title, align="centre", role="title")
    text = look.text(15.5)
    return paragraph(canvas, box.x, box.y + 118, work.say("certify"), text, width=box.width, lead=22) + 16


def _signed(work: Work, box: Box) -> None:
    """A line that is signed at the left, the office's seal at the right."""
    canvas, look, rng = work.canvas, work.theme, work.rng
    canvas.rule(box.x, box.y, box.width * 0.34, look.ink)
    label = look.label(14)
    put(canvas, box.x, box.y + 20, work.say("sign"), label, width=box.width * 0.34, align="centre", role="label")
    signature(canvas, rng, work.facts.name(), x=box.x + 20, y=box.y - 6, width=180)
    office = work.say("authority").split(",")[0]
    firm_seal(work, office, x=box.x + box.width * 0.82, y=box.y - 20, width=between(rng, 125, 150))


def _extract(rng: Generator, long_side: int) -> Canvas:
    """A sober extract from a register: numbered entries between rules."""
    work = begin(rng, long_side, (between(rng, 700, 770), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, authority = work.body(between(rng, 54, 74)), work.say("authority")
    lines = (facts.town(), facts.phone())
    y = letterhead(work, body.below(42), authority, lines, form=pick(rng, ("centre", "left")))
    put_in(canvas, body, y + 42, work.say("extract"), look.title(27), role="title")
    y, setting = y + 84, Look(look.label(14.5), look.text(16.5), "below", lead=20)
    for place, pair in enumerate(_facts_of_firm(work)):
        put(canvas, body.x, y, f"{place + 1}.", look.label(15), width=30, role="number")
        y = fields(canvas, body.x + 36, y, [pair], setting, width=body.width - 36)
        canvas.rule(body.x, y - 2, body.width, mixed(look.soft, WHITE, 0.5))
        y += 26
    qr_code(canvas, Box(body.x, 810, 100, 100), "SPECIMEN " + digits(rng, 14))
    x = body.x + body.width * 0.78
    firm_seal(work, authority.split(",")[0], x=x, y=850, width=between(rng, 120, 150))
    small_print(work, body.below(946), (work.say("small"),))
    return canvas


TEMPLATES = (
    Template("upright", "latin", _upright),
    Template("across", "latin", _across),
    Template("extract", "latin", _extract),
    *CHINESE,
)
