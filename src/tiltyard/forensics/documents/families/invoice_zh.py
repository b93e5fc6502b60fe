"""Chinese invoices: a sales invoice in a grid, a receipt from a pad."""

from datetime import date

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.invoice_bill import Bill, bill
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import centred, put, put_in
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import in_capitals, long_date
from tiltyard.forensics.documents.ornaments.codes import qr_code

WORDS = words("invoice")
_FILLED: Colour = (30, 30, 40)
"""The colour of what is filled in."""
_GOODS = (
    Column("货物或服务名称", 28),
    Column("单位", 8, "centre"),
    Column("数量", 9, "right", "number"),
    Column("单价", 14, "right", "amount"),
    Column("金额", 16, "right", "amount"),
    Column("税率", 9, "right", "number"),
    Column("税额", 16, "right", "amount"),
)
_UNITS = ("把", "台", "箱", "个", "块", "张", "只", "台", "双", "把", "个", "次", "套", "盆", "根")
"""What each of the goods is counted in, in their order in the table of words."""


def _sales_chinese(rng: Generator, long_side: int) -> Canvas:
    """A sales invoice: buyer, goods with tax, total in capitals, seller, seal."""
    size, kind = (1000.0, between(rng, 630, 700)), pick(rng, ("serif", "sans"))
    work = begin(rng, long_side, size, WORDS, language="zh", kind=kind)
    canvas, facts, look = work.canvas, work.facts, work.theme
    ink = pick(rng, ((120, 62, 30), (30, 70, 140), (20, 100, 80), (60, 60, 64)))
    body, seller = work.body(between(rng, 44, 60)), facts.company()
    _sales_head(work, body, ink)
    y = _party(work, body.below(108), "购货单位", _buyer(work), ink)
    goods = bill(work, most=5)
    y = _goods_chinese(work, body.below(y), goods, ink)
    y = _sales_total(work, body.below(y), goods, ink)
    y = _party(work, body.below(y), "销货单位", _seller(work, seller), ink)
    hands = f"收款人：{facts.name()}　　复核：{facts.name()}　　开票人：{facts.name()}　　销货单位（章）"
    put_in(canvas, body, y + 28, hands, look.text(15, ink), share=0.8, role="name")
    x = body.x + body.width * between(rng, 0.8, 0.88)
    firm_seal(work, seller, x=x, y=y - 16, width=between(rng, 120, 140), purpose="发票专用章")
    return canvas


def _sales_head(work: Work, box: Box, ink: Colour) -> None:
    """The title over a double rule, a code at the left, number and day at the right."""
    canvas, look, rng = work.canvas, work.theme, work.rng
    title = pick(rng, ("销货发票", "商品销售发票", "货物销售统一票据"))
    centred(canvas, 62, title, look.title(30, ink, tracking=8))
    for y in (74, 78):
        canvas.rule(canvas.width / 2 - 150, y, 300, ink, 1.2)
    qr_code(canvas, Box(box.x, 26, 74, 74), "SPECIMEN " + digits(rng, 18))
    number, day = f"票据号码：{digits(rng, 8)}", f"开票日期：{long_date(work.facts.day(), 'zh')}"
    for y, line, role in ((62, number, "number"), (90, day, "date")):
        put(canvas, box.x + box.width - 230, y, line, look.text(15.5, ink), width=230, role=role)


def _buyer(work: Work) -> list[tuple[str, str]]:
    facts = work.facts
    return [
        (f"名　　称：{facts.company()}", "name"),
        (f"识别代号：{facts.tax_number()}", "number"),
        (f"地址电话：{facts.address()} {facts.phone()}", "address"),
        (f"开户账号：{facts.bank()} {facts.account()}", "number"),
    ]


def _seller(work: Work, firm: str) -> list[tuple[str, str]]:
    facts = work.facts
    return [
        (f"名　　称：{firm}", "name"),
        (f"识别代号：{facts.tax_number()}", "number"),
        (f"开户账号：{facts.bank()} {facts.account()}", "number"),
    ]


def _party(work: Work, box: Box, title: str, rows: list[tuple[str, str]], ink: Colour) -> float:
    """A framed block of lines, its title set downwards at the left; returns its bottom edge."""
    canvas, look, lead = work.canvas, work.theme, 24.0
    height = lead * len(rows) + 10
    canvas.frame(Box(box.x, box.y, box.width, height), ink, 1.2)
    canvas.rule(box.x + 34, box.y, height, ink, down=True)
    step = (height - 12) / len(title)
    for place, sign in enumerate(title):
        base = box.y + 6 + step * (place + 0.5) + 5.5
        canvas.text(box.x + 17, base, sign, look.text(15, ink), align="centre", role="label")
    for place, (line, role) in enumerate(rows):
        base = box.y + 22 + place * lead
        put(canvas, box.x + 44, base, line, look.text(15, _FILLED), width=box.width * 0.7, role=role)
    return box.y + height


