"""Chinese invoices: a sales invoice in a grid, a receipt from a pad."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.families.invoice_bill import Bill, bill
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import put
from tiltyard.forensics.documents.kit.table import Column, TableLook, table
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import in_capitals, long_date
from tiltyard.forensics.documents.ornaments.codes import qr_code

WORDS = words("invoice")


UNITS_ZH = ["把", "台", "箱", "个", "块", "张", "只", "台", "双", "把", "个", "次", "套", "盆", "根"]


def _sales_chinese(rng: Generator, long_side: int) -> Canvas:
    """A sales invoice: buyer, goods with tax, total in capitals, seller, seal."""
    work = begin(
        rng, long_side, (1000, between(rng, 630, 700)), WORDS, language="zh", kind=pick(rng, ("serif", "sans"))
    )
    canvas, facts, look = work.canvas, work.facts, work.theme
    ink, margin = pick(rng, ((120, 62, 30), (30, 70, 140), (20, 100, 80), (60, 60, 64))), between(rng, 44, 60)
    width, seller = canvas.width - 2 * margin, facts.company()
    canvas.text(
        canvas.width / 2,
        62,
        pick(rng, ("销货发票", "商品销售发票", "货物销售统一票据")),
        Pen(look.title_face, 30, ink, "bold", 8),
        align="centre",
        role="title",
    )
    canvas.rule(canvas.width / 2 - 150, 74, 300, ink, 1.2)
    canvas.rule(canvas.width / 2 - 150, 78, 300, ink, 1.2)
    qr_code(canvas, Box(margin, 26, 74, 74), "SPECIMEN " + digits(rng, 18))
    for place, (label, value, role) in enumerate(
        (("票据号码", digits(rng, 8), "number"), ("开票日期", long_date(facts.day(), "zh"), "date"))
    ):
        put(
            canvas,
            margin + width - 230,
            62 + place * 28,
            f"{label}：{value}",
            look.text(15.5, ink),
            width=230,
            role=role,
        )
    box = Box(margin, 108, width, 0)
    firm_rows = [
        (f"名　　称：{facts.company()}", "name"),
        (f"识别代号：{facts.tax_number()}", "number"),
        (f"地址电话：{facts.address()} {facts.phone()}", "address"),
        (f"开户账号：{facts.bank()} {facts.account()}", "number"),
    ]
    y = _party(work, box, "购货单位", firm_rows, ink)
    goods = bill(work, most=5)
    y = _goods_chinese(work, Box(margin, y, width, 0), goods, ink)
    canvas.frame(Box(margin, y, width, 36), ink, 1.2)
    put(
        canvas,
        margin + 10,
        y + 24,
        f"价税合计（大写）　{in_capitals(goods.total)}",
        look.text(16, ink),
        width=width * 0.62,
        role="amount",
    )
    put(
        canvas,
        margin + width * 0.66,
        y + 24,
        f"（小写）￥{work.money(goods.total)}",
        look.text(16, ink),
        width=width * 0.32,
        align="right",
        role="amount",
    )
    firm_rows = [
        (f"名　　称：{seller}", "name"),
        (f"识别代号：{facts.tax_number()}", "number"),
        (f"开户账号：{facts.bank()} {facts.account()}", "number"),
    ]
    y = _party(work, Box(margin, y + 36, width, 0), "销货单位", firm_rows, ink)
    put(
        canvas,
        margin,
        y + 28,
        f"收款人：{facts.name()}　　复核：{facts.name()}　　开票人：{facts.name()}　　销货单位（章）",
        look.text(15, ink),
        width=width * 0.8,
        role="name",
    )
    firm_seal(
        work,
        seller,
        x=margin + width * between(rng, 0.8, 0.88),
        y=y - 16,
        width=between(rng, 120, 140),
        purpose="发票专用章",
    )
    return canvas


def _party(work: Work, box: Box, title: str, rows: list[tuple[str, str]], ink: tuple[int, int, int]) -> float:
    canvas, look, lead = work.canvas, work.theme, 24.0
    height = lead * len(rows) + 10
    canvas.frame(Box(box.x, box.y, box.width, height), ink, 1.2)
    canvas.rule(box.x + 34, box.y, height, ink, down=True)
    step = (height - 12) / len(title)
    for place, sign in enumerate(title):
        canvas.text(
            box.x + 17, box.y + 6 + step * (place + 0.5) + 5.5, sign, look.text(15, ink), align="centre", role="label"
        )
    for place, (line, role) in enumerate(rows):
        put(
            canvas,
            box.x + 44,
            box.y + 22 + place * lead,
            line,
            look.text(15, (30, 30, 40)),
            width=box.width * 0.7,
            role=role,
        )
    return box.y + height


def _goods_chinese(work: Work, box: Box, goods: Bill, ink: tuple[int, int, int]) -> float:
    rng, look = work.rng, work.theme
    columns = [
        Column("货物或服务名称", 28),
        Column("单位", 8, "centre"),
        Column("数量", 9, "right", "number"),
        Column("单价", 14, "right", "amount"),
        Column("金额", 16, "right", "amount"),
        Column("税率", 9, "right", "number"),
        Column("税额", 16, "right", "amount"),
    ]
    taxes = [round(count * price * goods.rate / 100) for _, count, price in goods.rows]
    taxes[-1] += goods.tax - sum(taxes)
    rows = [
        [
            what,
            UNITS_ZH[work.say("goods").split(";").index(what)],
            str(count),
            work.money(price),
            work.money(count * price),
            f"{goods.rate}%",
            work.money(tax),
        ]
        for (what, count, price), tax in zip(goods.rows, taxes, strict=True)
    ]
    rows.append(["合　　计", "", "", "", "￥" + work.money(goods.net), "", "￥" + work.money(goods.tax)])
    style = TableLook(
        look.text(15, ink), look.text(15, (30, 30, 40)), "grid", row=between(rng, 25, 29), line=ink, middle_heads=True
    )
    return table(work.canvas, box.x, box.y, columns, rows, style, width=box.width)


def _receipt_chinese(rng: Generator, long_side: int) -> Canvas:
    """A receipt from a pad: filled by hand, in a brush face, with the firm's seal."""
    work = begin(rng, long_side, (1000, between(rng, 480, 580)), WORDS, language="zh", kind="serif")
    canvas, facts, look = work.canvas, work.facts, work.theme
    ink, hand = (
        pick(rng, ((170, 40, 40), (30, 60, 130), (40, 40, 44))),
        Pen(pick(rng, ("ukai", "wenkai")), 25, (28, 34, 90)),
    )
    margin, firm, day = 70.0, facts.company(), facts.day()
    width = canvas.width - 2 * margin
    canvas.text(
        canvas.width / 2,
        76,
        pick(rng, ("收款收据", "收　据", "统一收据")),
        Pen(look.title_face, 36, ink, "bold", 14),
        align="centre",
        role="title",
    )
    put(canvas, margin, 112, long_date(day, "zh"), look.text(17, ink), width=250, role="date")
    put(
        canvas,
        margin + width - 200,
        112,
        f"No {digits(rng, 7)}",
        Pen("roboto", 22, (190, 40, 40)),
        width=200,
        align="right",
        role="number",
    )
    frame = Box(margin, 128, width, canvas.height - 128 - 84)
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
        end = put(canvas, frame.x + 20, base, label, look.text(19, ink), width=180, role="label").right
        canvas.rule(end + 12, base + 8, frame.right - end - 40, ink)
        put(canvas, end + 26, base, value, hand, width=frame.right - end - 80, role=role)
    for place, label in enumerate(("单位盖章", "会计", "出纳", "经手人")):
        put(
            canvas,
            margin + place * width / 4,
            canvas.height - 42,
            f"{label}：",
            look.text(17, ink),
            width=120,
            role="label",
        )
        if place:
            put(
                canvas,
                margin + place * width / 4 + 64,
                canvas.height - 42,
                facts.name(),
                Pen(hand.face, 20, hand.colour),
                width=110,
                role="name",
            )
    firm_seal(
        work,
        firm,
        x=margin + between(rng, 180, 230),
        y=canvas.height - 104,
        width=between(rng, 140, 160),
        purpose="财务专用章",
    )
    return canvas


CHINESE = (
    Template("sales-zh", "chinese", _sales_chinese),
    Template("receipt-zh", "chinese", _receipt_chinese),
)
