"""Chinese insurance policies, upright and across."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.families.insurance_parts import cover_span, insurer_name
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put_in
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import in_capitals, long_date
from tiltyard.forensics.documents.ornaments.marks import watermark

WORDS = words("insurance_certificate")
_COVERS_ZH = (
    "机动车损失保险",
    "第三者责任保险",
    "车上人员责任保险",
    "意外伤害保险",
    "住院医疗保险",
    "重大疾病保险",
    "家庭财产保险",
    "附加医疗费用",
)
_TITLES_ZH = ("机动车商业保险单", "个人意外伤害保险单", "综合保险凭证", "家庭财产保险单（电子保单）")
_COLUMNS = (
    Column("序号", 10, "centre", "number"),
    Column("承保险种", 42),
    Column("保险金额（元）", 26, "right", "amount"),
    Column("保险费（元）", 22, "right", "amount"),
)


def _policy_chinese(rng: Generator, long_side: int) -> Canvas:
    return _page_chinese(rng, long_side, (between(rng, 700, 770), 1000))


def _wide_chinese(rng: Generator, long_side: int) -> Canvas:
    return _page_chinese(rng, long_side, (1000, between(rng, 690, 750)))


def _page_chinese(rng: Generator, long_side: int, size: tuple[float, float]) -> Canvas:
    """A Chinese policy: title, entries, covers in a grid with the sum in capitals, seal."""
    work = begin(rng, long_side, size, WORDS, language="zh")
    canvas, look = work.canvas, work.theme
    tall, body, insurer = size[1] > size[0], work.body(between(rng, 46, 60)), insurer_name(work)
    if chance(rng, 0.5):
        ground = Box(0, 120, canvas.width, canvas.height - 200)
        watermark(canvas, insurer[:6], look.title(38, look.accent), ground, strength=0.05)
    y = _head(work, body.below(38), insurer)
    pairs = _entries(work)
    form = pick(rng, ("beside", "dotted"))
    setting = Look(look.label(15.5), look.text(16), form, lead=33 if tall else 29, column=0.26, colon="：")
    y = field_columns(canvas, body.x, y + 110, pairs, setting, width=body.width)
    y = _covers(work, body.below(y), tall=tall)
    base = max(y + 90, canvas.height - between(rng, 120, 180)) if tall else min(y + 72, canvas.height - 60)
    _foot(work, body.below(base), insurer)
    return canvas


def _head(work: Work, box: Box, insurer: str) -> float:
    """Letterhead, title and number; returns the letterhead's bottom edge."""
    canvas, facts, look, rng = work.canvas, work.facts, work.theme, work.rng
    lines = (f"客服电话：{facts.phone()}", f"地址：{facts.address()}")
    y = letterhead(work, box, insurer, lines, form=pick(rng, ("left", "band", "centre")))
    put_in(canvas, box, y + 40, pick(rng, _TITLES_ZH), look.title(28), align="centre", role="title")
    number = f"保险单号：{facts.code('@@@@')}{digits(rng, 16)}"
    put_in(canvas, box, y + 72, number, look.text(15), align="right", role="number")
    return y


def _entries(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    owner = facts.name()
    return [
        Field("投保人", owner, "name"),
        Field("被保险人", owner if chance(rng, 0.6) else facts.name(), "name"),
        Field("证件号码", f"000000********{digits(rng, 4)}", "number"),
        Field("联系电话", facts.phone(), "number"),
        *cover_span(work),
        Field("通讯地址", facts.address(), "address"),
        Field("特别约定", pick(rng, ("无", "详见条款", "每次事故免赔500元"))),
    ]


def _covers(work: Work, box: Box, *, tall: bool) -> float:
    """The covers with their premiums, the sum in capitals and figures below; returns the table's bottom edge."""
    rng, look = work.rng, work.theme
    names = some(rng, _COVERS_ZH, int(rng.integers(3, 7 if tall else 5)))
    premiums = [int(rng.integers(5_000, 300_000)) for _ in names]
    rows = [
        [str(place + 1), name, work.money(int(rng.integers(1, 100)) * 1_000_000), work.money(cents)]
        for place, (name, cents) in enumerate(zip(names, premiums, strict=True))
    ]
    style = TableLook(
        look.text(15.5, cut="bold"),
        look.text(15.5),
        pick(rng, ("grid", "grid", "lines")),
        row=34 if tall else 29,
        line=look.soft,
        head_fill=look.tint,
        middle_heads=True,
    )
    y = table(work.canvas, box.x, box.y, _COLUMNS, rows, style, width=box.width)
    _total(work, box.below(y), sum(premiums))
    return y


def _total(work: Work, box: Box, cents: int) -> None:
    canvas, look = work.canvas, work.theme
    capitals, figures = f"保险费合计（大写）：{in_capitals(cents)}", f"￥{work.money(cents)} 元"
    put_in(canvas, box, box.y + 32, capitals, look.text(16, cut="bold"), share=0.6, role="amount")
    put_in(canvas, box, box.y + 32, figures, look.text(17, cut="bold"), share=0.4, align="right", role="amount")


def _foot(work: Work, box: Box, insurer: str) -> None:
    """The day, who signed, and the seal."""
    canvas, facts, look = work.canvas, work.facts, work.theme
    day = f"签单日期：{long_date(facts.day(2016, 2024), 'zh')}"
    put_in(canvas, box, box.y, day, look.text(15.5), share=0.5, role="date")
    hands = f"经办：{facts.name()}　核保：{facts.name()}"
    put_in(canvas, box, box.y + 28, hands, look.text(15.5), share=0.5, role="name")
    x, y = box.x + box.width * 0.82, min(box.y, canvas.height - 90)
    firm_seal(work, insurer, x=x, y=y, width=between(work.rng, 135, 155), purpose="保单专用章")


CHINESE = (
    Template("policy-zh", "chinese", _policy_chinese),
    Template("wide-zh", "chinese", _wide_chinese),
)
