"""Chinese insurance policies, upright and across."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.families.insurance_parts import cover_span, insurer_name
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, begin
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


def _policy_chinese(rng: Generator, long_side: int) -> Canvas:
    return _page_chinese(rng, long_side, (between(rng, 700, 770), 1000))


def _wide_chinese(rng: Generator, long_side: int) -> Canvas:
    return _page_chinese(rng, long_side, (1000, between(rng, 690, 750)))


def _page_chinese(rng: Generator, long_side: int, size: tuple[float, float]) -> Canvas:
    """A Chinese policy: title, entries, covers in a grid with the sum in capitals, seal."""
    work = begin(rng, long_side, size, WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    tall, margin, insurer = size[1] > size[0], between(rng, 46, 60), insurer_name(work)
    width = canvas.width - 2 * margin
    if chance(rng, 0.5):
        watermark(
            canvas,
            insurer[:6],
            look.title(38, look.accent),
            Box(0, 120, canvas.width, canvas.height - 200),
            strength=0.05,
        )
    y = letterhead(
        work,
        Box(margin, 38, width, 80),
        insurer,
        (f"客服电话：{facts.phone()}", f"地址：{facts.address()}"),
        form=pick(rng, ("left", "band", "centre")),
    )
    put(
        canvas,
        margin,
        y + 40,
        pick(rng, ("机动车商业保险单", "个人意外伤害保险单", "综合保险凭证", "家庭财产保险单（电子保单）")),
        look.title(28),
        width=width,
        align="centre",
        role="title",
    )
    put(
        canvas,
        margin,
        y + 72,
        f"保险单号：{facts.code('@@@@')}{digits(rng, 16)}",
        look.text(15),
        width=width,
        align="right",
        role="number",
    )
    owner = facts.name()
    pairs = [
        Field("投保人", owner, "name"),
        Field("被保险人", owner if chance(rng, 0.6) else facts.name(), "name"),
        Field("证件号码", f"000000********{digits(rng, 4)}", "number"),
        Field("联系电话", facts.phone(), "number"),
        *cover_span(work),
        Field("通讯地址", facts.address(), "address"),
        Field("特别约定", pick(rng, ("无", "详见条款", "每次事故免赔500元"))),
    ]
    y = field_columns(
        canvas,
        margin,
        y + 110,
        pairs,
        Look(
            look.label(15.5),
            look.text(16),
            pick(rng, ("beside", "dotted")),
            lead=33 if tall else 29,
            column=0.26,
            colon="：",
        ),
        width=width,
    )
    names = some(rng, _COVERS_ZH, int(rng.integers(3, 7 if tall else 5)))
    premiums = [int(rng.integers(5_000, 300_000)) for _ in names]
    rows = [
        [str(place + 1), name, work.money(int(rng.integers(1, 100)) * 1_000_000), work.money(cents)]
        for place, (name, cents) in enumerate(zip(names, premiums, strict=True))
    ]
    columns = [
        Column("序号", 10, "centre", "number"),
        Column("承保险种", 42),
        Column("保险金额（元）", 26, "right", "amount"),
        Column("保险费（元）", 22, "right", "amount"),
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
    y = table(canvas, margin, y, columns, rows, style, width=width)
    total = sum(premiums)
    put(
        canvas,
        margin,
        y + 32,
        f"保险费合计（大写）：{in_capitals(total)}",
        look.text(16, cut="bold"),
        width=width * 0.6,
        role="amount",
    )
    put(
        canvas,
        margin + width * 0.6,
        y + 32,
        f"￥{work.money(total)} 元",
        look.text(17, cut="bold"),
        width=width * 0.4,
        align="right",
        role="amount",
    )
    base = max(y + 90, canvas.height - between(rng, 120, 180)) if tall else min(y + 72, canvas.height - 60)
    put(
        canvas,
        margin,
        base,
        f"签单日期：{long_date(facts.day(2016, 2024), 'zh')}",
        look.text(15.5),
        width=width * 0.5,
        role="date",
    )
    put(
        canvas,
        margin,
        base + 28,
        f"经办：{facts.name()}　核保：{facts.name()}",
        look.text(15.5),
        width=width * 0.5,
        role="name",
    )
    firm_seal(
        work,
        insurer,
        x=margin + width * 0.82,
        y=min(base, canvas.height - 90),
        width=between(rng, 135, 155),
        purpose="保单专用章",
    )
    return canvas


CHINESE = (
    Template("policy-zh", "chinese", _policy_chinese),
    Template("wide-zh", "chinese", _wide_chinese),
)
