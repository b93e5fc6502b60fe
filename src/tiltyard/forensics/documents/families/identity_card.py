"""Identity cards of invented places: a plastic card, a residence permit, a staff pass, Chinese service cards."""

import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, put, wrapped
from tiltyard.forensics.documents.kit.machine_zone import Bearer, card_lines
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.codes import barcode, qr_code
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import mesh, rosette, waves
from tiltyard.forensics.documents.ornaments.marks import logo, micro_text
from tiltyard.forensics.documents.ornaments.portrait import Sitter, portrait
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("identity_card")
_SOFT: tuple[tuple[Colour, Colour], ...] = (
    ((206, 226, 238), (244, 220, 226)),
    ((216, 234, 220), (236, 232, 206)),
    ((226, 220, 240), (210, 230, 240)),
    ((244, 228, 208), (222, 232, 220)),
    ((214, 222, 240), (240, 236, 226)),
)


def card_ground(work: Work) -> Colour:
    """A card's ground: a fade of two pale colours under waves and rosettes; returns a colour for more of them."""
    rng, canvas = work.rng, work.canvas
    left, right = pick(rng, _SOFT)
    fade = np.linspace(left, right, canvas.pixels.shape[1])
    canvas.pixels[:] = np.rint(fade).astype(np.uint8)
    fine = mixed(work.theme.accent, WHITE, between(rng, 0.55, 0.68))
    mesh(
        canvas,
        rng,
        Box(0, -20, canvas.width, canvas.height + 40),
        (mixed(left, fine, 0.35), mixed(right, fine, 0.35)),
        pitch=between(rng, 9, 14),
    )
    for _ in range(int(rng.integers(1, 3))):
        rosette(
            canvas,
            rng,
            x=between(rng, 0.2, 0.9) * canvas.width,
            y=between(rng, 0.3, 0.8) * canvas.height,
            radius=between(rng, 110, 230),
            colour=mixed(fine, right, 0.4),
            rings=9,
        )
    return fine


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
    """A card across: portrait at one side, entries beside, a chip or a ghost of the portrait."""
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
    x = 56.0 if right else photo.right + 40
    width = canvas.width - wide - 150
    people, _ = _person(work, female=female)
    setting = Look(look.label(14), look.text(22, cut=pick(rng, ("regular", "bold"))), "below", lead=24)
    y = fields(canvas, x, tall + 46, people[:2], setting, width=width)
    for row in (people[2:5], people[5:7], people[7:]):
        step = width / len(row)
        bottom = y
        for place, pair in enumerate(row):
            bottom = fields(canvas, x + place * step, y, [pair], setting, width=step - 12)
        y = bottom
    number = people[6].value
    canvas.text(photo.x, photo.bottom + 44, number, Pen("roboto-mono", 26, look.accent, "bold"), role="number")
    micro_text(
        canvas, work.say("state") + " " + number, look.text(6, look.accent), x=x, y=canvas.height - 22, width=width
    )
    put(canvas, x, min(y + 6, canvas.height - 74), work.say("sign"), look.label(13), width=120, role="label")
    signature(canvas, rng, people[1].value, x=x + 110, y=min(y + 34, canvas.height - 40), width=220)
    return canvas


