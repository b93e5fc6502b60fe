"""Account statements: a letter with a running balance, a banded list, a card statement, a Chinese list of movements."""

from dataclasses import dataclass
from datetime import date, timedelta

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import block, firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.codes import barcode
from tiltyard.forensics.documents.ornaments.marks import micro_text, watermark

WORDS = words("statement")


@dataclass(frozen=True)
class Movement:
    """A booking in cents, positive where money came in, with the balance after it."""

    day: date
    text: str
    who: str
    cents: int
    balance: int


def movements(work: Work, *, count: int) -> tuple[int, list[Movement]]:
    """The opening balance with bookings in order of date."""
    rng, facts = work.rng, work.facts
    day, opening = facts.day(), int(rng.integers(50_000, 3_000_000))
    balance, booked = opening, []
    for _ in range(count):
        day += timedelta(days=int(rng.integers(0, 4)))
        earned = chance(rng, 0.22)
        cents = int(rng.integers(2_000, 320_000)) if earned else -int(rng.integers(300, 90_000))
        balance += cents
        text = pick(rng, work.say("earn" if earned else "spend").split(";"))
        who = facts.company() if chance(rng, 0.75) else facts.name()
        booked.append(Movement(day, text, who, cents, balance))
    return opening, booked


def _style(work: Work, form: str, *, size: float = 13.5, row: float = 25) -> TableLook:
    look, dark = work.theme, chance(work.rng, 0.5)
    return TableLook(
        look.text(size, WHITE if dark else look.ink, "bold"),
        look.text(size),
        form,
        row=row,
        stripe=look.tint,
        line=mixed(look.soft, WHITE, 0.5),
        head_fill=look.accent if dark else look.tint,
    )


def _letter(rng: Generator, long_side: int) -> Canvas:
    """Address window, numbers at the right, running balance."""
    work = begin(rng, long_side, (between(rng, 700, 790), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, bank = between(rng, 44, 62), facts.bank()
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 38, width, 90), bank, (facts.street(), facts.town(), facts.phone()))
    low = block(work, margin, y + 34, "", (facts.name(), facts.street(), facts.town()), width=width * 0.45)
    opening, booked = movements(work, count=int(rng.integers(12, 20)))
    span = f"{short_date(booked[0].day, work.language)} – {short_date(booked[-1].day, work.language)}"
    pairs = [
        Field(work.say("account"), facts.account(), "number"),
        Field("BIC", facts.swift(), "number"),
        Field(work.say("period"), span, "date"),
        Field(work.say("page"), "1/1", "number"),
    ]
    fields(
        canvas,
        margin + width * 0.5,
        y + 34,
        pairs,
        Look(look.label(13.5), look.figure(13.5), "beside", lead=22, column=0.3),
        width=width * 0.5,
    )
    put(
        canvas,
        margin,
        low + 40,
        work.say("statement"),
        look.title(23, pick(rng, (look.ink, look.accent))),
        width=width,
        role="title",
    )
    columns = [
        Column(work.say("date"), 14, "left", "date"),
        Column(work.say("text"), 44),
        Column(work.say("out"), 14, "right", "amount"),
        Column(work.say("in"), 14, "right", "amount"),
        Column(work.say("balance"), 16, "right", "amount"),
    ]
    rows = [["", work.say("opening"), "", "", work.money(opening)]]
    for one in booked:
        both = ["", work.money(one.cents)] if one.cents > 0 else [work.money(-one.cents), ""]
        rows.append([short_date(one.day, work.language), f"{one.text} {one.who}", *both, work.money(one.balance)])
    rows.append(["", work.say("closing"), "", "", work.money(booked[-1].balance)])
    table(
        canvas,
        margin,
        low + 56,
        columns,
        rows,
        _style(work, pick(rng, ("stripes", "lines", "bare", "grid")), row=between(rng, 24, 27)),
        width=width,
    )
    small_print(work, Box(margin, 950, width, 30), (work.say("small"),))
    return canvas


