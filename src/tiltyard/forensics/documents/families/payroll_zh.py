"""Chinese payslips: a slip for one, a list for all."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.payroll_pay import pay
from tiltyard.forensics.documents.kit.canvas import Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, begin
from tiltyard.forensics.documents.money import in_capitals, month_name, short_date

WORDS = words("payroll")


def _slip_chinese(rng: Generator, long_side: int) -> Canvas:
    """A month's slip: name and post above, pay and deductions side by side, net in capitals."""
    work = begin(rng, long_side, (1000, between(rng, 580, 680)), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, firm, day = between(rng, 44, 60), facts.company(), facts.day()
    width = canvas.width - 2 * margin
    put(
        canvas,
        margin,
        62,
        firm,
        look.title(26, pick(rng, (look.ink, look.accent))),
        width=width,
        align="centre",
        role="name",
    )
    put(canvas, margin, 96, f"{month_name(day, 'zh')}工资单", look.title(21), width=width, align="centre", role="title")
    people = [
        Field("姓名", facts.name(), "name"),
        Field("工号", digits(rng, 6), "number"),
        Field("部门", pick(rng, work.say("departments").split(";"))),
        Field("岗位", facts.job()),
        Field("银行卡号", facts.masked_card(), "number"),
        Field("发放日期", short_date(day, "zh"), "date"),
    ]
    y = field_columns(
        canvas,
        margin,
        136,
        people,
        Look(look.label(16), look.text(16.5), "beside", lead=30, column=0.28, colon="："),
        width=width,
        count=3,
    )
    sums = pay(work)
    count = max(len(sums.earned), len(sums.lost))
    rows = []
    for place in range(count):
        left, right = (list(side[place]) if place < len(side) else ["", ""] for side in (sums.earned, sums.lost))
        rows.append([str(part) if isinstance(part, str) else work.money(part) for part in (*left, *right)])
    rows.append(["应发合计", work.money(sums.gross), "扣款合计", work.money(sums.less)])
    columns = [
        Column("应发项目", 28),
        Column("金额（元）", 22, "right", "amount"),
        Column("扣款项目", 28),
        Column("金额（元）", 22, "right", "amount"),
    ]
    style = TableLook(
        look.text(16, cut="bold"),
        look.text(16),
        pick(rng, ("grid", "grid", "lines")),
        row=between(rng, 31, 36),
        head_fill=look.tint,
        line=look.soft,
        middle_heads=True,
    )
    y = table(canvas, margin, y - 4, columns, rows, style, width=width)
    put(
        canvas,
        margin,
        y + 36,
        f"实发工资：￥{work.money(sums.net)}",
        look.text(20, look.accent, "bold"),
        width=width * 0.45,
        role="amount",
    )
    put(
        canvas,
        margin + width * 0.45,
        y + 36,
        f"大写：{in_capitals(sums.net)}",
        look.text(17),
        width=width * 0.55,
        role="amount",
    )
    put(
        canvas,
        margin,
        y + 70,
        f"制表：{facts.name()}　　审核：{facts.name()}　　领款人签字：",
        look.text(15.5),
        width=width * 0.7,
        role="name",
    )
    firm_seal(
        work,
        firm,
        x=margin + width * between(rng, 0.82, 0.9),
        y=min(y + 50, canvas.height - 76),
        width=140,
        purpose=pick(rng, ("人事专用章", "财务专用章")),
    )
    return canvas


def _strip_chinese(rng: Generator, long_side: int) -> Canvas:
    """A payroll of several people: one row a person, sums below."""
    work = begin(rng, long_side, (1000, between(rng, 520, 640)), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, firm, day = 36.0, facts.company(), facts.day()
    width = canvas.width - 2 * margin
    put(
        canvas,
        margin,
        54,
        f"{firm}{month_name(day, 'zh')}工资发放表",
        look.title(24),
        width=width,
        align="centre",
        role="title",
    )
    put(canvas, margin, 86, f"部门：{pick(rng, work.say('departments').split(';'))}", look.text(15), width=300)
    put(
        canvas,
        margin,
        86,
        f"单位：元　制表日期：{short_date(day, 'zh')}",
        look.text(15),
        width=width,
        align="right",
        role="date",
    )
    heads = ["基本工资", "绩效奖金", "补贴", "应发合计", "社保", "公积金", "个税", "实发金额"]
    people = []
    for _ in range(int(rng.integers(6, 11))):
        basic, bonus, extra = (
            int(rng.integers(low, high)) * 100 for low, high in ((3500, 9000), (300, 4000), (100, 800))
        )
        gross = basic + bonus + extra
        social, fund, tax = int(gross * 0.105), int(gross * 0.07), int(gross * between(rng, 0, 0.03))
        people.append((basic, bonus, extra, gross, social, fund, tax, gross - social - fund - tax))
    rows = [[str(place + 1), facts.name(), *(work.money(cents) for cents in sums)] for place, sums in enumerate(people)]
    rows.append(["", "合计", *(work.money(sum(column)) for column in zip(*people, strict=True))])
    columns = [
        Column("序号", 5, "centre", "number"),
        Column("姓名", 9, "centre", "name"),
        *(Column(head, 11, "right", "amount") for head in heads),
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
    y = table(canvas, margin, 102, columns, rows, style, width=width)
    put(
        canvas,
        margin,
        y + 36,
        f"总经理：{facts.name()}　　　财务主管：{facts.name()}　　　制表人：{facts.name()}",
        look.text(15.5),
        width=width * 0.75,
        role="name",
    )
    firm_seal(
        work,
        firm,
        x=margin + width * between(rng, 0.84, 0.9),
        y=min(y + 6, canvas.height - 74),
        width=135,
        purpose="财务专用章",
    )
    return canvas


CHINESE = (
    Template("slip-zh", "chinese", _slip_chinese),
    Template("strip-zh", "chinese", _strip_chinese),
)
