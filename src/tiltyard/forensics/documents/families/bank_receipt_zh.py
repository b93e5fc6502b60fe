"""A Chinese electronic bank receipt: a grid with the bank's seal."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import Field, put, put_in
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin, day_words
from tiltyard.forensics.documents.money import in_capitals, short_date
from tiltyard.forensics.documents.ornaments.codes import qr_code
from tiltyard.forensics.documents.ornaments.marks import logo

WORDS = words("bank_receipt")
_TITLES = ("电子回单", "业务回单（付款）", "网上银行电子回单", "客户回单")
_USES = ("货款", "服务费", "工程款", "往来款", "租金", "材料款", "咨询费")


def _electronic_chinese(rng: Generator, long_side: int) -> Canvas:
    """An electronic receipt: payer and payee in a grid, the amount in figures and capitals, the bank's seal."""
    work = begin(rng, long_side, (1000, between(rng, 560, 660)), WORDS, language="zh")
    bank, body = work.facts.bank(), work.body(between(rng, 40, 64))
    _head(work, body, bank)
    bottom = _grid(work, body.below(138))
    x, y = body.x + body.width * between(rng, 0.72, 0.84), bottom - between(rng, 40, 70)
    firm_seal(work, bank, x=x, y=y, width=between(rng, 130, 160), purpose="电子回单专用章")
    _foot(work, body.below(bottom))
    return work.canvas


def _head(work: Work, box: Box, bank: str) -> None:
    """The bank's mark and name, the title, number and day."""
    canvas, look, rng = work.canvas, work.theme, work.rng
    side = between(rng, 40, 52)
    logo(canvas, rng, x=box.x, y=36, side=side, colour=look.accent, letter=bank[0])
    put(canvas, box.x + side + 12, 72, bank, look.title(24, look.accent), width=280, role="name")
    put(canvas, 350, 76, pick(rng, _TITLES), look.title(30), width=300, align="centre", role="title")
    put_in(canvas, box, 120, f"回单编号：{digits(rng, 16)}", look.text(14), share=0.45, role="number")
    day = f"回单日期：{day_words(work)}"
    put_in(canvas, box, 120, day, look.text(14), share=0.5, align="right", role="date")


def _grid(work: Work, box: Box) -> float:
    """Rows of label and value in four columns between rules, then in two; returns the bottom edge."""
    canvas, look, rng = work.canvas, work.theme, work.rng
    cents = int(rng.integers(1_000, 80_000_000))
    line, row = mixed(look.accent, WHITE, between(rng, 0.1, 0.5)), between(rng, 34, 38)
    half, y = box.width / 2, box.y
    for left, right in _both_sides(work):
        _cell(work, Box(box.x, y, half, row), left, line)
        _cell(work, Box(box.x + half, y, half, row), right, line)
        y += row
    for pair in (
        Field("金额（小写）", "CNY " + work.money(cents), "amount"),
        Field("金额（大写）", "人民币" + in_capitals(cents), "amount"),
        Field("用途", pick(rng, _USES), "text"),
    ):
        _cell(work, Box(box.x, y, box.width, row), pair, line)
        y += row
    canvas.rule(box.x, y, box.width, line, 1.2)
    canvas.rule(box.right, box.y, y - box.y, line, 1.2, down=True)
    return y


def _both_sides(work: Work) -> tuple[tuple[Field, Field], ...]:
    """Payer and payee, row by row, then number and day."""
    facts = work.facts
    return (
        (Field("付款人户名", facts.company(), "name"), Field("收款人户名", facts.company(), "name")),
        (Field("付款人账号", facts.account(), "number"), Field("收款人账号", facts.account(), "number")),
        (
            Field("付款人开户行", facts.bank() + facts.branch(), "name"),
            Field("收款人开户行", facts.bank() + facts.branch(), "name"),
        ),
        (
            Field("交易流水号", facts.code("@@") + digits(work.rng, 14), "number"),
            Field("记账日期", short_date(facts.day(), "zh"), "date"),
        ),
    )


def _cell(work: Work, box: Box, pair: Field, line: Colour) -> None:
    canvas, look, edge = work.canvas, work.theme, 112.0
    canvas.rule(box.x, box.y, box.width, line, 1.2)
    canvas.rule(box.x, box.y, box.height, line, 1.2, down=True)
    canvas.rule(box.x + edge, box.y, box.height, line, 1.0, down=True)
    base = box.y + box.height / 2 + 5.5
    put(canvas, box.x + 6, base, pair.label, look.label(14.5), width=edge - 12, align="centre", role="label")
    put(canvas, box.x + edge + 9, base, pair.value, look.text(15.5), width=box.width - edge - 16, role=pair.role)


def _foot(work: Work, box: Box) -> None:
    """A code to check the receipt with, when it was printed, a warning."""
    canvas, facts, rng, pen = work.canvas, work.facts, work.rng, work.theme.label(13)
    if chance(rng, 0.6):
        qr_code(canvas, Box(box.x, box.y + 12, 76, 76), "SPECIMEN " + digits(rng, 16))
    when = f"{short_date(facts.day(), 'zh')} {facts.clock()}"
    printed = f"打印时间：{when}　打印次数：1　验证码：{facts.code('@#@#@##@')}"
    put(canvas, box.x + 96, box.y + 34, printed, pen, width=box.width - 300)
    warning = "温馨提示：本回单仅供核对，不作为收款方发货依据，请勿重复记账。"
    put(canvas, box.x + 96, box.y + 60, warning, pen, width=box.width - 130)


CHINESE = (Template("electronic-zh", "chinese", _electronic_chinese),)
