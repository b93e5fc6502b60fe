"""Chat screenshots: bubbles in three manners and an inbox, with amounts and dates as people write them."""

from datetime import datetime, time, timedelta
from functools import partial

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.families.chat_bubbles import FACE, Manner, bubbles, face, role, said
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.layout import put
from tiltyard.forensics.documents.kit.screen import Skin, home_bar, screen, title_bar
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import words
from tiltyard.forensics.documents.kit.work import Template, Work
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.screen import avatar, bubble, tick

WORDS = words("chat_screenshot")


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


def _faces(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """Square pictures beside bubbles with tails; a transfer as a card."""
    work, look = screen(rng, long_side, WORDS, language=language)
    top = title_bar(work, look, work.facts.name(), middle=True)
    bottom = _entry_bar(work, look)
    mine = pick(rng, ((150, 226, 120), (140, 200, 250), (186, 230, 200), (250, 214, 130)))
    manner = Manner(mine, look.card, (16, 20, 16), faces=True, stamps=False, tail=True, radius=6)
    if chance(rng, 0.55):
        top = _transfer_card(work, look, top)
    bubbles(work, look, manner, top=top, bottom=bottom)
    return work.canvas


def _transfer_card(work: Work, look: Skin, top: float) -> float:
    """A payment within the chat: an amount on a coloured card; returns the next free y."""
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
    small = look.pen(12.5, mixed(colour, WHITE, 0.85))
    put(canvas, x + 14, y + 90, work.say("transfer"), small, width=width - 28, role="label")
    face(work, look, x=canvas.width - 14 - FACE, y=y, seed=int(rng.integers(2**32)))
    return y + 104


def _stamped(rng: Generator, long_side: int) -> Canvas:
    """Round bubbles with the time inside, on a tinted ground; a coloured title bar with the other's picture."""
    work, look = screen(rng, long_side, WORDS, language="")
    canvas = work.canvas
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
    bubbles(work, look, manner, top=top, bottom=bottom)
    return canvas


def _plain(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """Round coloured bubbles without pictures on a plain ground."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas = work.canvas
    canvas.area(Box(0, 0, canvas.width, 1000), look.card)
    top = title_bar(work, look, work.facts.name(), middle=True)
    bottom = _entry_bar(work, look)
    theirs = look.line if look.ink[0] > 128 else (233, 233, 236)
    manner = Manner(look.brand, theirs, WHITE, faces=False, stamps=False, tail=False, radius=20)
    bubbles(work, look, manner, top=top, bottom=bottom)
    return canvas


def _inbox(rng: Generator, long_side: int, *, language: str) -> Canvas:
    """The list of chats: picture, name, last words, time, unread count."""
    work, look = screen(rng, long_side, WORDS, language=language)
    canvas, round_ = work.canvas, chance(rng, 0.5)
    canvas.area(Box(0, 0, canvas.width, 1000), look.card)
    y = title_bar(work, look, work.say("chats"), middle=False)
    row = between(rng, 74, 84)
    clock = datetime.combine(work.facts.day(), time(21, int(rng.integers(60))))
    today = clock.date()
    while y + row < 930:
        clock -= timedelta(minutes=int(rng.integers(3, 400)))
        when = f"{clock:%H:%M}" if clock.date() == today else short_date(clock.date(), work.language)
        _inbox_row(work, look, Box(0, y, canvas.width, row), clock, when, round_=round_)
        y += row
    home_bar(canvas, look.soft)
    return canvas


def _inbox_row(work: Work, look: Skin, box: Box, clock: datetime, when: str, *, round_: bool) -> None:
    """One chat: whose it is, when and what was said last."""
    canvas, rng, y, row = work.canvas, work.rng, box.y, box.height
    name, side = work.facts.name(), row - 22
    avatar(canvas, rng, Box(16, y + 11, side, side), letter=name[0], face=look.face, round_=round_)
    left = 16 + side + 14
    put(canvas, left, y + row * 0.44, name, look.pen(18, cut="bold"), width=box.width - left - 120, role="name")
    canvas.text(box.width - 16, y + row * 0.42, when, look.pen(13, look.soft), align="right", role="date")
    line, pen, base = said(work, clock), look.pen(15, look.soft), y + row * 0.76
    put(canvas, left, base, line, pen, width=box.width - left - 70, role=role(line), least=0.9)
    if chance(rng, 0.35):
        _unread(work, look, x=box.width - 28, y=y + row * 0.68)
    canvas.rule(left, y + row, box.width - left, look.line)


def _unread(work: Work, look: Skin, *, x: float, y: float) -> None:
    """How many messages wait, on a red disc."""
    work.canvas.disc(x, y, 10, (226, 60, 56))
    count, pen = str(int(work.rng.integers(1, 9))), look.pen(12.5, WHITE, "bold")
    work.canvas.text(x, y + 4.5, count, pen, align="centre", role="number")


TEMPLATES = (
    Template("faces", "latin", partial(_faces, language="")),
    Template("stamped", "latin", _stamped),
    Template("plain", "latin", partial(_plain, language="")),
    Template("inbox", "latin", partial(_inbox, language="")),
    Template("faces-zh", "chinese", partial(_faces, language="zh")),
    Template("plain-zh", "chinese", partial(_plain, language="zh")),
    Template("inbox-zh", "chinese", partial(_inbox, language="zh")),
)
