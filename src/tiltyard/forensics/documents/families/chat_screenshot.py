"""Chat screenshots: bubbles in three manners and an inbox, with amounts and dates as people write them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.layout import put, wrapped
from tiltyard.forensics.documents.kit.screen import Skin, home_bar, screen, title_bar
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.screen import avatar, bubble, tick

WORDS = words("chat_screenshot")


@dataclass(frozen=True)
class Message:
    """Who wrote what: `mine` stands at the right."""

    mine: bool
    text: str
    clock: str


@dataclass(frozen=True)
class Manner:
    """How an app draws bubbles."""

    mine: Colour
    theirs: Colour
    mine_ink: Colour
    faces: bool
    stamps: bool
    """Clock times within the bubbles."""
    tail: bool
    radius: float


def _said(work: Work, clock: datetime) -> str:
    """A line that names an amount, a day soon or a number."""
    line = pick(work.rng, work.say("talk").split(";"))
    cents = int(work.rng.integers(5, 6000)) * pick(work.rng, (50, 100, 100, 1))
    money = f"{work.money(cents)}元" if work.chinese else f"{work.money(cents)} €"
    return line.format(
        m=money,
        d=short_date(clock.date() + timedelta(days=int(work.rng.integers(-3, 9))), work.language),
        t=work.facts.clock(seconds=False),
        n=digits(work.rng, 8),
        n4=digits(work.rng, 4),
    )


def _role(text: str) -> str:
    """What the line can be forged for."""
    if "€" in text or "元" in text:
        return "amount"
    return "number" if any(sign.isdigit() for sign in text) else "text"


def _chat(work: Work, look: Skin, manner: Manner, *, top: float, bottom: float) -> None:
    """Bubbles from the top edge down to the bottom edge, with a time in the middle now and then."""
    rng, canvas = work.rng, work.canvas
    y, size = top + 20, between(rng, 18, 20)
    clock = datetime.combine(work.facts.day(), time(int(rng.integers(7, 19)), int(rng.integers(60))))
    faces = {True: int(rng.integers(2**32)), False: int(rng.integers(2**32))}
    mine = chance(rng, 0.5)
    while True:
        clock += timedelta(minutes=int(rng.integers(0, 7)))
        if chance(rng, 0.25) and y + 110 < bottom:
            clock += timedelta(minutes=int(rng.integers(20, 900)))
            when = f"{short_date(clock.date(), work.language)} {clock:%H:%M}" if chance(rng, 0.7) else f"{clock:%H:%M}"
            canvas.text(canvas.width / 2, y + 10, when, look.pen(14, look.soft), align="centre", role="date")
            y += 34
        need = _bubble(work, look, manner, Message(mine, _said(work, clock), f"{clock:%H:%M}"), y, size, bottom, faces)
        if not need:
            return
        y += need + between(rng, 10, 18)
        mine = mine if chance(rng, 0.3) else not mine


def _bubble(
    work: Work,
    look: Skin,
    manner: Manner,
    message: Message,
    y: float,
    size: float,
    bottom: float,
    faces: dict[bool, int],
) -> float:
    """Draws a message; returns its height, 0 where it has no room."""
    canvas = work.canvas
    side, pad = 42.0 if manner.faces else 0.0, 13.0
    edge = 14 + (side + 12 if manner.faces else 0)
    pen = look.pen(size, manner.mine_ink if message.mine else look.ink)
    lines = wrapped(canvas, message.text, pen, canvas.width - edge * 2 - (0 if manner.faces else 70) - pad * 2)
    lead = size * 1.4
    stamp = 48.0 if manner.stamps else 0.0
    width = max(canvas.length(line, pen) for line in lines[:-1] or [""])
    width = max(width, canvas.length(lines[-1], pen) + stamp, 16) + 2 * pad
    height = lead * len(lines) + 16
    if y + max(height, side) > bottom - 12:
        return 0
    x = canvas.width - edge - width if message.mine else edge
    bubble(
        canvas,
        Box(x, y, width, height),
        manner.mine if message.mine else manner.theirs,
        side="right" if message.mine else "left",
        radius=manner.radius,
        tail=manner.tail,
    )
    for place, line in enumerate(lines):
        canvas.text(x + pad, y + 8 + lead * place + lead * 0.5 + size * 0.36, line, pen, role=_role(line))
    if manner.stamps:
        soft = mixed(pen.colour, manner.mine if message.mine else manner.theirs, 0.45)
        canvas.text(x + width - 9, y + height - 8, message.clock, look.pen(12, soft), align="right", role="date")
    if manner.faces:
        _face(work, look, x=canvas.width - 14 - side if message.mine else 14, y=y, side=side, seed=faces[message.mine])
    return max(height, side)


def _face(work: Work, look: Skin, *, x: float, y: float, side: float, seed: int) -> None:
    """The same picture for every message of a person."""
    from numpy.random import default_rng

    letter = "友" if work.chinese else "A"
    avatar(work.canvas, default_rng(seed), Box(x, y, side, side), letter=letter, face=look.face, round_=False)


def _entry_bar(work: Work, look: Skin) -> float:
    """The field to write in; returns its upper edge."""
    canvas, top = work.canvas, 926.0
    canvas.area(Box(0, top, canvas.width, 74), look.card)
    canvas.rule(0, top, canvas.width, look.line)
    canvas.rounded(Box(54, top + 11, canvas.width - 150, 38), look.ground, pick(work.rng, (8.0, 19.0)))
    canvas.ring(29, top + 30, 13, look.soft, 1.8)
    for place in (-66, -28):
        canvas.ring(canvas.width + place, top + 30, 13, look.soft, 1.8)
    canvas.rule(canvas.width - 34, top + 29, 12, look.soft, 2)
    canvas.rule(canvas.width - 29, top + 24, 12, look.soft, 2, down=True)
    canvas.text(66, top + 36, work.say("write"), look.pen(16, look.soft), role="label")
    home_bar(canvas, look.soft)
    return top


def _faces(rng: Generator, long_side: int) -> Canvas:
    return _with_faces(rng, long_side, "")


def _faces_chinese(rng: Generator, long_side: int) -> Canvas:
    return _with_faces(rng, long_side, "zh")


def _with_faces(rng: Generator, long_side: int, language: str) -> Canvas:
    """Square pictures beside bubbles with tails; a transfer as a card."""
    work, look = screen(rng, long_side, WORDS, language=language)
    top = title_bar(work, look, work.facts.name(), middle=True)
    bottom = _entry_bar(work, look)
    mine = pick(rng, ((150, 226, 120), (140, 200, 250), (186, 230, 200), (250, 214, 130)))
    manner = Manner(mine, look.card, (16, 20, 16), faces=True, stamps=False, tail=True, radius=6)
    if chance(rng, 0.55):
        top = _transfer_card(work, look, top)
    _chat(work, look, manner, top=top, bottom=bottom)
    return work.canvas


def _transfer_card(work: Work, look: Skin, top: float) -> float:
    """A payment within the chat: an amount on a coloured card."""
    canvas, rng, y = work.canvas, work.rng, top + 22
    width = canvas.width * between(rng, 0.56, 0.62)
    x = canvas.width - 68 - width
    colour = mixed(look.brand, WHITE, 0.15)
    bubble(canvas, Box(x, y, width, 100), colour, side="right", radius=8, tail=True)
    tick(canvas, x + 34, y + 36, 18, mixed(colour, WHITE, 0.35))
    cents = int(rng.integers(10, 5000)) * 100
    money = f"¥{work.money(cents)}" if work.chinese else f"€ {work.money(cents)}"
    put(canvas, x + 64, y + 36, money, look.pen(20, WHITE, "bold"), width=width - 76, role="amount")
    put(canvas, x + 64, y + 58, work.say("accepted"), look.pen(14, WHITE), width=width - 76)
    canvas.rule(x + 14, y + 72, width - 28, mixed(colour, WHITE, 0.4))
    put(
        canvas,
        x + 14,
        y + 90,
        work.say("transfer"),
        look.pen(12.5, mixed(colour, WHITE, 0.85)),
        width=width - 28,
        role="label",
    )
    _face(work, look, x=canvas.width - 56, y=y, side=42, seed=int(rng.integers(2**32)))
    return y + 104


def _stamped(rng: Generator, long_side: int) -> Canvas:
    """Round bubbles with the time inside, on a tinted ground; a coloured title bar with the other's picture."""
    work, look = screen(rng, long_side, WORDS, language="")
    return _stamped_on(work, look)


