"""Payslips: two columns of pay and deductions, a ledger with sums to date, Chinese slips and strips."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.payroll_pay import pay
from tiltyard.forensics.documents.families.payroll_zh import CHINESE
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
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


def _style(work: Work, form: str) -> TableLook:
    look, rng = work.theme, work.rng
    dark = chance(rng, 0.5)
    return TableLook(
        look.text(13.5, WHITE if dark else look.ink, "bold"),
        look.text(14),
        form,
        row=between(rng, 25, 31),
        stripe=look.tint,
        line=mixed(look.soft, WHITE, 0.4),
        head_fill=look.accent if dark else look.tint,
    )


def _columns(rng: Generator, long_side: int) -> Canvas:
    """Pay at the left, deductions at the right, net pay in a box."""
    work = begin(rng, long_side, (1000, between(rng, 660, 740)), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, firm = between(rng, 40, 60), facts.company()
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 32, width, 90), firm, (facts.street(), facts.town(), facts.phone()))
    put(canvas, margin, y + 32, work.say("slip"), look.title(25), width=width, role="title")
    setting = Look(look.label(14), look.text(15), pick(rng, ("beside", "dotted")), lead=26, column=0.36)
    y = field_columns(canvas, margin, y + 68, _person(work), setting, width=width) - 6
    sums, half = pay(work), width / 2 - 10
    style = _style(work, pick(rng, ("grid", "lines", "stripes")))
    rows = max(len(sums.earned), len(sums.lost))
    bottom = y
    for place, (title, items, total, amount) in enumerate(
        (("pay", sums.earned, "gross", sums.gross), ("deductions", sums.lost, "less", sums.less))
    ):
        cells = [[name, work.money(cents)] for name, cents in items]
        cells += [["", ""]] * (rows - len(items)) + [[work.say(total), work.money(amount)]]
        columns = [Column(work.say(title), 66), Column(work.say("amount"), 34, "right", "amount")]
        bottom = table(canvas, margin + place * (half + 20), y, columns, cells, style, width=half)
    box = Box(margin + half + 20, bottom + 14, half, 46)
    canvas.area(box, look.tint)
    canvas.frame(box, look.accent, 1.5)
    put(canvas, box.x + 12, box.y + 30, work.say("net"), look.text(16, cut="bold"), width=half * 0.55, role="label")
    put(
        canvas,
        box.x + half * 0.5,
        box.y + 31,
        f"{work.money(sums.net)} €",
        look.figure(21, cut="bold"),
        width=half * 0.5 - 12,
        align="right",
        role="amount",
    )
    put(canvas, margin, bottom + 34, work.say("sign"), look.label(13), width=half * 0.35, role="label")
    canvas.rule(margin + half * 0.36, bottom + 50, half * 0.56, look.soft)
    signature(canvas, rng, facts.name(), x=margin + half * 0.42, y=bottom + 46, width=160)
    return canvas


def _ledger(rng: Generator, long_side: int) -> Canvas:
    """One table with the month and the year to date."""
    work = begin(rng, long_side, (between(rng, 700, 780), 1000), WORDS, kind=pick(rng, ("sans", "mono", "serif")))
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, firm = between(rng, 44, 64), facts.company()
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 40, width, 90), firm, (facts.street(), facts.town()))
    put(canvas, margin, y + 34, work.say("slip"), look.title(26), width=width, role="title")
    people = _person(work)
    y = block(work, margin, y + 70, "", (people[0].value, facts.street(), facts.town()), width=width * 0.5)
    y = field_columns(
        canvas,
        margin,
        y + 18,
        people[1:7],
        Look(look.label(13.5), look.text(14), "beside", lead=25, column=0.42),
        width=width,
    )
    sums, months = pay(work), int(rng.integers(1, 13))
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
    y = table(
        canvas, margin, y + 4, columns, rows, _style(work, pick(rng, ("grid", "lines", "stripes", "bare"))), width=width
    )
    put(canvas, margin, y + 42, work.say("net"), look.text(17, cut="bold"), width=width * 0.6, role="label")
    put(
        canvas,
        margin + width * 0.5,
        y + 43,
        f"{work.money(sums.net)} EUR",
        look.figure(23, cut="bold"),
        width=width * 0.5,
        align="right",
        role="amount",
    )
    canvas.rule(margin, y + 58, width, look.accent, 2)
    if y < 800 and chance(rng, 0.6):
        firm_seal(work, firm, x=margin + width * 0.8, y=y + 130, width=between(rng, 110, 135))
    small_print(work, Box(margin, 946, width, 30), (work.say("small"),))
    return canvas


TEMPLATES = (
    Template("columns", "latin", _columns),
    Template("ledger", "latin", _ledger),
    *CHINESE,
)
