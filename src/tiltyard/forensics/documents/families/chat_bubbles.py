"""What is said in a chat, and the bubbles that it is said in."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from numpy.random import default_rng

from tiltyard.forensics.documents.chance import between, chance, digits, pick
from tiltyard.forensics.documents.kit.canvas import Box, Colour, Pen
from tiltyard.forensics.documents.kit.layout import centred, wrapped
from tiltyard.forensics.documents.kit.screen import Skin
from tiltyard.forensics.documents.kit.theme import mixed
from tiltyard.forensics.documents.kit.work import Work
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.screen import avatar, bubble

FACE = 42.0
"""Side of the picture beside a bubble, in units."""
_PAD = 13.0


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


@dataclass(frozen=True)
class Chat:
    """A chat on a screen: its manner, the size of its text, the lower edge, each side's picture as a seed."""

    work: Work
    look: Skin
    manner: Manner
    size: float
    bottom: float
    faces: dict[bool, int]


def said(work: Work, clock: datetime) -> str:
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


def role(text: str) -> str:
    """What the line can be forged for."""
    if "€" in text or "元" in text:
        return "amount"
    return "number" if any(sign.isdigit() for sign in text) else "text"


def face(work: Work, look: Skin, *, x: float, y: float, seed: int) -> None:
    """The same picture for every message of a person."""
    letter = "友" if work.chinese else "A"
    avatar(work.canvas, default_rng(seed), Box(x, y, FACE, FACE), letter=letter, face=look.face, round_=False)


def bubbles(work: Work, look: Skin, manner: Manner, *, top: float, bottom: float) -> None:
    """Bubbles from the top edge down to the bottom edge, with a time in the middle now and then."""
    rng = work.rng
    y, size = top + 20, between(rng, 18, 20)
    clock = datetime.combine(work.facts.day(), time(int(rng.integers(7, 19)), int(rng.integers(60))))
    faces = {True: int(rng.integers(2**32)), False: int(rng.integers(2**32))}
    chat = Chat(work, look, manner, size, bottom, faces)
    mine = chance(rng, 0.5)
    while True:
        clock += timedelta(minutes=int(rng.integers(0, 7)))
        if chance(rng, 0.25) and y + 110 < bottom:
            clock += timedelta(minutes=int(rng.integers(20, 900)))
            when = f"{short_date(clock.date(), work.language)} {clock:%H:%M}" if chance(rng, 0.7) else f"{clock:%H:%M}"
            centred(work.canvas, y + 10, when, look.pen(14, look.soft), role="date")
            y += 34
        height = _bubble(chat, Message(mine, said(work, clock), f"{clock:%H:%M}"), y)
        if not height:
            return
        y += height + between(rng, 10, 18)
        mine = mine if chance(rng, 0.3) else not mine


def _bubble(chat: Chat, message: Message, y: float) -> float:
    """Draws a message with its upper edge at y; returns its height, 0 where it has no room."""
    canvas, manner = chat.work.canvas, chat.manner
    pen = chat.look.pen(chat.size, manner.mine_ink if message.mine else chat.look.ink)
    lines, box = _measured(chat, message, pen, y)
    height = max(box.height, FACE) if manner.faces else box.height
    if y + height > chat.bottom - 12:
        return 0
    fill, side = (manner.mine, "right") if message.mine else (manner.theirs, "left")
    bubble(canvas, box, fill, side=side, radius=manner.radius, tail=manner.tail)
    lead = chat.size * 1.4
    for place, line in enumerate(lines):
        base = y + 8 + lead * place + lead * 0.5 + chat.size * 0.36
        canvas.text(box.x + _PAD, base, line, pen, role=role(line))
    if manner.stamps:
        soft = chat.look.pen(12, mixed(pen.colour, fill, 0.45))
        canvas.text(box.right - 9, box.bottom - 8, message.clock, soft, align="right", role="date")
    if manner.faces:
        x = canvas.width - 14 - FACE if message.mine else 14
        face(chat.work, chat.look, x=x, y=y, seed=chat.faces[message.mine])
    return height


def _measured(chat: Chat, message: Message, pen: Pen, y: float) -> tuple[list[str], Box]:
    """The message in lines, and the box of its bubble at its side of the screen."""
    canvas, manner = chat.work.canvas, chat.manner
    edge = 14 + (FACE + 12 if manner.faces else 0)
    room = canvas.width - edge * 2 - (0 if manner.faces else 70) - _PAD * 2
    lines = wrapped(canvas, message.text, pen, room)
    stamp = 48.0 if manner.stamps else 0.0
    width = max(canvas.length(line, pen) for line in lines[:-1] or [""])
    width = max(width, canvas.length(lines[-1], pen) + stamp, 16) + 2 * _PAD
    x = canvas.width - edge - width if message.mine else edge
    return lines, Box(x, y, width, chat.size * 1.4 * len(lines) + 16)
