"""Chinese transfer slips: a voucher in a grid, a page of online banking."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, centred, fields, put, put_in
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin, day_words
from tiltyard.forensics.documents.money import in_capitals, long_date, short_date

WORDS = words("transfer_slip")
_FILLED: Colour = (24, 24, 40)
"""The colour of what is filled in."""
_PLACES = "亿千百十万千百十元角分"
_FIGURE = 24.0
"""Width of the column of one figure, in units."""
_COPIES = ("此联由银行盖章后退回单位", "此联是收款人开户银行交给收款人的回单", "此联作付款人记账依据")


def _voucher_chinese(rng: Generator, long_side: int) -> Canvas:
    """A paying-in voucher: three-part grid with a digit column for the amount."""
    size, kind = (1000.0, between(rng, 540, 620)), pick(rng, ("serif", "sans"))
    work = begin(rng, long_side, size, WORDS, language="zh", kind=kind)
    bank, body = work.facts.bank(), work.body(between(rng, 50, 70))
    ink = pick(rng, ((40, 40, 44), (30, 60, 130), (140, 50, 40), (20, 100, 80)))
    _voucher_head(work, body, bank, ink)
    box = Box(body.x, 112, body.width, between(rng, 310, 350))
    _voucher_grid(work, box, ink, int(rng.integers(10_000, 99_999_999)))
    _voucher_foot(work, box, ink)
    x, y = box.right - between(rng, 90, 150), box.bottom - between(rng, 40, 80)
    firm_seal(work, bank, x=x, y=y, width=between(rng, 130, 150), purpose="业务专用章")
    return work.canvas


def _voucher_head(work: Work, box: Box, bank: str, ink: Colour) -> None:
    canvas, look, rng = work.canvas, work.theme, work.rng
    put(canvas, box.x, 62, bank, look.title(22, ink), width=260, role="name")
    centred(canvas, 64, pick(rng, ("转账凭证", "进账单", "电汇凭证")), look.title(30, ink, tracking=10))
    day = f"委托日期　{long_date(work.facts.day(), 'zh')}"
    put_in(canvas, box, 98, day, look.text(15, ink), share=0.5, role="date")
    number, red = f"No. {digits(rng, 8)}", Pen("roboto", 17, (180, 40, 40))
    put_in(canvas, box, 98, number, red, share=0.4, align="right", role="number")


def _voucher_foot(work: Work, grid: Box, ink: Colour) -> None:
    """Who checked and whose copy it is, below the grid."""
    canvas, look, facts = work.canvas, work.theme, work.facts
    hands = f"复核：{facts.name()}　　记账：{facts.name()}"
    put_in(canvas, grid, grid.bottom + 30, hands, look.text(14, ink), share=0.6, role="name")
    put_in(canvas, grid, grid.bottom + 56, pick(work.rng, _COPIES), look.text(13, ink), share=0.6)


def _voucher_grid(work: Work, box: Box, ink: Colour, cents: int) -> None:
    """Payer beside payee in three rows, then the amount, then two rows on its use."""
    row, half = box.height / 6, box.width / 2
    work.canvas.frame(box, ink, 1.5)
    for side, who in enumerate(("付款人", "收款人")):
        _voucher_side(work, Box(box.x + side * half, box.y, half, row * 3), who, ink)
    _voucher_rules(work.canvas, box, ink)
    _voucher_amount(work, Box(box.x, box.y + row * 3, box.width, row), ink, cents)
    uses = (
        ("支付密码", digits(work.rng, 16), "number"),
        ("附加信息及用途", pick(work.rng, ("货款", "工程款", "服务费", "设备采购款", "往来款")), "text"),
    )
    for place, (label, content, role) in enumerate(uses):
        line = Box(box.x, box.y + row * (4 + place), box.width, row)
        base = box.y + row * (4.5 + place) + 6
        _voucher_label(work, line, base, label, ink)
        put(work.canvas, box.x + 146, base, content, work.theme.text(16.5, _FILLED), width=box.width * 0.5, role=role)


def _voucher_side(work: Work, box: Box, who: str, ink: Colour) -> None:
    """One party: its title set downwards, then name, account and bank in three rows."""
    canvas, facts, row, head = work.canvas, work.facts, box.height / 3, 84.0
    pen, value = work.theme.text(15.5, ink), work.theme.text(16.5, _FILLED)
    canvas.rule(box.x, box.y, box.height, ink, 1.2, down=True)
    for place, sign in enumerate(who):
        canvas.text(box.x + 18, box.y + row * (0.75 + place * 0.75), sign, pen, align="centre", role="label")
    for edge in (36, 36 + head):
        canvas.rule(box.x + edge, box.y, box.height, ink, 1, down=True)
    cells = (
        ("全　称", facts.company(), "name"),
        ("账　号", facts.account(), "number"),
        ("开户银行", facts.bank() + facts.branch(), "name"),
    )
    for place, (label, content, role) in enumerate(cells):
        base = box.y + row * (place + 0.5) + 6
        put(canvas, box.x + 40, base, label, pen, width=head - 8, align="centre", role="label")
        put(canvas, box.x + 44 + head, base, content, value, width=box.width - head - 50, role=role)


def _voucher_rules(canvas: Canvas, box: Box, ink: Colour) -> None:
    """The rules between rows; those within a party leave out its title."""
    row, half = box.height / 6, box.width / 2
    for place in (1, 2):
        for left in (box.x, box.x + half):
            canvas.rule(left + 36, box.y + row * place, half - 36, ink)
    for place in (3, 4, 5):
        canvas.rule(box.x, box.y + row * place, box.width, ink)


def _voucher_label(work: Work, row: Box, base: float, label: str, ink: Colour) -> None:
    """The first cell of a row that runs across."""
    pen = work.theme.text(15.5, ink)
    put(work.canvas, row.x + 6, base, label, pen, width=124, align="centre", role="label")
    work.canvas.rule(row.x + 136, row.y, row.height, ink, down=True)


def _voucher_amount(work: Work, box: Box, ink: Colour, cents: int) -> None:
    """The amount in capitals, then one figure to a column."""
    canvas, look, base = work.canvas, work.theme, box.y + box.height / 2 + 6
    start = box.right - _FIGURE * len(_PLACES)
    _voucher_label(work, box, base, "人民币(大写)", ink)
    capitals, room = in_capitals(cents), start - box.x - 156
    put(canvas, box.x + 146, base, capitals, look.text(17, _FILLED), width=room, role="amount")
    written = ("¥" + str(cents)).rjust(len(_PLACES))
    for place, (sign, figure) in enumerate(zip(_PLACES, written, strict=True)):
        left = start + place * _FIGURE
        middle = left + _FIGURE / 2
        canvas.rule(left, box.y, box.height, ink, 1, down=True)
        canvas.text(middle, box.y + box.height * 0.36, sign, look.text(12, ink), align="centre", listed=False)
        if figure.strip():
            pen = look.text(18, _FILLED)
            canvas.text(middle, box.y + box.height * 0.84, figure, pen, align="centre", role="amount")
    canvas.rule(start, box.y + box.height * 0.46, box.right - start, ink)


def _confirmation_chinese(rng: Generator, long_side: int) -> Canvas:
    """A page printed from online banking: headings on tinted bars, pairs below."""
    work = begin(rng, long_side, (between(rng, 700, 780), 1000), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    bank, body = facts.bank(), work.body(between(rng, 50, 70))
    y = letterhead(work, body.below(40), bank, (f"客服电话：{facts.phone()}", "网上银行服务"))
    title = pick(rng, ("转账汇款电子凭证", "跨行转账凭证", "汇款交易证明"))
    put_in(canvas, body, y + 44, title, look.title(26), align="centre", role="title")
    y = _confirmation_parts(work, body.below(y + 66), bank)
    x = body.x + body.width * 0.8
    firm_seal(work, bank, x=x, y=min(y - 40, 850), width=between(rng, 130, 160), purpose="电子业务专用章")
    small_print(work, body.below(944), (f"打印日期：{day_words(work)}　本凭证仅供参考，以银行记录为准",))
    return canvas


def _confirmation_parts(work: Work, box: Box, bank: str) -> float:
    """Payer, payee and the transfer, each below its heading; returns the next free y."""
    rng, facts, look = work.rng, work.facts, work.theme
    cents, fee = int(rng.integers(1_000, 50_000_000)), pick(rng, (0, 0, 200, 550))
    day = short_date(facts.day(), "zh")
    parts = (
        ("付款方信息", _account(work, facts.name(), bank)),
        ("收款方信息", _account(work, facts.company())),
        ("交易信息", _transfer(work, day, cents, fee)),
    )
    setting = Look(
        look.label(15.5),
        look.text(16.5),
        pick(rng, ("beside", "dotted", "spread")),
        lead=between(rng, 32, 36),
        column=0.26,
        colon=pick(rng, ("：", "")),
    )
    y = box.y
    for title, pairs in parts:
        work.canvas.area(Box(box.x, y, box.width, 30), look.tint)
        work.canvas.area(Box(box.x, y, 5, 30), look.accent)
        heading = look.text(16, look.accent, "bold")
        put(work.canvas, box.x + 16, y + 21, title, heading, width=box.width, role="title")
        y = fields(work.canvas, box.x + 16, y + 56, pairs, setting, width=box.width - 32) - 8
    return y


def _account(work: Work, holder: str, bank: str = "") -> list[Field]:
    """Whose account, its number and where it is kept: at a random bank where none is named."""
    facts = work.facts
    return [
        Field("户名", holder, "name"),
        Field("账号", facts.account(), "number"),
        Field("开户行", (bank or facts.bank()) + facts.branch(), "name"),
    ]


def _transfer(work: Work, day: str, cents: int, fee: int) -> list[Field]:
    facts, rng = work.facts, work.rng
    return [
        Field("转账金额", f"￥{work.money(cents)}", "amount"),
        Field("大写金额", in_capitals(cents), "amount"),
        Field("手续费", f"￥{work.money(fee)}", "amount"),
        Field("合计扣款", f"￥{work.money(cents + fee)}", "amount"),
        Field("交易时间", f"{day} {facts.clock()}", "date"),
        Field("流水号", digits(rng, 20), "number"),
        Field("交易状态", pick(rng, ("交易成功", "汇款成功", "已入账"))),
        Field("附言", pick(rng, ("货款", "房租", "生活费", "还款", "学费"))),
    ]


CHINESE = (
    Template("voucher-zh", "chinese", _voucher_chinese),
    Template("confirmation-zh", "chinese", _confirmation_chinese),
)
