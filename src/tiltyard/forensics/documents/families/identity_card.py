"""Identity cards of invented places: a plastic card, a residence permit, a staff pass, Chinese service cards."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.card_ground import card_ground
from tiltyard.forensics.documents.families.identity_card_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, put, put_in
from tiltyard.forensics.documents.kit.machine_zone import Bearer, card_lines
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.codes import barcode, qr_code
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import waves
from tiltyard.forensics.documents.ornaments.marks import logo, micro_text
from tiltyard.forensics.documents.ornaments.portrait import Sitter, portrait
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("identity_card")


def _person(work: Work, *, female: bool) -> tuple[list[Field], Bearer]:
    facts = work.facts
    first, last = facts.first_and_last(female=female)
    bearer = Bearer(
        last, first, facts.code("@@#######"), facts.day(1955, 2003), "F" if female else "M", facts.day(2026, 2033)
    )
    return [
        Field(work.say("surname"), last.upper(), "name"),
        Field(work.say("given"), first, "name"),
        Field(work.say("sex"), bearer.sex),
        Field(work.say("born"), short_date(bearer.born, work.language), "date"),
        Field(work.say("nation"), "UTO"),
        Field(work.say("place"), facts.city(), "address"),
        Field(work.say("number"), bearer.number, "number"),
        Field(work.say("issued"), short_date(facts.day(2016, 2023), work.language), "date"),
        Field(work.say("expires"), short_date(bearer.expires, work.language), "date"),
    ], bearer


def _head(work: Work, title: str, *, tall: float) -> None:
    canvas, look, rng = work.canvas, work.theme, work.rng
    state = work.say("state")
    if chance(rng, 0.5):
        canvas.area(Box(0, 0, canvas.width, tall), mixed(look.accent, WHITE, between(rng, 0.0, 0.25)))
        first, second = WHITE, mixed(WHITE, look.accent, 0.1)
    else:
        first, second = look.accent, look.ink
    emblem(canvas, rng, x=72, y=tall / 2 + 2, radius=tall * 0.38, colour=first)
    put(canvas, 132, tall * 0.48, state, look.title(28, first), width=canvas.width * 0.5, role="title")
    put(canvas, 132, tall * 0.84, title, look.text(20, second), width=canvas.width * 0.55, role="title")
    canvas.text(canvas.width - 52, tall * 0.62, "UTO", look.title(34, first), align="right", role="title")


def _card(rng: Generator, long_side: int) -> Canvas:
    """A card across: portrait at one side, entries beside, number and signature."""
    work = begin(rng, long_side, (1000, between(rng, 620, 640)), WORDS, kind="sans")
    canvas, look = work.canvas, work.theme
    card_ground(work)
    tall = between(rng, 92, 112)
    _head(work, work.say("card"), tall=tall)
    female, right = chance(rng, 0.5), chance(rng, 0.3)
    wide = between(rng, 240, 270)
    photo = Box(canvas.width - wide - 50 if right else 50, tall + 30, wide, wide * 1.28)
    grey = chance(rng, 0.3)
    portrait(canvas, rng, photo, Sitter(female), grey=grey)
    people, _ = _person(work, female=female)
    box = Box(56 if right else photo.right + 40, tall + 46, canvas.width - wide - 150, 0)
    y = _card_entries(work, box, people)
    number = people[6].value
    canvas.text(photo.x, photo.bottom + 44, number, Pen("roboto-mono", 26, look.accent, "bold"), role="number")
    small, x = f"{work.say('state')} {number}", box.x
    micro_text(canvas, small, look.text(6, look.accent), x=x, y=canvas.height - 22, width=box.width)
    put(canvas, x, min(y + 6, canvas.height - 74), work.say("sign"), look.label(13), width=120, role="label")
    signature(canvas, rng, people[1].value, x=x + 110, y=min(y + 34, canvas.height - 40), width=220)
    return canvas


def _card_entries(work: Work, box: Box, people: list[Field]) -> float:
    """The names in a row each, the rest in rows of two or three; returns the next free baseline."""
    canvas, look = work.canvas, work.theme
    setting = Look(look.label(14), look.text(22, cut=pick(work.rng, ("regular", "bold"))), "below", lead=24)
    y = fields(canvas, box.x, box.y, people[:2], setting, width=box.width)
    for row in (people[2:5], people[5:7], people[7:]):
        step = box.width / len(row)
        bottom = y
        for place, pair in enumerate(row):
            bottom = fields(canvas, box.x + place * step, y, [pair], setting, width=step - 12)
        y = bottom
    return y


def _permit(rng: Generator, long_side: int) -> Canvas:
    """A permit with a machine-readable zone of the reserved state UTO."""
    work = begin(rng, long_side, (1000, between(rng, 640, 680)), WORDS, kind="sans")
    canvas, look = work.canvas, work.theme
    card_ground(work)
    _head(work, work.say("permit"), tall=96)
    female = chance(rng, 0.5)
    portrait(canvas, rng, Box(48, 120, 220, 286), Sitter(female))
    people, bearer = _person(work, female=female)
    setting = Look(look.label(14.5), look.text(19), pick(rng, ("beside", "below")), lead=33, column=0.42)
    if setting.form == "beside":
        fields(canvas, 306, 148, people, setting, width=640)
    else:
        for place, pair in enumerate(people[:8]):
            fields(canvas, 306 + (place % 2) * 320, 142 + (place // 2) * 66, [pair], setting, width=300)
    _zone(work, bearer)
    return canvas


def _zone(work: Work, bearer: Bearer) -> None:
    canvas, pen = work.canvas, Pen("ibm-plex-mono", 34, (26, 26, 30), tracking=8.5)
    zone = Box(0, canvas.height - 164, canvas.width, 164)
    canvas.area(zone, mixed(WHITE, work.theme.tint, 0.3))
    for place, line in enumerate(card_lines(bearer)):
        put(canvas, 50, zone.y + 50 + place * 42, line, pen, width=900, role="number")


def _staff(rng: Generator, long_side: int) -> Canvas:
    """An upright pass of a firm: coloured head, portrait in the middle, name large, a code below."""
    work = begin(rng, long_side, (between(rng, 620, 660), 1000), WORDS, kind="sans", white=True)
    canvas, look, facts = work.canvas, work.theme, work.facts
    body, middle = work.body(40), canvas.width / 2
    _staff_head(work, facts.company())
    female = chance(rng, 0.5)
    photo = Box(middle - 140, 160, 280, 350)
    canvas.area(photo.inset(-8), WHITE)
    portrait(canvas, rng, photo, Sitter(female))
    first, last = facts.first_and_last(female=female)
    put_in(canvas, body, 574, f"{first} {last}", look.title(38), align="centre", role="name")
    put_in(canvas, body, 616, facts.job(), look.text(22, look.accent), align="centre")
    pairs, form = _staff_fields(work), pick(rng, ("beside", "spread"))
    setting = Look(look.label(19), look.text(21), form, lead=40, column=0.5)
    fields(canvas, 80, 676, pairs, setting, width=canvas.width - 160)
    if chance(rng, 0.5):
        barcode(canvas, Box(middle - 170, 812, 340, 74), digits(rng, 10))
    else:
        qr_code(canvas, Box(middle - 66, 794, 132, 132), "SPECIMEN " + digits(rng, 10))
    canvas.area(Box(0, 962, canvas.width, 38), look.accent)
    put_in(canvas, body, 988, work.say("staff"), look.text(18, WHITE, "bold"), align="centre", role="title")
    return canvas


def _staff_head(work: Work, firm: str) -> None:
    """A coloured area with waves, the firm's mark and name."""
    canvas, rng, look = work.canvas, work.rng, work.theme
    canvas.area(Box(0, 0, canvas.width, between(rng, 200, 300)), look.accent)
    waves(canvas, rng, Box(0, 120, canvas.width, 220), (mixed(look.accent, WHITE, 0.25),), count=16)
    logo(canvas, rng, x=40, y=40, side=56, colour=mixed(look.accent, WHITE, 0.85), letter=firm[0])
    put(canvas, 112, 78, firm, look.title(28, WHITE), width=canvas.width - 150, role="name")


def _staff_fields(work: Work) -> list[Field]:
    facts = work.facts
    return [
        Field(work.say("number"), facts.code("@-#####"), "number"),
        Field(work.say("issued"), short_date(facts.day(2018, 2024), work.language), "date"),
        Field(work.say("expires"), short_date(facts.day(2026, 2030), work.language), "date"),
    ]


TEMPLATES = (
    Template("card", "latin", _card),
    Template("permit", "latin", _permit),
    Template("staff", "latin", _staff),
    *CHINESE,
)
