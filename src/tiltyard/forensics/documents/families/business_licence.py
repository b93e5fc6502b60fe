"""Business licences: framed certificates, an extract of a register, Chinese licences upright and across."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal, letterhead, small_print
from tiltyard.forensics.documents.kit.layout import Field, Look, field_columns, fields, paragraph, put
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import long_date
from tiltyard.forensics.documents.ornaments.codes import qr_code
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import border, mesh, rosette
from tiltyard.forensics.documents.ornaments.signature import signature

WORDS = words("business_licence")
_TRADES_ZH = (
    "软件开发、技术咨询、技术服务；计算机软硬件及辅助设备的销售；网络设备安装与维护",
    "日用百货、服装鞋帽、文具用品、电子产品的批发与零售；货物进出口",
    "室内外装饰装修工程设计与施工；建筑材料、五金交电的销售",
    "餐饮服务；食品销售；会议及展览服务；酒店管理",
    "普通货物道路运输；仓储服务（不含危险品）；国内货运代理",
    "机械设备租赁及维修；金属制品加工；劳务服务；企业管理咨询",
)
_KINDS_ZH = (
    "有限责任公司",
    "有限责任公司（自然人独资）",
    "个体工商户",
    "股份有限公司（非上市）",
    "有限责任公司（自然人投资或控股）",
)


def _facts_of_firm(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = facts.day(2008, 2020)
    return [
        Field(work.say("firm"), facts.company(), "name"),
        Field(work.say("number"), facts.code("XX-######/##"), "number"),
        Field(work.say("owner"), facts.name(), "name"),
        Field(work.say("address"), facts.address(), "address"),
        Field(work.say("trade"), pick(rng, work.say("trades").split(";"))),
        Field(work.say("capital"), f"{work.money(int(rng.integers(1, 60)) * 500_000)} EUR", "amount"),
        Field(work.say("founded"), long_date(day, work.language), "date"),
        Field(work.say("until"), long_date(day.replace(year=day.year + 10, day=1), work.language), "date"),
    ]


def _upright(rng: Generator, long_side: int) -> Canvas:
    return _certificate(rng, long_side, (between(rng, 700, 780), 1000))


def _across(rng: Generator, long_side: int) -> Canvas:
    return _certificate(rng, long_side, (1000, between(rng, 690, 760)))


def _certificate(rng: Generator, long_side: int, size: tuple[float, float]) -> Canvas:
    """A framed certificate on a ground of waves, signed and sealed."""
    work = begin(rng, long_side, size, WORDS, kind="serif")
    canvas, facts, look = work.canvas, work.facts, work.theme
    frame = Box(26, 26, canvas.width - 52, canvas.height - 52)
    ground = mixed(look.accent, WHITE, 0.88)
    if chance(rng, 0.6):
        mesh(canvas, rng, frame.inset(20), (ground,), pitch=between(rng, 10, 15))
    rosette(
        canvas,
        rng,
        x=canvas.width / 2,
        y=canvas.height * 0.55,
        radius=canvas.height * 0.24,
        colour=mixed(look.accent, WHITE, 0.82),
    )
    border(canvas, frame, mixed(look.accent, WHITE, 0.15), thick=between(rng, 14, 20), pitch=between(rng, 14, 22))
    tall = canvas.height > canvas.width
    margin, y = frame.x + 56, frame.y + 40
    width = canvas.width - 2 * margin
    if tall or chance(rng, 0.6):
        emblem(canvas, rng, x=canvas.width / 2, y=y + 36, radius=38, colour=look.accent)
        y += 84
    put(canvas, margin, y + 24, work.say("authority"), look.text(17), width=width, align="centre")
    title = Pen(look.title_face, between(rng, 34, 42), pick(rng, (look.accent, look.ink)), "bold", 2)
    put(canvas, margin, y + 78, work.say("licence"), title, width=width, align="centre", role="title")
    y = paragraph(canvas, margin, y + 118, work.say("certify"), look.text(15.5), width=width, lead=22) + 16
    setting = Look(
        look.label(15.5),
        look.text(17, cut=pick(rng, ("regular", "bold"))),
        pick(rng, ("beside", "dotted")),
        lead=between(rng, 34, 42) if tall else 31,
        column=0.32,
    )
    pairs = _facts_of_firm(work)
    kept = pairs if tall else pairs[:7]
    y = fields(canvas, margin, y + 12, kept, setting, width=width)
    base = max(y + 70, canvas.height - between(rng, 150, 220)) if tall else min(y + 40, canvas.height - 78)
    canvas.rule(margin, base, width * 0.34, look.ink)
    put(canvas, margin, base + 20, work.say("sign"), look.label(14), width=width * 0.34, align="centre", role="label")
    signature(canvas, rng, facts.name(), x=margin + 20, y=base - 6, width=180)
    firm_seal(
        work, work.say("authority").split(",")[0], x=margin + width * 0.82, y=base - 20, width=between(rng, 125, 150)
    )
    return canvas


def _extract(rng: Generator, long_side: int) -> Canvas:
    """A sober extract from a register: numbered entries between rules."""
    work = begin(rng, long_side, (between(rng, 700, 770), 1000), WORDS)
    canvas, look = work.canvas, work.theme
    margin = between(rng, 54, 74)
    width = canvas.width - 2 * margin
    y = letterhead(
        work,
        Box(margin, 42, width, 90),
        work.say("authority"),
        (work.facts.town(), work.facts.phone()),
        form=pick(rng, ("centre", "left")),
    )
    put(canvas, margin, y + 42, work.say("extract"), look.title(27), width=width, role="title")
    y += 84
    for place, pair in enumerate(_facts_of_firm(work)):
        put(canvas, margin, y, f"{place + 1}.", look.label(15), width=30, role="number")
        y = fields(
            canvas, margin + 36, y, [pair], Look(look.label(14.5), look.text(16.5), "below", lead=20), width=width - 36
        )
        canvas.rule(margin, y - 2, width, mixed(look.soft, WHITE, 0.5))
        y += 26
    qr_code(canvas, Box(margin, 810, 100, 100), "SPECIMEN " + digits(rng, 14))
    firm_seal(work, work.say("authority").split(",")[0], x=margin + width * 0.78, y=850, width=between(rng, 120, 150))
    small_print(work, Box(margin, 946, width, 30), (work.say("small"),))
    return canvas


def _licence_fields(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = facts.day(2008, 2022)
    return [
        Field("名称", facts.company(), "name"),
        Field("类型", pick(rng, _KINDS_ZH)),
        Field("住所", facts.address(), "address"),
        Field("法定代表人", facts.name(), "name"),
        Field(
            "注册资本", f"人民币{pick(rng, ('伍拾万', '壹佰万', '贰佰万', '伍佰万', '壹仟万', '叁仟万'))}元整", "amount"
        ),
        Field("成立日期", long_date(day, "zh"), "date"),
        Field(
            "营业期限",
            f"{long_date(day, 'zh')}至{pick(rng, ('长期', long_date(day.replace(year=day.year + 20, day=1), 'zh')))}",
            "date",
        ),
        Field("经营范围", pick(rng, _TRADES_ZH) + "。（依法须经批准的项目，经相关部门批准后方可开展经营活动）"),
    ]


def _upright_chinese(rng: Generator, long_side: int) -> Canvas:
    """An upright licence of an invented town: emblem, spaced title, entries, seal, date."""
    work = begin(
        rng,
        long_side,
        (between(rng, 690, 750), 1000),
        WORDS,
        language="zh",
        kind=pick(rng, ("serif", "serif", "sans", "brush")),
    )
    canvas, look = work.canvas, work.theme
    gold: Colour = pick(rng, ((176, 130, 60), (160, 110, 40), (60, 120, 110), (150, 60, 50)))
    frame = Box(24, 24, canvas.width - 48, 952)
    _frame_chinese(work, frame, gold)
    emblem(canvas, rng, x=canvas.width / 2, y=120, radius=46, colour=pick(rng, ((190, 40, 40), gold)))
    canvas.text(
        canvas.width / 2,
        250,
        "营业执照",
        Pen(pick(rng, ("noto-serif-sc", "uming", look.title_face)), between(rng, 54, 66), look.ink, "bold", 16),
        align="centre",
        role="title",
    )
    if chance(rng, 0.6):
        canvas.text(canvas.width / 2, 288, "（副　本）", look.text(20), align="centre", role="title")
    margin = 84.0
    width = canvas.width - 2 * margin
    put(
        canvas,
        margin,
        324,
        f"证照编号 {work.facts.tax_number()}",
        look.text(16),
        width=width,
        align="centre",
        role="number",
    )
    setting = Look(look.text(17.5, mixed(look.ink, gold, 0.4)), look.text(18), lead=between(rng, 37, 42), column=0.24)
    y = fields(canvas, margin, 376, _licence_fields(work), setting, width=width)
    _issued(work, Box(margin, max(y + 20, 800), width, 0))
    put(
        canvas,
        margin,
        950 - 26,
        pick(rng, ("请于每年一月一日至六月三十日报送年度报告", "本证照由登记机关核发，不得涂改、出租、转让")),
        look.label(13),
        width=width,
        align="centre",
    )
    return canvas


def _across_chinese(rng: Generator, long_side: int) -> Canvas:
    """A licence across: entries in two columns, code at the right, seal below."""
    work = begin(
        rng, long_side, (1000, between(rng, 680, 730)), WORDS, language="zh", kind=pick(rng, ("serif", "sans", "brush"))
    )
    canvas, look = work.canvas, work.theme
    gold: Colour = pick(rng, ((176, 130, 60), (160, 110, 40), (70, 110, 150)))
    frame = Box(22, 22, 956, canvas.height - 44)
    _frame_chinese(work, frame, gold)
    emblem(canvas, rng, x=500, y=96, radius=36, colour=pick(rng, ((190, 40, 40), gold)))
    canvas.text(
        500,
        200,
        "营业执照",
        Pen(pick(rng, ("noto-serif-sc", "uming")), between(rng, 50, 58), look.ink, "bold", 22),
        align="centre",
        role="title",
    )
    qr_code(canvas, Box(800, 70, 96, 96), "SPECIMEN " + digits(rng, 18))
    put(canvas, 780, 192, "扫描二维码查询登记信息", look.label(11.5), width=140, align="centre")
    put(canvas, 80, 110, "证照编号", look.text(15), width=200, role="label")
    put(canvas, 80, 134, work.facts.tax_number(), look.text(16), width=230, role="number")
    pairs = _licence_fields(work)
    setting = Look(look.text(16, mixed(look.ink, gold, 0.4)), look.text(16.5), lead=38, column=0.25)
    order = [pairs[0], pairs[4], pairs[1], pairs[5], pairs[3], pairs[6]]
    y = field_columns(canvas, 80, 262, order, setting, width=840)
    y = fields(canvas, 80, y, [pairs[2], pairs[7]], Look(setting.label, setting.value, lead=38, column=0.12), width=840)
    _issued(work, Box(80, min(max(y + 6, canvas.height - 160), canvas.height - 130), 840, 0))
    return canvas


def _frame_chinese(work: Work, frame: Box, gold: Colour) -> None:
    rng, canvas = work.rng, work.canvas
    pale = mixed(gold, WHITE, 0.86)
    if chance(rng, 0.7):
        mesh(canvas, rng, frame.inset(24), (pale, mixed(pale, WHITE, 0.5)), pitch=between(rng, 10, 14))
    rosette(
        canvas,
        rng,
        x=canvas.width / 2,
        y=canvas.height * 0.6,
        radius=canvas.height * 0.2,
        colour=mixed(gold, WHITE, 0.75),
    )
    border(canvas, frame, gold, thick=between(rng, 14, 20), pitch=between(rng, 12, 20))
    canvas.frame(frame.inset(26), mixed(gold, WHITE, 0.3), 1)


def _issued(work: Work, box: Box) -> None:
    office = work.facts.city()[:3] + pick(work.rng, ("登记管理所", "企业登记局", "商事登记处"))
    put(work.canvas, box.x + box.width * 0.52, box.y + 30, "登记机关", work.theme.text(18), width=120, role="label")
    day = work.facts.day(2016, 2024)
    put(
        work.canvas,
        box.x + box.width * 0.52,
        box.y + 72,
        f"{day.year} 年 {day.month} 月 {day.day} 日",
        work.theme.text(18),
        width=box.width * 0.45,
        role="date",
    )
    firm_seal(work, office, x=box.x + box.width * 0.8, y=box.y + 36, width=between(work.rng, 130, 155))


TEMPLATES = (
    Template("upright", "latin", _upright),
    Template("across", "latin", _across),
    Template("extract", "latin", _extract),
    Template("upright-zh", "chinese", _upright_chinese),
    Template("across-zh", "chinese", _across_chinese),
)