def _stamped_on(work: Work, look: Skin) -> Canvas:
    rng, canvas = work.rng, work.canvas
    ground = mixed(look.ground, look.brand, between(rng, 0.06, 0.14))
    canvas.area(Box(0, 0, canvas.width, 1000), ground)
    top = title_bar(work, look, "", colour=mixed(look.brand, (20, 20, 20), 0.2), middle=False)
    name = work.facts.name()
    avatar(canvas, rng, Box(44, top - 46, 38, 38), letter=name[0], face=look.face, round_=True)
    put(canvas, 94, top - 28, name, look.pen(18, WHITE, "bold"), width=canvas.width - 190, role="name")
    put(canvas, 94, top - 11, work.say("online"), look.pen(13, mixed(look.brand, WHITE, 0.8)), width=200)
    bottom = _entry_bar(work, look)
    dark = look.ink[0] > 128
    mine = mixed(look.brand, (20, 20, 20), 0.4) if dark else mixed(look.brand, WHITE, 0.72)
    manner = Manner(mine, look.card, look.ink, faces=False, stamps=True, tail=chance(rng, 0.5), radius=10)
    _chat(work, look, manner, top=top, bottom=bottom)
    return canvas


def _plain(rng: Generator, long_side: int) -> Canvas:
    return _plain_in(rng, long_side, "")


