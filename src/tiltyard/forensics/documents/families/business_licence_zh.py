"""Chinese business licences of invented towns, upright and across."""

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.heads import firm_seal
from tiltyard.forensics.documents.kit.layout import Field, Look, centred, field_columns, fields, put, put_in
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work, begin
from tiltyard.forensics.documents.money import long_date
from tiltyard.forensics.documents.ornaments.codes import qr_code
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import border, mesh, rosette

WORDS = words("business_licence")
_RED: Colour = (190, 40, 40)
_TRADES = (
    "软件开发、技术咨询、技术服务；计算机软硬件及辅助设备的销售；网络设备安装与维护",
    "日用百货、服装鞋帽、文具用品、电子产品的批发与零售；货物进出口",
    "室内外装饰装修工程设计与施工；建筑材料、五金交电的销售",
    "餐饮服务；食品销售；会议及展览服务；酒店管理",
    "普通货物道路运输；仓储服务（不含危险品）；国内货运代理",
    "机械设备租赁及维修；金属制品加工；劳务服务；企业管理咨询",
)
_KINDS = (
    "有限责任公司",
    "有限责任公司（自然人独资）",
    "个体工商户",
    "股份有限公司（非上市）",
    "有限责任公司（自然人投资或控股）",
)
_CAPITALS = ("伍拾万", "壹佰万", "贰佰万", "伍佰万", "壹仟万", "叁仟万")
_REMARKS = ("请于每年一月一日至六月三十日报送年度报告", "本证照由登记机关核发，不得涂改、出租、转让")


def _licence_fields(work: Work) -> list[Field]:
    facts, rng = work.facts, work.rng
    day = facts.day(2008, 2022)
    start, end = long_date(day, "zh"), long_date(day.replace(year=day.year + 20, day=1), "zh")
    return [
        Field("名称", facts.company(), "name"),
        Field("类型", pick(rng, _KINDS)),
        Field("住所", facts.address(), "address"),
        Field("法定代表人", facts.name(), "name"),
        Field("注册资本", f"人民币{pick(rng, _CAPITALS)}元整", "amount"),
        Field("成立日期", start, "date"),
        Field("营业期限", f"{start}至{pick(rng, ('长期', end))}", "date"),
        Field("经营范围", pick(rng, _TRADES) + "。（依法须经批准的项目，经相关部门批准后方可开展经营活动）"),
    ]


def _upright_chinese(rng: Generator, long_side: int) -> Canvas:
    """An upright licence of an invented town: emblem, spaced title, entries, seal, date."""
    size, kind = (between(rng, 690, 750), 1000.0), pick(rng, ("serif", "serif", "sans", "brush"))
    work = begin(rng, long_side, size, WORDS, language="zh", kind=kind)
    canvas, look = work.canvas, work.theme
    gold: Colour = pick(rng, ((176, 130, 60), (160, 110, 40), (60, 120, 110), (150, 60, 50)))
    _frame(work, Box(24, 24, canvas.width - 48, 952), gold)
    _upright_head(work, gold)
    body = work.body(84)
    number = f"证照编号 {work.facts.tax_number()}"
    put_in(canvas, body, 324, number, look.text(16), align="centre", role="number")
    setting = Look(look.text(17.5, mixed(look.ink, gold, 0.4)), look.text(18), lead=between(rng, 37, 42), column=0.24)
    y = fields(canvas, body.x, 376, _licence_fields(work), setting, width=body.width)
    _issued(work, body.below(max(y + 20, 800)))
    put_in(canvas, body, 924, pick(rng, _REMARKS), look.label(13), align="centre")
    return canvas


def _upright_head(work: Work, gold: Colour) -> None:
    canvas, look, rng = work.canvas, work.theme, work.rng
    emblem(canvas, rng, x=canvas.width / 2, y=120, radius=46, colour=pick(rng, (_RED, gold)))
    face = pick(rng, ("noto-serif-sc", "uming", look.title_face))
    centred(canvas, 250, "营业执照", Pen(face, between(rng, 54, 66), look.ink, "bold", 16))
    if chance(rng, 0.6):
        centred(canvas, 288, "（副　本）", look.text(20))


