"""Data pages of passports of invented states, with machine-readable zone and the reserved code UTO."""

from functools import partial

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.families.card_ground import card_ground
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.layout import Field, Look, centred, fields, put, put_in
from tiltyard.forensics.documents.kit.machine_zone import STATE, Bearer, passport_lines
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import long_date, short_date
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import waves
from tiltyard.forensics.documents.ornaments.marks import micro_text
from tiltyard.forensics.documents.ornaments.portrait import Sitter, portrait
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("passport_page")
_SIZE = (1000, 704)
_ROWS = (
    ("type", "code", "number"),
    ("surname",),
    ("given",),
    ("nation", "born"),
    ("sex", "place"),
    ("issued", "authority"),
    ("expires",),
)
_PINYIN_LAST = ("LI", "WANG", "ZHANG", "LIU", "CHEN", "YANG", "ZHAO", "HUANG", "ZHOU", "WU", "XU", "SUN")
_PINYIN_FIRST = (
    "WEI",
    "JING",
    "HAIYAN",
    "XIAOMING",
    "JIANGUO",
    "YUTONG",
    "ZIHAN",
    "LEI",
    "MINGZHU",
    "CHUNHUA",
    "BOWEN",
    "RUIXIN",
)


def _bearer(work: Work, *, female: bool) -> Bearer:
    facts = work.facts
    if work.chinese:
        first, last = pick(work.rng, _PINYIN_FIRST), pick(work.rng, _PINYIN_LAST)
    else:
        first, last = facts.first_and_last(female=female)
    return Bearer(
        last.upper(),
        first.upper() if work.chinese else first,
        facts.code(pick(work.rng, ("@########", "@@#######"))),
        facts.day(1950, 2004),
        "F" if female else "M",
        facts.day(2026, 2034),
    )


def _zone(work: Work, bearer: Bearer) -> None:
    """The zone at the foot: forty-four signs a line, spread over the page."""
    canvas = work.canvas
    top = canvas.height - 128
    canvas.area(Box(0, top, canvas.width, 128), mixed(WHITE, work.theme.tint, between(work.rng, 0.1, 0.5)))
    for place, line in enumerate(passport_lines(bearer)):
        pen = Pen("ibm-plex-mono", 29, (24, 24, 28), tracking=3.2)
        put(canvas, 46, top + 54 + place * 44, line, pen, width=908, role="number")


def _pairs(work: Work, bearer: Bearer) -> dict[str, Field]:
    day = pick(work.rng, (long_date, short_date)) if not work.chinese else short_date
    facts = work.facts
    place = pick(work.rng, ("AMAUROT", "MARIDA", "LYRA")) if work.chinese else facts.city().upper()
    found = {
        "type": Field("", "P"),
        "code": Field("", STATE),
        "number": Field("", bearer.number, "number"),
        "surname": Field("", bearer.last.upper(), "name"),
        "given": Field("", bearer.first.upper(), "name"),
        "nation": Field("", "UTOPIAN"),
        "born": Field("", day(bearer.born, work.language), "date"),
        "sex": Field("", bearer.sex),
        "place": Field("", place, "address"),
        "issued": Field("", day(facts.day(2016, 2023), work.language), "date"),
        "expires": Field("", day(bearer.expires, work.language), "date"),
        "authority": Field("", work.say("office"), "address"),
    }
    return {key: Field(_label(work, key), pair.value, pair.role) for key, pair in found.items()}


def _label(work: Work, key: str) -> str:
    """Own language, then English, as such pages have it."""
    english = WORDS[key]["en"][0]
    own = work.say(key)
    return own if own == english else f"{own} / {english}"


