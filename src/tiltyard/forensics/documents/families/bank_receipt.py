"""Bank receipts: card terminal slips, cash machine slips, counter receipts, electronic receipts with a seal."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick, some
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print, teller_stamp
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, put
from tiltyard.forensics.documents.kit.theme import WHITE, grey, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin, day_words
from tiltyard.forensics.documents.money import in_capitals, short_date
from tiltyard.forensics.documents.ornaments.codes import barcode, qr_code
from tiltyard.forensics.documents.ornaments.marks import logo, watermark
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("bank_receipt")


def _terminal(rng: Generator, long_side: int) -> Canvas:
    return _slip(rng, long_side, "", "mono")


def _terminal_chinese(rng: Generator, long_side: int) -> Canvas:
    return _slip(rng, long_side, "zh", "sans")


def _slip(rng: Generator, long_side: int, language: str, kind: str) -> Canvas:
    """A narrow slip from a card terminal, in the one face of a thermal printer."""
    work = begin(rng, long_side, (between(rng, 520, 600), 1000), WORDS, language=language, kind=kind, white=True)
    canvas, dark = work.canvas, grey(between(rng, 20, 70))
    pen, big = work.theme.text(22, dark), work.theme.text(32, dark, "bold")
    x, width = 44.0, canvas.width - 88
    y = 70.0
    bank, rows = work.facts.bank(), _slip_fields(work)
    for line, style in ((bank, big), (work.say("slip"), pen)):
        put(canvas, x, y, line, style, width=width, align="centre", role="title")
        y += 36
    canvas.dashes(x, y - 12, width, dark, dash=8, gap=5)
    look = Look(
        pen,
        pen,
        form="spread" if chance(rng, 0.4) and not work.chinese else "beside",
        lead=min(560 / len(rows), 48),
        column=0.4,
        colon=":",
    )
    y = fields(canvas, x, y + 18, rows, look, width=width)
    canvas.dashes(x, y - 12, width, dark, dash=8, gap=5)
    cents = int(rng.integers(300, 90_000)) * pick(rng, (1, 1, 10))
    sign = "RMB " if work.chinese else pick(rng, ("EUR ", "€ ", "EUR "))
    put(canvas, x, y + 26, work.say("total"), work.theme.text(24, dark, "bold"), width=width * 0.4, role="label")
    put(canvas, x + width * 0.4, y + 26, sign + work.money(cents), big, width=width * 0.6, align="right", role="amount")
    y += 72
    put(canvas, x, y, work.say("approved"), work.theme.text(22, dark, "bold"), width=width, align="centre")
    if y < 800:
        put(canvas, x, y + 50, work.say("sign"), pen, width=width * 0.6, role="label")
        canvas.rule(x, y + 108, width, dark)
        signature(canvas, rng, work.facts.name(), x=x + 80, y=y + 104, width=240)
        y += 126
    put(canvas, x, min(y + 34, 960), work.say("thanks"), work.theme.text(16, dark), width=width, align="centre")
    if y < 880 and chance(rng, 0.7):
        barcode(canvas, Box(x + width * 0.12, y + 58, width * 0.76, 42), digits(rng, 12), dark)
    return canvas


def _slip_fields(work: Work) -> list[Field]:
    rng, facts = work.rng, work.facts
    head = [
        Field(work.say("merchant"), facts.company(), "name"),
        Field(work.say("merchant_no"), digits(rng, 15 if work.chinese else 9), "number"),
        Field(work.say("terminal"), digits(rng, 8), "number"),
    ]
    card = Field(work.say("card"), facts.masked_card(), "number")
    entry = Field(
        work.say("entry"),
        pick(rng, ("IC/芯片", "磁条", "非接")) if work.chinese else pick(rng, ("Contactless", "Chip", "PIN")),
    )
    when = [
        Field(work.say("date"), short_date(facts.day(), work.language), "date"),
        Field(work.say("time"), facts.clock(), "date"),
    ]
    numbers = [
        Field(work.say("batch"), digits(rng, 6), "number"),
        Field(work.say("voucher"), digits(rng, 6), "number"),
        Field(work.say("auth"), digits(rng, 6), "number"),
        Field(work.say("reference"), digits(rng, 12), "number"),
    ]
    kept = some(rng, numbers, int(rng.integers(2, 5)))
    middle = [card, entry, *when] if chance(rng, 0.5) else [*when, card, entry]
    return head + middle + kept


def _counter(rng: Generator, long_side: int) -> Canvas:
    """A receipt over the counter: letterhead, fields in two columns, an amount in a box, stamp and signature."""
    work = begin(rng, long_side, (1000, between(rng, 560, 680)), WORDS)
    canvas, facts, look = work.canvas, work.facts, work.theme
    margin = between(rng, 46, 70)
    width = canvas.width - 2 * margin
    bank, holder = facts.bank(), facts.name()
    if chance(rng, 0.5):
        watermark(canvas, bank, look.title(34, look.accent), Box(0, 90, 1000, canvas.height - 120), strength=0.06)
    y = letterhead(work, Box(margin, 34, width, 80), bank, (facts.street(), facts.town(), facts.phone()))
    put(canvas, margin, y + 38, work.say("deposit"), look.title(26), width=width * 0.6, role="title")
    put(
        canvas,
        margin + width * 0.6,
        y + 38,
        f"{work.say('voucher')} {digits(rng, 8)}",
        look.figure(15),
        width=width * 0.4,
        align="right",
        role="number",
    )
    cents = int(rng.integers(20, 9_000)) * 100 * pick(rng, (1, 5)) + pick(rng, (0, 0, int(rng.integers(100))))
    pairs = [
        Field(work.say("holder"), holder, "name"),
        Field(work.say("account"), facts.account(), "number"),
        Field(work.say("branch"), facts.branch(), "address"),
        Field(work.say("date"), day_words(work), "date"),
        Field(work.say("depositor"), holder if chance(rng, 0.6) else facts.name(), "name"),
        Field(work.say("teller"), digits(rng, 4), "number"),
        Field(work.say("fee"), work.money(0) + " EUR", "amount"),
        Field(work.say("balance"), work.money(cents + int(rng.integers(10_000, 900_000))) + " EUR", "amount"),
    ]
    form = pick(rng, ("beside", "dotted", "below"))
    setting = Look(look.label(14), look.figure(16), form, lead=34, column=0.36, colon=":" if chance(rng, 0.5) else "")
    y = field_columns(canvas, margin, y + 82, pairs, setting, width=width)
    box = Box(margin, y - 4, width * between(rng, 0.42, 0.55), 54)
    canvas.rounded(box, look.tint, 4)
    canvas.frame(box, look.accent, 1.2)
    put(canvas, box.x + 14, box.y + 34, work.say("amount"), look.label(15), width=box.width * 0.35, role="label")
    put(
        canvas,
        box.x + box.width * 0.36,
        box.y + 36,
        f"EUR {work.money(cents)}",
        look.figure(24, cut="bold"),
        width=box.width * 0.6,
        align="right",
        role="amount",
    )
    teller_stamp(
        work, bank.upper(), work.say("checked"), x=margin + width * 0.8, y=y + 30, width=between(rng, 170, 210)
    )
    small_print(work, Box(margin, canvas.height - 52, width, 40), (work.say("foot"),))
    return canvas


def _cash_machine(rng: Generator, long_side: int) -> Canvas:
    """A slip from a cash machine: few lines, wide and short."""
    work = begin(rng, long_side, (between(rng, 620, 760), 1000), WORDS, kind="mono", white=True)
    canvas, facts, dark = work.canvas, work.facts, grey(between(rng, 30, 80))
    x, width, y = 60.0, work.canvas.width - 120, 90.0
    bank = facts.bank()
    logo(canvas, rng, x=x, y=y - 40, side=58, colour=dark, letter=bank[0])
    put(canvas, x + 76, y, bank, work.theme.text(32, dark, "bold"), width=width - 76, role="title")
    put(canvas, x, y + 74, work.say("atm"), work.theme.text(27, dark), width=width, role="title")
    cents = int(rng.integers(1, 40)) * 1000
    pairs = [
        Field(work.say("date"), short_date(facts.day(), work.language), "date"),
        Field(work.say("time"), facts.clock(), "date"),
        Field(work.say("terminal"), digits(rng, 8), "number"),
        Field(work.say("card"), facts.masked_card(), "number"),
        Field(work.say("branch"), facts.city(), "address"),
        Field(work.say("reference"), digits(rng, 10), "number"),
    ]
    pen = work.theme.text(23, dark)
    setting = Look(pen, pen, pick(rng, ("beside", "spread")), lead=between(rng, 42, 52), column=0.38)
    y = fields(canvas, x, y + 140, pairs, setting, width=width) + 10
    canvas.dashes(x, y - 20, width, dark, dash=10, gap=6)
    money = [
        Field(work.say("amount"), f"{work.money(cents)} EUR", "amount"),
        Field(work.say("fee"), f"{work.money(0)} EUR", "amount"),
        Field(work.say("balance"), f"{work.money(int(rng.integers(5_000, 900_000)))} EUR", "amount"),
    ]
    y = fields(
        canvas,
        x,
        y + 30,
        money,
        Look(pen, work.theme.text(25, dark, "bold"), "spread", lead=50, column=0.5),
        width=width,
    )
    canvas.dashes(x, y - 20, width, dark, dash=10, gap=6)
    put(canvas, x, y + 40, work.say("thanks"), work.theme.text(19, dark), width=width, align="centre")
    if y < 820:
        barcode(canvas, Box(x + width * 0.1, y + 70, width * 0.8, 60), digits(rng, 14), dark)
    return canvas


def _electronic_chinese(rng: Generator, long_side: int) -> Canvas:
    """An electronic receipt: payer and payee in a grid, the amount in figures and capitals, the bank's seal."""
    work = begin(rng, long_side, (1000, between(rng, 560, 660)), WORDS, language="zh")
    canvas, facts, look = work.canvas, work.facts, work.theme
    bank, margin = facts.bank(), between(rng, 40, 64)
    width = canvas.width - 2 * margin
    side = between(rng, 40, 52)
    logo(canvas, rng, x=margin, y=36, side=side, colour=look.accent, letter=bank[0])
    put(canvas, margin + side + 12, 72, bank, look.title(24, look.accent), width=280, role="name")
    title = pick(rng, ("电子回单", "业务回单（付款）", "网上银行电子回单", "客户回单"))
    put(canvas, 350, 76, title, look.title(30), width=300, align="centre", role="title")
    put(canvas, margin, 120, f"回单编号：{digits(rng, 16)}", look.text(14), width=width * 0.45, role="number")
    put(
        canvas,
        margin + width * 0.5,
        120,
        f"回单日期：{day_words(work)}",
        look.text(14),
        width=width * 0.5,
        align="right",
        role="date",
    )
    bottom = _grid(work, Box(margin, 138, width, 0))
    firm_seal(
        work,
        bank,
        x=margin + width * between(rng, 0.72, 0.84),
        y=bottom - between(rng, 40, 70),
        width=between(rng, 130, 160),
        purpose="电子回单专用章",
    )
    if chance(rng, 0.6):
        qr_code(canvas, Box(margin, bottom + 12, 76, 76), "SPECIMEN " + digits(rng, 16))
    put(
        canvas,
        margin + 96,
        bottom + 34,
        f"打印时间：{short_date(facts.day(), 'zh')} {facts.clock()}　打印次数：1　验证码：{facts.code('@#@#@##@')}",
        look.label(13),
        width=width - 300,
    )
    put(
        canvas,
        margin + 96,
        bottom + 60,
        "温馨提示：本回单仅供核对，不作为收款方发货依据，请勿重复记账。",
        look.label(13),
        width=width - 130,
    )
    return canvas


