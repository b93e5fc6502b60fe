"""Text edit: a line's words or figures replaced by others, in its own font, size, colour, blur and noise."""

from numpy.random import Generator

from tiltyard.forensics.forging.digit_swap import swapped
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import usable
from tiltyard.forensics.forging.rewriting import rewritten
from tiltyard.forensics.forging.wording import other_digits, other_text
from tiltyard.forensics.picture import Picture, TextLine

TRIES = 4
"""Lines that are looked at before the operation gives up."""


def apply(picture: Picture, _: Picture, rng: Generator) -> Change | None:
    """Rewrites one line, or the part of it that changes; what stays the same is not touched."""
    lines = [line for line in usable(picture) if line.text.strip()]
    for place in rng.permutation(len(lines))[:TRIES]:
        line = lines[int(place)]
        change = _rewritten(picture, line, rng) if line.font else _from_its_digits(picture, line, rng)
        if change:
            return change
    return None


def _rewritten(picture: Picture, line: TextLine, rng: Generator) -> Change | None:
    text = other_text(line, picture.lines, rng)
    return rewritten(picture, line, text, rng) if text else None


def _from_its_digits(picture: Picture, line: TextLine, rng: Generator) -> Change | None:
    """Where the font is unknown: several digits copied from the picture; other text only in a font that fits well."""
    text = other_digits(line.text, rng, most=6)
    if text:
        return swapped(picture, line, text, rng)
    return _rewritten(picture, line, rng) if len(line.text) >= 4 else None


OPERATION = Operation("text_edit", "Text edit", apply, "lines")
