"""A Chinese list of movements, upright or across."""

from collections.abc import Sequence

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.families.statement_movements import Movement, both_ways, movements, table_style
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put_in
from tiltyard.forensics.documents.kit.table import Column, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import short_date

WORDS = words("statement")
_TITLES = ("账户交易明细清单", "个人活期账户交易明细", "客户交易流水", "对公账户对账单")
_COLUMNS = (
    Column("序号", 7, "centre", "number"),
    Column("交易日期", 14, "centre", "date"),
    Column("摘要", 14),
    Column("交易金额", 15, "right", "amount"),
    Column("账户余额", 16, "right", "amount"),
    Column("对方户名", 28, "left", "name"),
)


def _list_chinese(rng: Generator, long_side: int) -> Canvas:
    """A list of movements as counters print it, with the bank's seal."""
    wide = chance(rng, 0.5)
    size = (1000.0, between(rng, 640, 720)) if wide else (between(rng, 700, 780), 1000.0)
    work = begin(rng, long_side, size, WORDS, language="zh")
    canvas, look = work.canvas, work.theme
    body, bank = work.body(between(rng, 36, 50)), work.facts.bank()
    title = pick(rng, _TITLES)
    put_in(canvas, body, 60, bank, look.title(21, look.accent), share=0.4, role="name")
    put_in(canvas, body, 98, title, look.title(25), align="centre", role="title")
    opening, booked = movements(work, count=int(rng.integers(10, 14)) if wide else int(rng.integers(17, 25)))
    setting = Look(look.label(14.5), look.text(14.5), "beside", lead=26, column=0.24, colon="：")
    pairs = _account(work, bank, opening, booked)
    y = field_columns(canvas, body.x, 134, pairs, setting, width=body.width)
    y = _movement_table(work, body.below(y - 6), booked)
    _totals(work, body, y + 28, booked)
    x, y = body.x + body.width * between(rng, 0.78, 0.88), min(y - 20, canvas.height - 90)
    firm_seal(work, bank, x=x, y=y, width=145, purpose="业务专用章")
    return canvas


def _account(work: Work, bank: str, opening: int, booked: Sequence[Movement]) -> list[Field]:
    facts = work.facts
    return [
        Field("户名", facts.name(), "name"),
        Field("账号", facts.account(), "number"),
        Field("币种", "人民币"),
        Field("开户机构", bank + facts.branch(), "name"),
        Field("起止日期", f"{short_date(booked[0].day, 'zh')} 至 {short_date(booked[-1].day, 'zh')}", "date"),
        Field("期初余额", work.money(opening), "amount"),
    ]


def _movement_table(work: Work, box: Box, booked: Sequence[Movement]) -> float:
    rows = [
        [str(place + 1), short_date(one.day, "zh"), one.text, work.money(one.cents), work.money(one.balance), one.who]
        for place, one in enumerate(booked)
    ]
    form = pick(work.rng, ("grid", "lines", "stripes"))
    style = table_style(work, form, size=14, row=between(work.rng, 27, 29))
    return table(work.canvas, box.x, box.y, _COLUMNS, rows, style, width=box.width)


def _totals(work: Work, box: Box, y: float, booked: Sequence[Movement]) -> None:
    earned, spent = both_ways(booked)
    sums = f"收入合计：{work.money(earned)}　支出合计：{work.money(spent)}"
    line = f"{sums}　期末余额：{work.money(booked[-1].balance)}"
    put_in(work.canvas, box, y, line, work.theme.text(14.5), share=0.85, role="amount")


CHINESE = (Template("list-zh", "chinese", _list_chinese),)