def _plain_chinese(rng: Generator, long_side: int) -> Canvas:
    return _plain_in(rng, long_side, "zh")


def _plain_in(rng: Generator, long_side: int, language: str) -> Canvas:
    """Round coloured bubbles without pictures on a plain ground."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas = work.canvas
    canvas.area(Box(0, 0, canvas.width, 1000), look.card)
    top = title_bar(work, look, work.facts.name(), middle=True)
    bottom = _entry_bar(work, look)
    theirs = look.line if look.ink[0] > 128 else (233, 233, 236)
    manner = Manner(look.brand, theirs, WHITE, faces=False, stamps=False, tail=False, radius=20)
    _chat(work, look, manner, top=top, bottom=bottom)
    return canvas


def _inbox(rng: Generator, long_side: int) -> Canvas:
    return _list_of(rng, long_side, "")


def _inbox_chinese(rng: Generator, long_side: int) -> Canvas:
    return _list_of(rng, long_side, "zh")


def _list_of(rng: Generator, long_side: int, language: str) -> Canvas:
    """The list of chats: picture, name, last words, time, unread count."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, facts, round_ = work.canvas, work.facts, chance(rng, 0.5)
    canvas.area(Box(0, 0, canvas.width, 1000), look.card)
    y = title_bar(work, look, work.say("chats"), middle=False)
    row = between(rng, 74, 84)
    clock = datetime.combine(facts.day(), time(21, int(rng.integers(60))))
    today = clock.date()
    while y + row < 930:
        clock -= timedelta(minutes=int(rng.integers(3, 400)))
        name, side = facts.name(), row - 22
        avatar(canvas, rng, Box(16, y + 11, side, side), letter=name[0], face=look.face, round_=round_)
        left = 16 + side + 14
        when = f"{clock:%H:%M}" if clock.date() == today else short_date(clock.date(), work.language)
        put(canvas, left, y + row * 0.44, name, look.pen(18, cut="bold"), width=canvas.width - left - 120, role="name")
        canvas.text(canvas.width - 16, y + row * 0.42, when, look.pen(13, look.soft), align="right", role="date")
        said = _said(work, clock)
        put(
            canvas,
            left,
            y + row * 0.76,
            said,
            Pen(look.face, 15, look.soft),
            width=canvas.width - left - 70,
            role=_role(said),
            least=0.9,
        )
        if chance(rng, 0.35):
            canvas.disc(canvas.width - 28, y + row * 0.68, 10, (226, 60, 56))
            canvas.text(
                canvas.width - 28,
                y + row * 0.68 + 4.5,
                str(int(rng.integers(1, 9))),
                look.pen(12.5, WHITE, "bold"),
                align="centre",
                role="number",
            )
        canvas.rule(left, y + row, canvas.width - left, look.line)
        y += row
    home_bar(canvas, look.soft)
    return canvas


TEMPLATES = (
    Template("faces", "latin", _faces),
    Template("stamped", "latin", _stamped),
    Template("plain", "latin", _plain),
    Template("inbox", "latin", _inbox),
    Template("faces-zh", "chinese", _faces_chinese),
    Template("plain-zh", "chinese", _plain_chinese),
    Template("inbox-zh", "chinese", _inbox_chinese),
)