def _banded(rng: Generator, long_side: int) -> Canvas:
    """Sums in tiles above, bookings in two lines each below."""
    work = begin(rng, long_side, (between(rng, 690, 760), 1000), WORDS, kind="sans")
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, bank = between(rng, 40, 56), facts.bank()
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 38, width, 90), bank, (facts.name(), facts.account()), form="band")
    put(canvas, margin, y + 34, work.say("statement"), look.title(26), width=width * 0.6, role="title")
    opening, booked = movements(work, count=int(rng.integers(9, 13)))
    total_in, total_out = sum(max(one.cents, 0) for one in booked), sum(-min(one.cents, 0) for one in booked)
    tiles = (
        ("opening", opening),
        ("total_in", total_in),
        ("total_out", total_out),
        ("closing", opening + total_in - total_out),
    )
    step = width / 4
    for place, (label, cents) in enumerate(tiles):
        box = Box(margin + place * step + 4, y + 54, step - 8, 66)
        canvas.rounded(box, look.tint, 8)
        put(canvas, box.x + 10, box.y + 23, work.say(label), look.label(12), width=box.width - 20, role="label")
        put(
            canvas,
            box.x + 10,
            box.y + 50,
            work.money(cents),
            look.figure(18, cut="bold"),
            width=box.width - 20,
            role="amount",
        )
    y += 152
    for one in booked:
        put(canvas, margin, y, short_date(one.day, work.language), look.label(13), width=90, role="date")
        put(canvas, margin + 104, y, one.text, look.text(14.5, cut="bold"), width=width * 0.45)
        put(canvas, margin + 104, y + 19, one.who, look.label(13), width=width * 0.5, role="name")
        colour = (20, 120, 60) if one.cents > 0 else look.ink
        put(
            canvas,
            margin + width * 0.6,
            y + 8,
            ("+" if one.cents > 0 else "") + work.money(one.cents),
            look.figure(15, colour),
            width=width * 0.4,
            align="right",
            role="amount",
        )
        canvas.rule(margin, y + 31, width, mixed(look.soft, WHITE, 0.75))
        y += 56
    small_print(work, Box(margin, 952, width, 30), (work.say("small"),))
    return canvas


