"""Chinese identity cards of invented places: a service card across, an upright staff pass."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.card_ground import card_ground
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.layout import Field, Look, centred, fields, put, put_in, wrapped
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import waves
from tiltyard.forensics.documents.ornaments.portrait import Sitter, portrait

WORDS = words("identity_card")
_TOWNS = ("乌托邦市", "桃源市", "云梦新区", "蓬莱示范区")
_CARDS = ("居民服务卡", "居住登记卡", "市民卡", "人才服务证")


def _service_chinese(rng: Generator, long_side: int) -> Canvas:
    """A residents' service card of an invented town: entries at the left, portrait at the right, number below."""
    size, kind = (1000.0, between(rng, 620, 640)), pick(rng, ("sans", "sans", "serif"))
    work = begin(rng, long_side, size, WORDS, language="zh", kind=kind)
    canvas, look = work.canvas, work.theme
    card_ground(work)
    female, town = chance(rng, 0.5), pick(rng, _TOWNS)
    emblem(canvas, rng, x=84, y=72, radius=38, colour=look.accent)
    put(canvas, 140, 86, town + pick(rng, _CARDS), look.title(36, look.accent), width=640, role="title")
    portrait(canvas, rng, Box(690, 130, 250, 318), Sitter(female, chinese=True))
    name, day = _name(work, female=female), work.facts.day(1955, 2003)
    pairs = [
        Field("姓名", name, "name"),
        Field("性别", ("女" if female else "男")),
        Field("出生", f"{day.year} 年 {day.month} 月 {day.day} 日", "date"),
    ]
    _resident(work, pairs)
    _service_foot(work, f"{day:%Y%m%d}")
    return canvas


def _name(work: Work, *, female: bool) -> str:
    first, last = work.facts.first_and_last(female=female)
    return (last + first).replace(" ", "")


def _resident(work: Work, pairs: list[Field]) -> None:
    """The entries about the person, the address last."""
    canvas, look = work.canvas, work.theme
    value, label = look.text(25), look.text(20, mixed(look.accent, look.ink, 0.2))
    setting = Look(label, value, lead=between(work.rng, 56, 62), column=0.17)
    y = fields(canvas, 70, 176, pairs, setting, width=590)
    put(canvas, 70, y, "住址", label, width=100, role="label")
    for place, line in enumerate(wrapped(canvas, work.facts.address(), value, 470)[:3]):
        put(canvas, 170, y + place * 34, line, value, width=490, role="address")


def _service_foot(work: Work, born: str) -> None:
    """The card's number, which no true one can equal, and how long it is good for."""
    canvas, look, facts = work.canvas, work.theme, work.facts
    base, label = canvas.height - 80, look.text(20, mixed(look.accent, look.ink, 0.2))
    put(canvas, 70, base, "服务卡编号", label, width=180, role="label")
    number, pen = f"000000{born}{digits(work.rng, 3)}X", Pen("noto-sans-sc", 32, look.ink, tracking=4)
    canvas.text(300, base + 2, number, pen, role="number")
    span = f"有效期限 {facts.day(2016, 2022):%Y.%m.%d}-{facts.day(2026, 2036):%Y.%m.%d}"
    put(canvas, 70, canvas.height - 34, span, look.text(17), width=600, role="date")


def _work_chinese(rng: Generator, long_side: int) -> Canvas:
    """An upright staff pass in Chinese."""
    work = begin(rng, long_side, (between(rng, 620, 670), 1000), WORDS, language="zh", kind="sans", white=True)
    canvas, look = work.canvas, work.theme
    body, firm, female = work.body(40), work.facts.company(), chance(rng, 0.5)
    canvas.area(Box(0, 0, canvas.width, 150), look.accent)
    put_in(canvas, body, 64, firm, look.title(30, WHITE), align="centre", role="name")
    centred(canvas, 122, pick(rng, ("工作证", "员工证", "出入证")), look.title(40, WHITE, tracking=16))
    photo, ground = Box(canvas.width / 2 - 130, 190, 260, 340), pick(rng, ("pale", "bold"))
    portrait(canvas, rng, photo, Sitter(female, chinese=True), ground=ground)
    pairs, form = _employee(work, female=female), pick(rng, ("dotted", "beside"))
    setting = Look(look.label(25), look.text(27), form, lead=between(rng, 62, 70), column=0.32, colon="：")
    fields(canvas, 100, 606, pairs, setting, width=canvas.width - 200)
    pale = (mixed(look.accent, WHITE, 0.5), mixed(look.accent, WHITE, 0.7))
    waves(canvas, rng, Box(0, 900, canvas.width, 90), pale, count=12)
    until = f"有效期至 {short_date(work.facts.day(2026, 2030), 'zh')}"
    put_in(canvas, body, 912, until, look.text(20), align="centre", role="date")
    return canvas


def _employee(work: Work, *, female: bool) -> list[Field]:
    return [
        Field("姓　名", _name(work, female=female), "name"),
        Field("部　门", pick(work.rng, ("技术部", "市场部", "财务部", "行政部", "工程部"))),
        Field("职　务", work.facts.job()),
        Field("编　号", digits(work.rng, 6), "number"),
    ]


CHINESE = (
    Template("service-zh", "chinese", _service_chinese),
    Template("work-zh", "chinese", _work_chinese),
)