def _data_page(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """Portrait at the left, rows of two or three entries, zone at the foot."""
    work = begin(rng, long_side, _SIZE, WORDS, language=language, kind="sans")
    canvas, look = work.canvas, work.theme
    fine = card_ground(work)
    female = chance(rng, 0.5)
    bearer = _bearer(work, female=female)
    put(canvas, 48, 62, work.say("passport"), look.title(27, look.accent), width=200, role="title")
    put(canvas, 300, 62, work.say("state"), look.title(27, look.accent), width=420, role="title")
    emblem(canvas, rng, x=920, y=60, radius=40, colour=mixed(look.accent, WHITE, 0.2))
    photo = Box(44, 100, between(rng, 232, 250), 316)
    portrait(canvas, rng, photo, Sitter(female, chinese=work.chinese), grey=chance(rng, 0.2))
    _entries(work, _pairs(work, bearer))
    micro_text(canvas, f"{STATE} {bearer.number}", look.text(6, mixed(fine, look.accent, 0.4)), x=44, y=424, width=240)
    signature(canvas, rng, bearer.first.title(), x=56, y=500, width=200)
    put(canvas, 48, 536, _label(work, "sign"), look.label(12.5), width=230, role="label")
    _zone(work, bearer)
    return canvas


def _entries(work: Work, pairs: dict[str, Field]) -> None:
    """The entries right of the portrait, row by row."""
    look, y = work.theme, 110.0
    setting = Look(look.label(13.5), look.text(19.5, cut=pick(work.rng, ("regular", "bold"))), "below", lead=24)
    for row in _ROWS:
        step = 650 / len(row) if len(row) != 2 else 300
        low = y
        for place, key in enumerate(row):
            room = step - 14 if len(row) != 2 else (286 if place == 0 else 336)
            low = fields(work.canvas, 318 + place * step, y, [pairs[key]], setting, width=room)
        y = low + between(work.rng, 7, 9)


def _mirrored(rng: Generator, long_side: int) -> Canvas:
    """Entries at the left in a narrow column, portrait at the right with a pale second one."""
    work = begin(rng, long_side, _SIZE, WORDS, kind="sans")
    canvas, look = work.canvas, work.theme
    card_ground(work)
    female = chance(rng, 0.5)
    bearer = _bearer(work, female=female)
    canvas.area(Box(0, 0, canvas.width, 74), mixed(look.accent, WHITE, between(rng, 0.05, 0.3)))
    put(canvas, 48, 48, f"{work.say('state')} · {work.say('passport')}", look.title(27, WHITE), width=640, role="title")
    canvas.text(950, 50, bearer.number, Pen("roboto-mono", 28, WHITE, "bold"), align="right", role="number")
    portrait(canvas, rng, Box(706, 104, 246, 316), Sitter(female))
    waves(canvas, rng, Box(690, 424, 280, 70), (mixed(look.accent, WHITE, 0.5),), count=9)
    pairs = _pairs(work, bearer)
    setting = Look(look.label(14), look.text(18.5), "beside", lead=between(rng, 37, 41), column=0.42)
    order = ["surname", "given", "born", "sex", "place", "nation", "issued", "expires", "authority", "type"]
    fields(canvas, 48, 124, [pairs[key] for key in order], setting, width=620)
    signature(canvas, rng, bearer.first.title(), x=722, y=530, width=210)
    put(canvas, 706, 556, _label(work, "sign"), look.label(12.5), width=246, align="centre", role="label")
    _zone(work, bearer)
    return canvas


def _booklet(rng: Generator, long_side: int) -> Canvas:
    """The open booklet: a page of remarks above, the data page below the fold."""
    work = begin(rng, long_side, (720, 1000), WORDS, kind=pick(rng, ("sans", "serif")))
    canvas, look = work.canvas, work.theme
    card_ground(work)
    female = chance(rng, 0.5)
    bearer = _bearer(work, female=female)
    _upper_page(work, bearer)
    canvas.area(Box(0, 497, canvas.width, 3), mixed(look.accent, WHITE, 0.4))
    portrait(canvas, rng, Box(40, 560, 190, 244), Sitter(female))
    put(canvas, 40, 540, work.say("passport"), look.title(19, look.accent), width=300, role="title")
    pairs = _pairs(work, bearer)
    setting = Look(look.label(10.5), look.text(15), "below", lead=18)
    order = ("surname", "given", "nation", "born", "sex", "place", "issued", "expires", "authority")
    for place, key in enumerate(order):
        row = place if place < 2 else 2 + (place - 2) // 2
        left = 252 + ((place - 2) % 2) * 225 if place > 1 else 252
        fields(canvas, left, 560 + row * 42, [pairs[key]], setting, width=212 if place > 1 else 430)
    _zone_narrow(work, bearer)
    return canvas


def _upper_page(work: Work, bearer: Bearer) -> None:
    """Emblem, state, signature and number above the fold."""
    canvas, look, rng, box = work.canvas, work.theme, work.rng, work.body(60)
    emblem(canvas, rng, x=360, y=130, radius=62, colour=mixed(look.accent, WHITE, 0.3))
    put_in(canvas, box, 260, work.say("state"), look.title(30, look.accent), align="centre", role="title")
    put_in(canvas, box, 300, work.say("passport"), look.text(22, look.accent), align="centre", role="title")
    put_in(canvas, box, 400, _label(work, "sign"), look.label(13), align="centre", role="label")
    signature(canvas, rng, f"{bearer.first} {bearer.last.title()}", x=240, y=380, width=240)
    pen = Pen("space-mono", 24, mixed(look.accent, look.ink, 0.3), tracking=6)
    centred(canvas, 460, bearer.number, pen, role="number")


def _zone_narrow(work: Work, bearer: Bearer) -> None:
    canvas, pen = work.canvas, Pen("ibm-plex-mono", 21, (24, 24, 28), tracking=2.2)
    canvas.area(Box(0, 872, canvas.width, 128), mixed(WHITE, work.theme.tint, 0.4))
    for place, line in enumerate(passport_lines(bearer)):
        put(canvas, 34, 922 + place * 36, line, pen, width=652, role="number")


TEMPLATES = (
    Template("data-page", "latin", partial(_data_page, language="")),
    Template("mirrored", "latin", _mirrored),
    Template("booklet", "latin", _booklet),
    Template("data-page-zh", "chinese", partial(_data_page, language="zh")),
)
