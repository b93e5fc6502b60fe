"""Chinese payslips: a slip for one, a list for all."""

from datetime import date
from itertools import zip_longest

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.payroll_pay import Pay, pay
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put, put_in
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import in_capitals, month_name, short_date

WORDS = words("payroll")
_SUMS = ("基本工资", "绩效奖金", "补贴", "应发合计", "社保", "公积金", "个税", "实发金额")


def _slip_chinese(rng: Generator, long_side: int) -> Canvas:
    """A month's slip: name and post above, pay and deductions side by side, net in capitals."""
    work = begin(rng, long_side, (1000, between(rng, 580, 680)), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, firm, day = work.body(between(rng, 44, 60)), facts.company(), facts.day()
    firm_pen = look.title(26, pick(rng, (look.ink, look.accent)))
    put_in(canvas, body, 62, firm, firm_pen, align="centre", role="name")
    put_in(canvas, body, 96, f"{month_name(day, 'zh')}工资单", look.title(21), align="centre", role="title")
    setting = Look(look.label(16), look.text(16.5), "beside", lead=30, column=0.28, colon="：")
    y = field_columns(canvas, body.x, 136, _person(work, day), setting, width=body.width, count=3)
    sums = pay(work)
    y = _pay_table(work, body.below(y - 4), sums)
    _net(work, body.below(y), sums)
    firm_seal(
        work,
        firm,
        x=body.x + body.width * between(rng, 0.82, 0.9),
        y=min(y + 50, canvas.height - 76),
        width=140,
        purpose=pick(rng, ("人事专用章", "财务专用章")),
    )
    return canvas


def _person(work: Work, day: date) -> list[Field]:
    facts, rng = work.facts, work.rng
    return [
        Field("姓名", facts.name(), "name"),
        Field("工号", digits(rng, 6), "number"),
        Field("部门", pick(rng, work.say("departments").split(";"))),
        Field("岗位", facts.job()),
        Field("银行卡号", facts.masked_card(), "number"),
        Field("发放日期", short_date(day, "zh"), "date"),
    ]


def _pay_table(work: Work, box: Box, sums: Pay) -> float:
    """What was earned beside what was kept back, with both sums; returns the bottom edge."""
    rng, look = work.rng, work.theme
    columns = [
        Column("应发项目", 28),
        Column("金额（元）", 22, "right", "amount"),
        Column("扣款项目", 28),
        Column("金额（元）", 22, "right", "amount"),
    ]
    earned, lost = ([(name, work.money(cents)) for name, cents in side] for side in (sums.earned, sums.lost))
    rows = [[*left, *right] for left, right in zip_longest(earned, lost, fillvalue=("", ""))]
    rows.append(["应发合计", work.money(sums.gross), "扣款合计", work.money(sums.less)])
    style = TableLook(
        look.text(16, cut="bold"),
        look.text(16),
        pick(rng, ("grid", "grid", "lines")),
        row=between(rng, 31, 36),
        head_fill=look.tint,
        line=look.soft,
        middle_heads=True,
    )
    return table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _net(work: Work, box: Box, sums: Pay) -> None:
    """The net pay in figures and capitals, and who signs."""
    canvas, look, facts = work.canvas, work.theme, work.facts
    figures, capitals = f"实发工资：￥{work.money(sums.net)}", f"大写：{in_capitals(sums.net)}"
    put_in(canvas, box, box.y + 36, figures, look.text(20, look.accent, "bold"), share=0.45, role="amount")
    half = box.width * 0.45
    put(canvas, box.x + half, box.y + 36, capitals, look.text(17), width=box.width * 0.55, role="amount")
    hands = f"制表：{facts.name()}　　审核：{facts.name()}　　领款人签字："
    put_in(canvas, box, box.y + 70, hands, look.text(15.5), share=0.7, role="name")


def _strip_chinese(rng: Generator, long_side: int) -> Canvas:
    """A payroll of several people: one row a person, sums below."""
    work = begin(rng, long_side, (1000, between(rng, 520, 640)), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, firm, day = work.body(36), facts.company(), facts.day()
    title = f"{firm}{month_name(day, 'zh')}工资发放表"
    put_in(canvas, body, 54, title, look.title(24), align="centre", role="title")
    department = pick(rng, work.say("departments").split(";"))
    put(canvas, body.x, 86, f"部门：{department}", look.text(15), width=300)
    made = f"单位：元　制表日期：{short_date(day, 'zh')}"
    put_in(canvas, body, 86, made, look.text(15), align="right", role="date")
    y = _people_table(work, body.below(102))
    hands = f"总经理：{facts.name()}　　　财务主管：{facts.name()}　　　制表人：{facts.name()}"
    put_in(canvas, body, y + 36, hands, look.text(15.5), share=0.75, role="name")
    firm_seal(
        work,
        firm,
        x=body.x + body.width * between(rng, 0.84, 0.9),
        y=min(y + 6, canvas.height - 74),
        width=135,
        purpose="财务专用章",
    )
    return canvas


def _people_table(work: Work, box: Box) -> float:
    """A row for each person and the sums of all; returns the bottom edge."""
    rng, look = work.rng, work.theme
    people = [_month(rng) for _ in range(int(rng.integers(6, 11)))]
    rows = [
        [str(place + 1), work.facts.name(), *(work.money(cents) for cents in sums)] for place, sums in enumerate(people)
    ]
    rows.append(["", "合计", *(work.money(sum(column)) for column in zip(*people, strict=True))])
    columns = [
        Column("序号", 5, "centre", "number"),
        Column("姓名", 9, "centre", "name"),
        *(Column(head, 11, "right", "amount") for head in _SUMS),
    ]
    style = TableLook(
        look.text(15, cut="bold"),
        look.text(14.5),
        "grid",
        row=between(rng, 29, 33),
        line=look.soft,
        middle_heads=True,
        pad=5,
        head_fill=look.tint if chance(rng, 0.6) else None,
    )
    return table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _month(rng: Generator) -> tuple[int, ...]:
    """A person's sums in cents, in the order of `_SUMS`."""
    basic, bonus, extra = (int(rng.integers(low, high)) * 100 for low, high in ((3500, 9000), (300, 4000), (100, 800)))
    gross = basic + bonus + extra
    social, fund, tax = int(gross * 0.105), int(gross * 0.07), int(gross * between(rng, 0, 0.03))
    return basic, bonus, extra, gross, social, fund, tax, gross - social - fund - tax


CHINESE = (
    Template("slip-zh", "chinese", _slip_chinese),
    Template("strip-zh", "chinese", _strip_chinese),
)
