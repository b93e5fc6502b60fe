"""Chinese transfer slips: a voucher in a grid, a page of online banking."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, put
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin, day_words
from tiltyard.forensics.documents.money import in_capitals, long_date, short_date

WORDS = words("transfer_slip")


def _voucher_chinese(rng: Generator, long_side: int) -> Canvas:
    """A paying-in voucher: three-part grid with a digit column for the amount."""
    work = begin(
        rng, long_side, (1000, between(rng, 540, 620)), WORDS, language="zh", kind=pick(rng, ("serif", "sans"))
    )
    canvas, facts, look = work.canvas, work.facts, work.theme
    bank, margin = facts.bank(), between(rng, 50, 70)
    width = canvas.width - 2 * margin
    ink = pick(rng, ((40, 40, 44), (30, 60, 130), (140, 50, 40), (20, 100, 80)))
    put(canvas, margin, 62, bank, look.title(22, ink), width=260, role="name")
    canvas.text(
        canvas.width / 2,
        64,
        pick(rng, ("转账凭证", "进账单", "电汇凭证")),
        Pen(look.title_face, 30, ink, "bold", 10),
        align="centre",
        role="title",
    )
    day = facts.day()
    put(canvas, margin, 98, f"委托日期　{long_date(day, 'zh')}", look.text(15, ink), width=width * 0.5, role="date")
    put(
        canvas,
        margin + width * 0.6,
        98,
        f"No. {digits(rng, 8)}",
        Pen("roboto", 17, (180, 40, 40)),
        width=width * 0.4,
        align="right",
        role="number",
    )
    box = Box(margin, 112, width, between(rng, 310, 350))
    cents = int(rng.integers(10_000, 99_999_999))
    _voucher_grid(work, box, ink, cents)
    put(
        canvas,
        margin,
        box.bottom + 30,
        f"复核：{facts.name()}　　记账：{facts.name()}",
        look.text(14, ink),
        width=width * 0.6,
        role="name",
    )
    put(
        canvas,
        margin,
        box.bottom + 56,
        pick(rng, ("此联由银行盖章后退回单位", "此联是收款人开户银行交给收款人的回单", "此联作付款人记账依据")),
        look.text(13, ink),
        width=width * 0.6,
    )
    firm_seal(
        work,
        bank,
        x=box.right - between(rng, 90, 150),
        y=box.bottom - between(rng, 40, 80),
        width=between(rng, 130, 150),
        purpose="业务专用章",
    )
    return canvas


def _voucher_grid(work: Work, box: Box, ink: tuple[int, int, int], cents: int) -> None:
    canvas, look, facts, rng = work.canvas, work.theme, work.facts, work.rng
    row, half, head = box.height / 6, box.width / 2, 84.0
    canvas.frame(box, ink, 1.5)
    pen, value = look.text(15.5, ink), look.text(16.5, (24, 24, 40))
    for side, who in enumerate(("付款人", "收款人")):
        left = box.x + side * half
        canvas.rule(left, box.y, row * 3, ink, 1.2, down=True)
        for place, sign in enumerate(who):
            canvas.text(left + 18, box.y + row * (0.75 + place * 0.75), sign, pen, align="centre", role="label")
        canvas.rule(left + 36, box.y, row * 3, ink, 1, down=True)
        canvas.rule(left + 36 + head, box.y, row * 3, ink, 1, down=True)
        cells = (
            ("全　称", facts.company(), "name"),
            ("账　号", facts.account(), "number"),
            ("开户银行", facts.bank() + facts.branch(), "name"),
        )
        for place, (label, content, role) in enumerate(cells):
            base = box.y + row * (place + 0.5) + 6
            put(canvas, left + 40, base, label, pen, width=head - 8, align="centre", role="label")
            put(canvas, left + 44 + head, base, content, value, width=half - head - 50, role=role)
    for place in range(1, 6):
        start = 36.0 if place < 3 else 0.0
        canvas.rule(box.x + start, box.y + row * place, half - start if place < 3 else box.width, ink)
        if place < 3:
            canvas.rule(box.x + half + 36, box.y + row * place, half - 36, ink)
    _voucher_amount(work, Box(box.x, box.y + row * 3, box.width, row), ink, cents)
    uses = (
        ("支付密码", digits(rng, 16), "number"),
        ("附加信息及用途", pick(rng, ("货款", "工程款", "服务费", "设备采购款", "往来款")), "text"),
    )
    for place, (label, content, role) in enumerate(uses):
        base = box.y + row * (4.5 + place) + 6
        put(canvas, box.x + 6, base, label, pen, width=124, align="centre", role="label")
        canvas.rule(box.x + 136, box.y + row * (4 + place), row, ink, down=True)
        put(canvas, box.x + 146, base, content, value, width=box.width * 0.5, role=role)


def _voucher_amount(work: Work, box: Box, ink: tuple[int, int, int], cents: int) -> None:
    canvas, look = work.canvas, work.theme
    signs = "亿千百十万千百十元角分"
    step, start = 24.0, box.right - 24.0 * len(signs)
    put(
        canvas,
        box.x + 6,
        box.y + box.height / 2 + 6,
        "人民币(大写)",
        look.text(15.5, ink),
        width=124,
        align="centre",
        role="label",
    )
    canvas.rule(box.x + 136, box.y, box.height, ink, down=True)
    put(
        canvas,
        box.x + 146,
        box.y + box.height / 2 + 6,
        in_capitals(cents),
        look.text(17, (24, 24, 40)),
        width=start - box.x - 156,
        role="amount",
    )
    written = ("¥" + str(cents)).rjust(len(signs))
    for place, (sign, figure) in enumerate(zip(signs, written, strict=True)):
        left = start + place * step
        canvas.rule(left, box.y, box.height, ink, 1, down=True)
        canvas.text(left + step / 2, box.y + box.height * 0.36, sign, look.text(12, ink), align="centre", listed=False)
        if figure.strip():
            canvas.text(
                left + step / 2,
                box.y + box.height * 0.84,
                figure,
                look.text(18, (24, 24, 40)),
                align="centre",
                role="amount",
            )
    canvas.rule(start, box.y + box.height * 0.46, box.right - start, ink)


def _confirmation_chinese(rng: Generator, long_side: int) -> Canvas:
    """A page printed from online banking: headings on tinted bars, pairs below."""
    work = begin(rng, long_side, (between(rng, 700, 780), 1000), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    bank, margin = facts.bank(), between(rng, 50, 70)
    width = canvas.width - 2 * margin
    y = letterhead(work, Box(margin, 40, width, 90), bank, (f"客服电话：{facts.phone()}", "网上银行服务"))
    put(
        canvas,
        margin,
        y + 44,
        pick(rng, ("转账汇款电子凭证", "跨行转账凭证", "汇款交易证明")),
        look.title(26),
        width=width,
        align="centre",
        role="title",
    )
    cents, fee = int(rng.integers(1_000, 50_000_000)), pick(rng, (0, 0, 200, 550))
    day = short_date(facts.day(), "zh")
    parts = (
        (
            "付款方信息",
            [
                Field("户名", facts.name(), "name"),
                Field("账号", facts.account(), "number"),
                Field("开户行", bank + facts.branch(), "name"),
            ],
        ),
        (
            "收款方信息",
            [
                Field("户名", facts.company(), "name"),
                Field("账号", facts.account(), "number"),
                Field("开户行", facts.bank() + facts.branch(), "name"),
            ],
        ),
        (
            "交易信息",
            [
                Field("转账金额", f"￥{work.money(cents)}", "amount"),
                Field("大写金额", in_capitals(cents), "amount"),
                Field("手续费", f"￥{work.money(fee)}", "amount"),
                Field("合计扣款", f"￥{work.money(cents + fee)}", "amount"),
                Field("交易时间", f"{day} {facts.clock()}", "date"),
                Field("流水号", digits(rng, 20), "number"),
                Field("交易状态", pick(rng, ("交易成功", "汇款成功", "已入账"))),
                Field("附言", pick(rng, ("货款", "房租", "生活费", "还款", "学费"))),
            ],
        ),
    )
    y += 66
    setting = Look(
        look.label(15.5),
        look.text(16.5),
        pick(rng, ("beside", "dotted", "spread")),
        lead=between(rng, 32, 36),
        column=0.26,
        colon=pick(rng, ("：", "")),
    )
    for title, pairs in parts:
        canvas.area(Box(margin, y, width, 30), look.tint)
        canvas.area(Box(margin, y, 5, 30), look.accent)
        put(canvas, margin + 16, y + 21, title, look.text(16, look.accent, "bold"), width=width, role="title")
        y = fields(canvas, margin + 16, y + 56, pairs, setting, width=width - 32) - 8
    firm_seal(
        work, bank, x=margin + width * 0.8, y=min(y - 40, 850), width=between(rng, 130, 160), purpose="电子业务专用章"
    )
    small_print(work, Box(margin, 944, width, 30), (f"打印日期：{day_words(work)}　本凭证仅供参考，以银行记录为准",))
    return canvas


CHINESE = (
    Template("voucher-zh", "chinese", _voucher_chinese),
    Template("confirmation-zh", "chinese", _confirmation_chinese),
)