def _grid(work: Work, box: Box) -> float:
    """Rows of label and value in four columns between rules."""
    canvas, look, facts, rng = work.canvas, work.theme, work.facts, work.rng
    cents = int(rng.integers(1_000, 80_000_000))
    line, row = mixed(look.accent, WHITE, between(rng, 0.1, 0.5)), between(rng, 34, 38)
    four = [
        ("付款人户名", facts.company(), "name", "收款人户名", facts.company(), "name"),
        ("付款人账号", facts.account(), "number", "收款人账号", facts.account(), "number"),
        ("付款人开户行", facts.bank() + facts.branch(), "name", "收款人开户行", facts.bank() + facts.branch(), "name"),
        ("交易流水号", facts.code("@@") + digits(rng, 14), "number", "记账日期", short_date(facts.day(), "zh"), "date"),
    ]
    two = [
        ("金额（小写）", "CNY " + work.money(cents), "amount"),
        ("金额（大写）", "人民币" + in_capitals(cents), "amount"),
        ("用途", pick(rng, ("货款", "服务费", "工程款", "往来款", "租金", "材料款", "咨询费")), "text"),
    ]
    y = box.y
    for left, first, role, right, second, role2 in four:
        _cell(work, Box(box.x, y, box.width / 2, row), left, first, role, line)
        _cell(work, Box(box.x + box.width / 2, y, box.width / 2, row), right, second, role2, line)
        y += row
    for label, value, role in two:
        _cell(work, Box(box.x, y, box.width, row), label, value, role, line)
        y += row
    canvas.rule(box.x, y, box.width, line, 1.2)
    canvas.rule(box.right, box.y, y - box.y, line, 1.2, down=True)
    return y


def _cell(work: Work, box: Box, label: str, value: str, role: str, line: tuple[int, int, int]) -> None:
    canvas, look, edge = work.canvas, work.theme, 112.0
    canvas.rule(box.x, box.y, box.width, line, 1.2)
    canvas.rule(box.x, box.y, box.height, line, 1.2, down=True)
    canvas.rule(box.x + edge, box.y, box.height, line, 1.0, down=True)
    base = box.y + box.height / 2 + 5.5
    put(canvas, box.x + 6, base, label, look.label(14.5), width=edge - 12, align="centre", role="label")
    put(canvas, box.x + edge + 9, base, value, look.text(15.5), width=box.width - edge - 16, role=role)


TEMPLATES = (
    Template("terminal", "latin", _terminal),
    Template("counter", "latin", _counter),
    Template("cash-machine", "latin", _cash_machine),
    Template("terminal-zh", "chinese", _terminal_chinese),
    Template("electronic-zh", "chinese", _electronic_chinese),
)
