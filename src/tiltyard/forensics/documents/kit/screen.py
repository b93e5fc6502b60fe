"""A phone's screen: its size, a light or dark skin, title bar and home bar."""

from dataclasses import dataclass

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.layout import put
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.words import Words
from tiltyard.forensics.documents.kit.work import Work, begin
from tiltyard.forensics.documents.ornaments.screen import chevron, status_bar

BRANDS: tuple[Colour, ...] = (
    (22, 119, 214),
    (16, 150, 110),
    (98, 60, 190),
    (230, 96, 40),
    (0, 140, 150),
    (210, 50, 80),
    (36, 60, 140),
    (90, 140, 30),
)


@dataclass(frozen=True)
class Skin:
    """Colours of an app: behind, on cards, text, softer text, lines, the brand."""

    ground: Colour
    card: Colour
    ink: Colour
    soft: Colour
    line: Colour
    brand: Colour
    face: str

    def pen(self, size: float, colour: Colour | None = None, cut: str = "regular") -> Pen:
        return Pen(self.face, size, colour or self.ink, cut)


def skin(rng: Generator, *, chinese: bool, dark: bool) -> Skin:
    """A light or dark skin; faces are those that phones have, or close to them."""
    face = (
        pick(rng, ("noto-sans-sc", "noto-sans-sc", "wqy-microhei"))
        if chinese
        else pick(rng, ("roboto", "open-sans", "lato", "ibm-plex-sans"))
    )
    brand = pick(rng, BRANDS)
    if dark:
        level = int(rng.integers(14, 26))
        return Skin(
            (level, level, level + 2),
            (level + 18, level + 18, level + 21),
            (236, 236, 238),
            (150, 150, 156),
            (level + 34, level + 34, level + 38),
            mixed(brand, WHITE, 0.2),
            face,
        )
    level = int(rng.integers(238, 248))
    return Skin((level, level, level + 2), WHITE, (24, 24, 28), (140, 140, 146), (226, 226, 230), brand, face)


def screen(
    rng: Generator, long_side: int, words: Words, *, language: str, dark: bool | None = None
) -> tuple[Work, Skin]:
    """Starts an upright screen of a usual ratio, filled with the skin's ground."""
    width = 1000 / pick(rng, (16 / 9, 18 / 9, 19.5 / 9, 20 / 9))
    work = begin(rng, long_side, (width, 1000), words, language=language, kind="sans", white=True)
    look = skin(rng, chinese=work.chinese, dark=chance(rng, 0.25) if dark is None else dark)
    work.canvas.area(Box(0, 0, width, 1000), look.ground)
    return work, look


def title_bar(work: Work, look: Skin, title: str, *, colour: Colour | None = None, middle: bool | None = None) -> float:
    """Status bar with a bar of back arrow and title; returns its lower edge."""
    canvas, rng = work.canvas, work.rng
    tall = between(rng, 82, 92)
    ground = colour or look.card
    canvas.area(Box(0, 0, canvas.width, tall), ground)
    ink = WHITE if colour else look.ink
    status_bar(canvas, rng, ink, clock=work.facts.clock(seconds=False), face=look.face)
    chevron(canvas, 20, tall - 25, 8, ink, left=True)
    centred = chance(rng, 0.5) if middle is None else middle
    pen = look.pen(20, ink, "bold")
    if centred and title:
        put(canvas, 60, tall - 18, title, pen, width=canvas.width - 120, align="centre", role="title")
    elif title:
        put(canvas, 46, tall - 18, title, pen, width=canvas.width - 120, role="title")
    for dot in range(3):
        canvas.disc(canvas.width - 36 + dot * 7, tall - 25, 2, ink)
    if not colour:
        canvas.rule(0, tall, canvas.width, look.line)
    return tall


def home_bar(canvas: Canvas, colour: Colour) -> None:
    """The handle that phones without buttons show."""
    canvas.rounded(Box(canvas.width * 0.34, 988, canvas.width * 0.32, 4.6), colour, 2.3)


def button(canvas: Canvas, box: Box, text: str, pen: Pen, fill: Colour, *, radius: float = 22) -> None:
    """A filled button with its text in the middle."""
    canvas.rounded(box, fill, radius)
    canvas.text(
        box.x + box.width / 2, box.y + box.height / 2 + pen.size * 0.36, text, pen, align="centre", role="label"
    )