def _across_chinese(rng: Generator, long_side: int) -> Canvas:
    """A licence across: entries in two columns, code at the right, seal below."""
    size, kind = (1000.0, between(rng, 680, 730)), pick(rng, ("serif", "sans", "brush"))
    work = begin(rng, long_side, size, WORDS, language="zh", kind=kind)
    canvas, look = work.canvas, work.theme
    gold: Colour = pick(rng, ((176, 130, 60), (160, 110, 40), (70, 110, 150)))
    _frame(work, Box(22, 22, 956, canvas.height - 44), gold)
    _across_head(work, gold)
    pairs = _licence_fields(work)
    setting = Look(look.text(16, mixed(look.ink, gold, 0.4)), look.text(16.5), lead=38, column=0.25)
    order = [pairs[0], pairs[4], pairs[1], pairs[5], pairs[3], pairs[6]]
    y = field_columns(canvas, 80, 262, order, setting, width=840)
    y = fields(canvas, 80, y, [pairs[2], pairs[7]], Look(setting.label, setting.value, lead=38, column=0.12), width=840)
    _issued(work, Box(80, min(max(y + 6, canvas.height - 160), canvas.height - 130), 840, 0))
    return canvas


def _across_head(work: Work, gold: Colour) -> None:
    """Emblem over the title, a code at the right, the number at the left."""
    canvas, look, rng = work.canvas, work.theme, work.rng
    emblem(canvas, rng, x=500, y=96, radius=36, colour=pick(rng, (_RED, gold)))
    face = pick(rng, ("noto-serif-sc", "uming"))
    centred(canvas, 200, "营业执照", Pen(face, between(rng, 50, 58), look.ink, "bold", 22))
    qr_code(canvas, Box(800, 70, 96, 96), "SPECIMEN " + digits(rng, 18))
    put(canvas, 780, 192, "扫描二维码查询登记信息", look.label(11.5), width=140, align="centre")
    put(canvas, 80, 110, "证照编号", look.text(15), width=200, role="label")
    put(canvas, 80, 134, work.facts.tax_number(), look.text(16), width=230, role="number")


def _frame(work: Work, frame: Box, gold: Colour) -> None:
    """An engraved border around fine waves and a rosette."""
    rng, canvas = work.rng, work.canvas
    pale = mixed(gold, WHITE, 0.86)
    if chance(rng, 0.7):
        mesh(canvas, rng, frame.inset(24), (pale, mixed(pale, WHITE, 0.5)), pitch=between(rng, 10, 14))
    x, y, radius = canvas.width / 2, canvas.height * 0.6, canvas.height * 0.2
    rosette(canvas, rng, x=x, y=y, radius=radius, colour=mixed(gold, WHITE, 0.75))
    border(canvas, frame, gold, thick=between(rng, 14, 20), pitch=between(rng, 12, 20))
    canvas.frame(frame.inset(26), mixed(gold, WHITE, 0.3), 1)


def _issued(work: Work, box: Box) -> None:
    """The office, its seal, the day."""
    canvas, pen, x = work.canvas, work.theme.text(18), box.x + box.width * 0.52
    office = work.facts.city()[:3] + pick(work.rng, ("登记管理所", "企业登记局", "商事登记处"))
    put(canvas, x, box.y + 30, "登记机关", pen, width=120, role="label")
    day = work.facts.day(2016, 2024)
    written = f"{day.year} 年 {day.month} 月 {day.day} 日"
    put(canvas, x, box.y + 72, written, pen, width=box.width * 0.45, role="date")
    firm_seal(work, office, x=box.x + box.width * 0.8, y=box.y + 36, width=between(work.rng, 130, 155))


CHINESE = (
    Template("upright-zh", "chinese", _upright_chinese),
    Template("across-zh", "chinese", _across_chinese),
)
