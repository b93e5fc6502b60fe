"""Payslips: two columns of pay and deductions, a ledger with sums to date, Chinese slips and strips."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.payroll_pay import Pay, pay
from tiltyard.forensics.documents.families.payroll_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put, put_in
from tiltyard.forensics.documents.kit.table import Column, TableLook, table, themed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import month_name, short_date
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("payroll")


def _person(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = facts.day()
    pairs = [
        Field(work.say("employee"), facts.name(), "name"),
        Field(work.say("number"), digits(rng, 5), "number"),
        Field(work.say("position"), facts.job(), "text"),
        Field(work.say("department"), pick(rng, work.say("departments").split(";"))),
        Field(work.say("period"), month_name(day, work.language), "date"),
        Field(work.say("paid"), short_date(day, work.language), "date"),
        Field(work.say("insurance"), facts.code("XX ## ## ## @"), "number"),
        Field(work.say("account"), facts.account(), "number"),
    ]
    return pairs if chance(rng, 0.5) else pairs[:6]


def _columns(rng: Generator, long_side: int) -> Canvas:
    """Pay at the left, deductions at the right, net pay in a box."""
    work = begin(rng, long_side, (1000, between(rng, 660, 740)), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, firm = work.body(between(rng, 40, 60)), facts.company()
    y = letterhead(work, body.below(32), firm, (facts.street(), facts.town(), facts.phone()))
    put_in(canvas, body, y + 32, work.say("slip"), look.title(25), role="title")
    setting = Look(look.label(14), look.text(15), pick(rng, ("beside", "dotted")), lead=26, column=0.36)
    y = field_columns(canvas, body.x, y + 68, _person(work), setting, width=body.width) - 6
    sums, half = pay(work), body.width / 2 - 10
    bottom = _pay_tables(work, body.below(y), sums)
    _net_box(work, Box(body.x + half + 20, bottom + 14, half, 46), sums.net)
    put(canvas, body.x, bottom + 34, work.say("sign"), look.label(13), width=half * 0.35, role="label")
    canvas.rule(body.x + half * 0.36, bottom + 50, half * 0.56, look.soft)
    signature(canvas, rng, facts.name(), x=body.x + half * 0.42, y=bottom + 46, width=160)
    return canvas


def _pay_tables(work: Work, box: Box, sums: Pay) -> float:
    """Two tables of one height beside each other; returns their bottom edge."""
    style = _style(work, pick(work.rng, ("grid", "lines", "stripes")))
    rows, half, bottom = max(len(sums.earned), len(sums.lost)), box.width / 2 - 10, box.y
    for place, (title, items, total, amount) in enumerate(
        (("pay", sums.earned, "gross", sums.gross), ("deductions", sums.lost, "less", sums.less))
    ):
        cells = [[name, work.money(cents)] for name, cents in items]
        cells += [["", ""]] * (rows - len(items)) + [[work.say(total), work.money(amount)]]
        columns = [Column(work.say(title), 66), Column(work.say("amount"), 34, "right", "amount")]
        bottom = table(work.canvas, box.x + place * (half + 20), box.y, columns, cells, style, width=half)
    return bottom


def _net_box(work: Work, box: Box, cents: int) -> None:
    canvas, look = work.canvas, work.theme
    canvas.area(box, look.tint)
    canvas.frame(box, look.accent, 1.5)
    label = look.text(16, cut="bold")
    put(canvas, box.x + 12, box.y + 30, work.say("net"), label, width=box.width * 0.55, role="label")
    x, width, figure = box.x + box.width * 0.5, box.width * 0.5 - 12, look.figure(21, cut="bold")
    put(canvas, x, box.y + 31, f"{work.money(cents)} €", figure, width=width, align="right", role="amount")


def _ledger(rng: Generator, long_side: int) -> Canvas:
    """One table with the month and the year to date."""
    work = begin(rng, long_side, (between(rng, 700, 780), 1000), WORDS, kind=pick(rng, ("sans", "mono", "serif")))
    canvas, facts, look = work.canvas, work.facts, work.theme
    body, firm = work.body(between(rng, 44, 64)), facts.company()
    y = letterhead(work, body.below(40), firm, (facts.street(), facts.town()))
    put_in(canvas, body, y + 34, work.say("slip"), look.title(26), role="title")
    people = _person(work)
    y = block(work, body.x, y + 70, "", (people[0].value, facts.street(), facts.town()), width=body.width * 0.5)
    setting = Look(look.label(13.5), look.text(14), "beside", lead=25, column=0.42)
    y = field_columns(canvas, body.x, y + 18, people[1:7], setting, width=body.width)
    sums = pay(work)
    y = _year_table(work, body.below(y + 4), sums)
    put_in(canvas, body, y + 42, work.say("net"), look.text(17, cut="bold"), share=0.6, role="label")
    net, figure = f"{work.money(sums.net)} EUR", look.figure(23, cut="bold")
    put_in(canvas, body, y + 43, net, figure, share=0.5, align="right", role="amount")
    canvas.rule(body.x, y + 58, body.width, look.accent, 2)
    if y < 800 and chance(rng, 0.6):
        firm_seal(work, firm, x=body.x + body.width * 0.8, y=y + 130, width=between(rng, 110, 135))
    small_print(work, body.below(946), (work.say("small"),))
    return canvas


def _year_table(work: Work, box: Box, sums: Pay) -> float:
    """The month's pay and deductions, each with its sum since January; returns the bottom edge."""
    rng, months = work.rng, int(work.rng.integers(1, 13))
    rows = [[name, work.money(cents), "", work.money(cents * months)] for name, cents in sums.earned]
    rows += [[name, "", work.money(cents), work.money(cents * months)] for name, cents in sums.lost]
    rows.append([work.say("gross"), work.money(sums.gross), "", work.money(sums.gross * months)])
    rows.append([work.say("less"), "", work.money(sums.less), work.money(sums.less * months)])
    columns = [
        Column("", 38),
        Column(work.say("pay"), 20, "right", "amount"),
        Column(work.say("deductions"), 20, "right", "amount"),
        Column(work.say("year"), 22, "right", "amount"),
    ]
    style = _style(work, pick(rng, ("grid", "lines", "stripes", "bare")))
    return table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _style(work: Work, form: str) -> TableLook:
    rng = work.rng
    return themed(work.theme, form, dark=chance(rng, 0.5), head=13.5, cell=14, row=between(rng, 25, 31))


TEMPLATES = (
    Template("columns", "latin", _columns),
    Template("ledger", "latin", _ledger),
    *CHINESE,
)