def _sales_total(work: Work, box: Box, goods: Bill, ink: Colour) -> float:
    """What is to be paid, in capitals and figures, framed; returns the frame's bottom edge."""
    canvas, pen, base = work.canvas, work.theme.text(16, ink), box.y + 24
    canvas.frame(Box(box.x, box.y, box.width, 36), ink, 1.2)
    capitals, figures = f"价税合计（大写）　{in_capitals(goods.total)}", f"（小写）￥{work.money(goods.total)}"
    put(canvas, box.x + 10, base, capitals, pen, width=box.width * 0.62, role="amount")
    x = box.x + box.width * 0.66
    put(canvas, x, base, figures, pen, width=box.width * 0.32, align="right", role="amount")
    return box.y + 36


def _goods_chinese(work: Work, box: Box, goods: Bill, ink: Colour) -> float:
    """The goods with net sums and taxes and what they add up to; returns the table's bottom edge."""
    look, row = work.theme, between(work.rng, 25, 29)
    style = TableLook(look.text(15, ink), look.text(15, _FILLED), "grid", row=row, line=ink, middle_heads=True)
    return table(work.canvas, box.x, box.y, _GOODS, _goods_rows(work, goods), style, width=box.width)


def _goods_rows(work: Work, goods: Bill) -> list[list[str]]:
    taxes = [round(count * price * goods.rate / 100) for _, count, price in goods.rows]
    taxes[-1] += goods.tax - sum(taxes)
    known = work.say("goods").split(";")
    rows = [
        [
            what,
            _UNITS[known.index(what)],
            str(count),
            work.money(price),
            work.money(count * price),
            f"{goods.rate}%",
            work.money(tax),
        ]
        for (what, count, price), tax in zip(goods.rows, taxes, strict=True)
    ]
    rows.append(["合　　计", "", "", "", "￥" + work.money(goods.net), "", "￥" + work.money(goods.tax)])
    return rows


def _receipt_chinese(rng: Generator, long_side: int) -> Canvas:
    """A receipt from a pad: filled by hand, in a brush face, with the firm's seal."""
    work = begin(rng, long_side, (1000, between(rng, 480, 580)), WORDS, language="zh", kind="serif")
    canvas, facts = work.canvas, work.facts
    ink = pick(rng, ((170, 40, 40), (30, 60, 130), (40, 40, 44)))
    hand = Pen(pick(rng, ("ukai", "wenkai")), 25, (28, 34, 90))
    body, firm, day = work.body(70), facts.company(), facts.day()
    _receipt_head(work, body, ink, day)
    _receipt_rows(work, Box(body.x, 128, body.width, canvas.height - 128 - 84), ink, hand)
    _receipt_hands(work, body, ink, hand)
    x = body.x + between(rng, 180, 230)
    firm_seal(work, firm, x=x, y=canvas.height - 104, width=between(rng, 140, 160), purpose="财务专用章")
    return canvas


def _receipt_head(work: Work, box: Box, ink: Colour, day: date) -> None:
    canvas, look, rng = work.canvas, work.theme, work.rng
    centred(canvas, 76, pick(rng, ("收款收据", "收　据", "统一收据")), look.title(36, ink, tracking=14))
    put(canvas, box.x, 112, long_date(day, "zh"), look.text(17, ink), width=250, role="date")
    number, red = f"No {digits(rng, 7)}", Pen("roboto", 22, (190, 40, 40))
    put(canvas, box.x + box.width - 200, 112, number, red, width=200, align="right", role="number")


def _receipt_rows(work: Work, frame: Box, ink: Colour, hand: Pen) -> None:
    """From whom, what for, how much: printed labels, values by hand over rules."""
    canvas, facts, rng = work.canvas, work.facts, work.rng
    canvas.frame(frame, ink, 1.6)
    cents = int(rng.integers(50, 90_000)) * 100
    rows = (
        ("今收到", facts.name() if chance(rng, 0.5) else facts.company(), "name"),
        ("交　来", pick(rng, ("货款", "房屋租金", "押金", "定金", "会员费", "装修尾款")), "text"),
        ("人民币（大写）", in_capitals(cents), "amount"),
        ("￥", work.money(cents), "amount"),
    )
    step = frame.height / (len(rows) + 0.3)
    for place, (label, value, role) in enumerate(rows):
        base = frame.y + step * (place + 0.75)
        end = put(canvas, frame.x + 20, base, label, work.theme.text(19, ink), width=180, role="label").right
        canvas.rule(end + 12, base + 8, frame.right - end - 40, ink)
        put(canvas, end + 26, base, value, hand, width=frame.right - end - 80, role=role)


def _receipt_hands(work: Work, box: Box, ink: Colour, hand: Pen) -> None:
    """Who is to sign along the foot, with names by hand but where the seal goes."""
    canvas, base = work.canvas, work.canvas.height - 42
    for place, label in enumerate(("单位盖章", "会计", "出纳", "经手人")):
        x = box.x + place * box.width / 4
        put(canvas, x, base, f"{label}：", work.theme.text(17, ink), width=120, role="label")
        if place:
            small = Pen(hand.face, 20, hand.colour)
            put(canvas, x + 64, base, work.facts.name(), small, width=110, role="name")


CHINESE = (
    Template("sales-zh", "chinese", _sales_chinese),
    Template("receipt-zh", "chinese", _receipt_chinese),
)
