"""A template at work: the canvas, the randomness, the contents, the theme and the words of one language."""

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from tiltyard.forensics.documents.chance import pick
from tiltyard.forensics.documents.facts import LATIN_LANGUAGES, Facts, facts
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.kit.theme import Theme, theme
from tiltyard.forensics.documents.kit.words import Words
from tiltyard.forensics.documents.money import amount, long_date, short_date


@dataclass(frozen=True)
class Template:
    """A way of laying out a document; `script` says which fonts it needs: `latin` or `chinese`."""

    name: str
    script: str
    draw: Callable[[Generator, int], Canvas]


@dataclass(frozen=True)
class Work:
    """What a template draws with."""

    canvas: Canvas
    rng: Generator
    facts: Facts
    theme: Theme
    words: dict[str, str]

    @property
    def language(self) -> str:
        return self.facts.language

    @property
    def chinese(self) -> bool:
        return self.facts.chinese

    def say(self, key: str) -> str:
        """The word of a key, in the wording that was drawn for this page."""
        return self.words[key]

    def money(self, cents: int) -> str:
        return amount(cents, self.language)

    def body(self, margin: float) -> Box:
        """The page between a margin at the left and one at the right."""
        return Box(margin, 0, self.canvas.width - 2 * margin, self.canvas.height)


def begin(
    rng: Generator, long_side: int, size: tuple[float, float], words: Words, *, language: str = "", kind: str = "any",
    white: bool = False,
) -> Work:  # fmt: skip
    """Starts a page of a size in units (1000 on the long side); without a language, a Latin one is drawn."""
    contents = facts(language or pick(rng, LATIN_LANGUAGES), rng)
    look = theme(rng, contents.language, kind=kind)
    paper = (255, 255, 255) if white else look.paper
    canvas = Canvas(*size, long_side=long_side, paper=paper)
    chosen = {key: pick(rng, row[contents.language]) for key, row in words.items()}
    return Work(canvas, rng, contents, look, chosen)


def day_words(work: Work, *, first: int = 2016, last: int = 2025) -> str:
    """A day, written long or short."""
    day = work.facts.day(first, last)
    return pick(work.rng, (long_date, short_date))(day, work.language)