def _permit(rng: Generator, long_side: int) -> Canvas:
    """A permit with a machine-readable zone of the reserved state UTO."""
    work = begin(rng, long_side, (1000, between(rng, 640, 680)), WORDS, kind="sans")
    canvas, look = work.canvas, work.theme
    card_ground(work)
    _head(work, work.say("permit"), tall=96)
    female = chance(rng, 0.5)
    photo = Box(48, 120, 220, 286)
    portrait(canvas, rng, photo, Sitter(female))
    people, bearer = _person(work, female=female)
    setting = Look(look.label(14.5), look.text(19), pick(rng, ("beside", "below")), lead=33, column=0.42)
    if setting.form == "beside":
        fields(canvas, 306, 148, people, setting, width=640)
    else:
        for place, pair in enumerate(people[:8]):
            fields(canvas, 306 + (place % 2) * 320, 142 + (place // 2) * 66, [pair], setting, width=300)
    zone = Box(0, canvas.height - 164, canvas.width, 164)
    canvas.area(zone, mixed(WHITE, look.tint, 0.3))
    for place, line in enumerate(card_lines(bearer)):
        put(
            canvas,
            50,
            zone.y + 50 + place * 42,
            line,
            Pen("ibm-plex-mono", 34, (26, 26, 30), tracking=8.5),
            width=900,
            role="number",
        )
    return canvas


def _staff(rng: Generator, long_side: int) -> Canvas:
    """An upright pass of a firm: coloured head, portrait in the middle, name large, a code below."""
    work = begin(rng, long_side, (between(rng, 620, 660), 1000), WORDS, kind="sans", white=True)
    canvas, look, facts = work.canvas, work.theme, work.facts
    firm, middle = facts.company(), canvas.width / 2
    canvas.area(Box(0, 0, canvas.width, between(rng, 200, 300)), look.accent)
    waves(canvas, rng, Box(0, 120, canvas.width, 220), (mixed(look.accent, WHITE, 0.25),), count=16)
    logo(canvas, rng, x=40, y=40, side=56, colour=mixed(look.accent, WHITE, 0.85), letter=firm[0])
    put(canvas, 112, 78, firm, look.title(28, WHITE), width=canvas.width - 150, role="name")
    female = chance(rng, 0.5)
    photo = Box(middle - 140, 160, 280, 350)
    canvas.area(photo.inset(-8), WHITE)
    portrait(canvas, rng, photo, Sitter(female))
    first, last = facts.first_and_last(female=female)
    put(canvas, 40, 574, f"{first} {last}", look.title(38), width=canvas.width - 80, align="centre", role="name")
    put(canvas, 40, 616, facts.job(), look.text(22, look.accent), width=canvas.width - 80, align="centre")
    pairs = [
        Field(work.say("number"), facts.code("@-#####"), "number"),
        Field(work.say("issued"), short_date(facts.day(2018, 2024), work.language), "date"),
        Field(work.say("expires"), short_date(facts.day(2026, 2030), work.language), "date"),
    ]
    fields(
        canvas,
        80,
        676,
        pairs,
        Look(look.label(19), look.text(21), pick(rng, ("beside", "spread")), lead=40, column=0.5),
        width=canvas.width - 160,
    )
    if chance(rng, 0.5):
        barcode(canvas, Box(middle - 170, 812, 340, 74), digits(rng, 10))
    else:
        qr_code(canvas, Box(middle - 66, 794, 132, 132), "SPECIMEN " + digits(rng, 10))
    canvas.area(Box(0, 962, canvas.width, 38), look.accent)
    put(
        canvas,
        40,
        988,
        work.say("staff"),
        look.text(18, WHITE, "bold"),
        width=canvas.width - 80,
        align="centre",
        role="title",
    )
    return canvas


def _service_chinese(rng: Generator, long_side: int) -> Canvas:
    """A residents' service card of an invented town: entries at the left, portrait at the right, number below."""
    work = begin(
        rng, long_side, (1000, between(rng, 620, 640)), WORDS, language="zh", kind=pick(rng, ("sans", "sans", "serif"))
    )
    canvas, look, facts = work.canvas, work.theme, work.facts
    card_ground(work)
    female = chance(rng, 0.5)
    place = pick(rng, ("乌托邦市", "桃源市", "云梦新区", "蓬莱示范区"))
    emblem(canvas, rng, x=84, y=72, radius=38, colour=look.accent)
    put(
        canvas,
        140,
        86,
        place + pick(rng, ("居民服务卡", "居住登记卡", "市民卡", "人才服务证")),
        look.title(36, look.accent),
        width=640,
        role="title",
    )
    photo = Box(690, 130, 250, 318)
    portrait(canvas, rng, photo, Sitter(female, chinese=True))
    first, last = facts.first_and_last(female=female)
    day = facts.day(1955, 2003)
    value, label = look.text(25), look.text(20, mixed(look.accent, look.ink, 0.2))
    born = f"{day.year} 年 {day.month} 月 {day.day} 日"
    pairs = [
        Field("姓名", (last + first).replace(" ", ""), "name"),
        Field("性别", ("女" if female else "男")),
        Field("出生", born, "date"),
    ]
    y = fields(canvas, 70, 176, pairs, Look(label, value, lead=between(rng, 56, 62), column=0.17), width=590)
    put(canvas, 70, y, "住址", label, width=100, role="label")
    for line in wrapped(canvas, facts.address(), value, 470)[:3]:
        put(canvas, 170, y, line, value, width=490, role="address")
        y += 34
    base = canvas.height - 80
    put(canvas, 70, base, "服务卡编号", label, width=180, role="label")
    canvas.text(
        300,
        base + 2,
        "000000" + f"{day:%Y%m%d}" + digits(rng, 3) + "X",
        Pen("noto-sans-sc", 32, look.ink, tracking=4),
        role="number",
    )
    put(
        canvas,
        70,
        canvas.height - 34,
        f"有效期限 {facts.day(2016, 2022):%Y.%m.%d}-{facts.day(2026, 2036):%Y.%m.%d}",
        look.text(17),
        width=600,
        role="date",
    )
    return canvas


def _work_chinese(rng: Generator, long_side: int) -> Canvas:
    """An upright staff pass in Chinese."""
    work = begin(rng, long_side, (between(rng, 620, 670), 1000), WORDS, language="zh", kind="sans", white=True)
    canvas, look, facts = work.canvas, work.theme, work.facts
    middle, firm, female = canvas.width / 2, facts.company(), chance(rng, 0.5)
    canvas.area(Box(0, 0, canvas.width, 150), look.accent)
    put(canvas, 40, 64, firm, look.title(30, WHITE), width=canvas.width - 80, align="centre", role="name")
    canvas.text(
        middle,
        122,
        pick(rng, ("工作证", "员工证", "出入证")),
        Pen(look.title_face, 40, WHITE, "bold", 16),
        align="centre",
        role="title",
    )
    portrait(
        canvas, rng, Box(middle - 130, 190, 260, 340), Sitter(female, chinese=True), ground=pick(rng, ("pale", "bold"))
    )
    first, last = facts.first_and_last(female=female)
    pairs = [
        Field("姓　名", (last + first).replace(" ", ""), "name"),
        Field("部　门", pick(rng, ("技术部", "市场部", "财务部", "行政部", "工程部"))),
        Field("职　务", facts.job()),
        Field("编　号", digits(rng, 6), "number"),
    ]
    look_of = Look(
        look.label(25),
        look.text(27),
        pick(rng, ("dotted", "beside")),
        lead=between(rng, 62, 70),
        column=0.32,
        colon="：",
    )
    fields(canvas, 100, 606, pairs, look_of, width=canvas.width - 200)
    waves(
        canvas,
        rng,
        Box(0, 900, canvas.width, 90),
        (mixed(look.accent, WHITE, 0.5), mixed(look.accent, WHITE, 0.7)),
        count=12,
    )
    put(
        canvas,
        40,
        912,
        f"有效期至 {short_date(facts.day(2026, 2030), 'zh')}",
        look.text(20),
        width=canvas.width - 80,
        align="centre",
        role="date",
    )
    return canvas


TEMPLATES = (
    Template("card", "latin", _card),
    Template("permit", "latin", _permit),
    Template("staff", "latin", _staff),
    Template("service-zh", "chinese", _service_chinese),
    Template("work-zh", "chinese", _work_chinese),
)