def _card(rng: Generator, long_side: int) -> Canvas:
    """A card statement: two dates a booking, a slip to pay with below the dashes."""
    work = begin(rng, long_side, (between(rng, 690, 770), 1000), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, bank = between(rng, 44, 60), facts.bank()
    width = canvas.width - 2 * margin
    if chance(rng, 0.5):
        watermark(canvas, bank, look.title(40, look.accent), Box(0, 150, canvas.width, 700), strength=0.05)
    y = letterhead(work, Box(margin, 40, width, 90), bank, (facts.phone(), facts.town()))
    put(canvas, margin, y + 32, work.say("card_statement"), look.title(24), width=width, role="title")
    _, booked = movements(work, count=int(rng.integers(9, 16)))
    pairs = [
        Field(work.say("holder"), facts.name(), "name"),
        Field(work.say("account"), facts.masked_card(), "number"),
        Field(
            work.say("period"),
            f"{short_date(booked[0].day, work.language)} – {short_date(booked[-1].day, work.language)}",
            "date",
        ),
        Field(work.say("date"), short_date(booked[-1].day, work.language), "date"),
    ]
    y = field_columns(
        canvas,
        margin,
        y + 68,
        pairs,
        Look(look.label(13.5), look.text(14.5), pick(rng, ("below", "beside")), lead=27, column=0.34),
        width=width,
    )
    columns = [
        Column(work.say("date"), 16, "left", "date"),
        Column(work.say("text"), 60),
        Column(work.say("amount"), 20, "right", "amount"),
    ]
    rows = [[short_date(one.day, work.language), one.who, work.money(abs(one.cents))] for one in booked]
    total = sum(abs(one.cents) for one in booked)
    y = table(
        canvas, margin, y, columns, rows, _style(work, pick(rng, ("lines", "stripes", "bare")), row=25), width=width
    )
    put(canvas, margin, y + 32, work.say("total_out"), look.text(16, cut="bold"), width=width * 0.5, role="label")
    put(
        canvas,
        margin + width * 0.5,
        y + 32,
        f"{work.money(total)} EUR",
        look.figure(19, cut="bold"),
        width=width * 0.5 - 6,
        align="right",
        role="amount",
    )
    canvas.dashes(0, 868, canvas.width, look.soft, dash=9, gap=6)
    barcode(canvas, Box(margin, 890, width * 0.42, 48), digits(rng, 16))
    micro_text(canvas, bank.upper(), look.text(5), x=margin, y=956, width=width)
    put(
        canvas,
        margin + width * 0.5,
        920,
        f"{work.money(total)} EUR",
        look.figure(19),
        width=width * 0.5,
        align="right",
        role="amount",
    )
    return canvas


def _list_chinese(rng: Generator, long_side: int) -> Canvas:
    """A list of movements as counters print it, with the bank's seal."""
    wide = chance(rng, 0.5)
    work = begin(
        rng, long_side, (1000, between(rng, 640, 720)) if wide else (between(rng, 700, 780), 1000), WORDS, language="zh"
    )
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin, bank = between(rng, 36, 50), facts.bank()
    width = canvas.width - 2 * margin
    title = pick(rng, ("账户交易明细清单", "个人活期账户交易明细", "客户交易流水", "对公账户对账单"))
    put(canvas, margin, 60, bank, look.title(21, look.accent), width=width * 0.4, role="name")
    put(canvas, margin, 98, title, look.title(25), width=width, align="centre", role="title")
    opening, booked = movements(work, count=int(rng.integers(10, 14)) if wide else int(rng.integers(17, 25)))
    pairs = [
        Field("户名", facts.name(), "name"),
        Field("账号", facts.account(), "number"),
        Field("币种", "人民币"),
        Field("开户机构", bank + facts.branch(), "name"),
        Field("起止日期", f"{short_date(booked[0].day, 'zh')} 至 {short_date(booked[-1].day, 'zh')}", "date"),
        Field("期初余额", work.money(opening), "amount"),
    ]
    y = field_columns(
        canvas,
        margin,
        134,
        pairs,
        Look(look.label(14.5), look.text(14.5), "beside", lead=26, column=0.24, colon="："),
        width=width,
    )
    columns = [
        Column("序号", 7, "centre", "number"),
        Column("交易日期", 14, "centre", "date"),
        Column("摘要", 14),
        Column("交易金额", 15, "right", "amount"),
        Column("账户余额", 16, "right", "amount"),
        Column("对方户名", 28, "left", "name"),
    ]
    rows = [
        [str(place + 1), short_date(one.day, "zh"), one.text, work.money(one.cents), work.money(one.balance), one.who]
        for place, one in enumerate(booked)
    ]
    y = table(
        canvas,
        margin,
        y - 6,
        columns,
        rows,
        _style(work, pick(rng, ("grid", "lines", "stripes")), size=14, row=between(rng, 27, 29)),
        width=width,
    )
    total = sum(one.cents for one in booked if one.cents > 0), sum(-one.cents for one in booked if one.cents < 0)
    put(
        canvas,
        margin,
        y + 28,
        f"收入合计：{work.money(total[0])}　支出合计：{work.money(total[1])}"
        f"　期末余额：{work.money(booked[-1].balance)}",
        look.text(14.5),
        width=width * 0.85,
        role="amount",
    )
    firm_seal(
        work,
        bank,
        x=margin + width * between(rng, 0.78, 0.88),
        y=min(y - 20, canvas.height - 90),
        width=145,
        purpose="业务专用章",
    )
    return canvas


TEMPLATES = (
    Template("letter", "latin", _letter),
    Template("banded", "latin", _banded),
    Template("card", "latin", _card),
    Template("list-zh", "chinese", _list_chinese),
)
