"""A page's faces and colours, drawn once and kept through the page."""

from dataclasses import dataclass

from numpy.random import Generator

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.faces import named
from tiltyard.forensics.documents.kit.canvas import Colour, Pen

ACCENTS: tuple[Colour, ...] = (
    (24, 62, 120),
    (0, 92, 110),
    (146, 28, 38),
    (34, 98, 60),
    (88, 44, 110),
    (200, 90, 20),
    (52, 60, 72),
    (10, 118, 160),
    (120, 84, 30),
    (176, 32, 70),
    (44, 52, 138),
    (0, 128, 96),
)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Theme:
    """Faces for titles, text and figures; ink, a softer ink for labels, an accent with its tint, the paper."""

    title_face: str
    text_face: str
    figure_face: str
    ink: Colour
    soft: Colour
    accent: Colour
    tint: Colour
    paper: Colour

    def title(self, size: float, colour: Colour | None = None, *, tracking: float = 0.0) -> Pen:
        return Pen(self.title_face, size, colour or self.ink, "bold", tracking)

    def text(self, size: float, colour: Colour | None = None, cut: str = "regular") -> Pen:
        return Pen(self.text_face, size, colour or self.ink, cut)

    def label(self, size: float) -> Pen:
        return Pen(self.text_face, size, self.soft)

    def figure(self, size: float, colour: Colour | None = None, cut: str = "regular") -> Pen:
        return Pen(self.figure_face, size, colour or self.ink, cut)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour, the rest of the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def grey(level: float) -> Colour:
    return (round(level),) * 3


def theme(rng: Generator, language: str, *, kind: str = "any") -> Theme:
    """A theme whose text is of a kind: `sans`, `serif`, `mono`, or `any`."""
    script = "chinese" if language == "zh" else "latin"
    title, text, figure = _faces(rng, script, kind)
    accent = pick(rng, ACCENTS)
    ink = mixed(grey(between(rng, 12, 48)), accent, between(rng, 0, 0.15))
    paper = mixed(grey(between(rng, 247, 255)), (255, 248, 228), between(rng, 0, 0.5))
    return Theme(
        title,
        text,
        figure,
        ink,
        mixed(ink, WHITE, between(rng, 0.2, 0.45)),
        accent,
        mixed(accent, WHITE, between(rng, 0.84, 0.93)),
        paper,
    )


def _faces(rng: Generator, script: str, kind: str) -> tuple[str, str, str]:
    if kind == "any":
        kind = pick(rng, ("sans", "sans", "serif"))
    text = pick(rng, named(kind, script) or named("sans", script))
    if script == "chinese":
        title = pick(rng, ("noto-sans-sc", "noto-serif-sc", text, text))
        return title, text, text
    title = text if chance(rng, 0.6) else pick(rng, named(pick(rng, ("sans", "serif"))))
    figure = text if chance(rng, 0.75) else pick(rng, named("mono"))
    return title, text, figure
