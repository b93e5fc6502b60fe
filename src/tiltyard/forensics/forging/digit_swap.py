"""Digit swap: single digits of a line covered by other digits that were copied from the same picture."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import Floats, changed, grain, mixed, paper_under
from tiltyard.forensics.forging.glyphs import Glyph, Written, like_lines, written
from tiltyard.forensics.forging.ink import hull
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import Window, inside, usable
from tiltyard.forensics.forging.rewriting import rewritten
from tiltyard.forensics.forging.wording import DIGITS, other_digits, other_text
from tiltyard.forensics.picture import Picture, TextLine

TRIES, NEIGHBOURS = 4, 2
"""Lines that are tried, and further lines in which each looks for digits."""
MONEY_FIRST = ("amount", "date", "number")


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Swaps one to three digits of one line; amounts, dates and numbers are preferred."""
    lines = [line for line in usable(picture) if any(c in DIGITS for c in line.text)]
    order = [lines[int(i)] for i in rng.permutation(len(lines))]
    for line in sorted(order, key=lambda line: line.role not in MONEY_FIRST)[:TRIES]:
        text = other_text(line, (), rng) if line.role == "date" else other_digits(line.text, rng)
        change = text and (swapped(picture, line, text, rng) or _drawn(picture, line, text, rng))
        if change:
            return change
    return None


def only_digits_differ(one: str, other: str) -> bool:
    """Whether two texts are the same but for digits in the same places."""
    return len(one) == len(other) and all(a == b or (a + b).isdigit() for a, b in zip(one, other, strict=True))


def swapped(picture: Picture, line: TextLine, text: str, rng: Generator) -> Change | None:
    """The line with those digits of `text` that the picture has elsewhere; where one is missing, another that it has.

    None where more than digits differ, or digits run together.
    """
    if not only_digits_differ(line.text, text):
        return None
    target = written(
        picture, line, {c for pair in zip(line.text, text, strict=True) if len(set(pair)) > 1 for c in pair}
    )
    if target is None:
        return None
    wanted = [(glyph, text[glyph.place]) for glyph in target.digits if text[glyph.place] != glyph.character]
    supply = _supply(picture, target, {digit for _, digit in wanted})
    dated = line.role == "date"
    pairs = [(glyph, found) for glyph, digit in wanted if (found := _chosen(glyph, digit, supply, rng, dated=dated))]
    if not pairs or (dated and len(pairs) < len(wanted)):
        return None
    return _copied(picture, target, pairs, rng)


def _drawn(picture: Picture, line: TextLine, text: str, rng: Generator) -> Change | None:
    """Where digits run together: the same swap set in the line's font, if that is known."""
    return rewritten(picture, line, text, rng) if line.font else None


@dataclass(frozen=True)
class _Source:
    glyph: Glyph
    line: Written


def _supply(picture: Picture, target: Written, wanted: set[str]) -> list[_Source]:
    """Digits of the line and of lines that look like it and have what it lacks."""
    found = [_Source(glyph, target) for glyph in target.digits]
    missing = wanted - {glyph.character for glyph in target.digits}
    for line in like_lines(picture, target.line, missing, most=NEIGHBOURS) if missing else ():
        other = written(picture, line, missing)
        if other and _alike(target, other):
            found += [_Source(glyph, other) for glyph in other.digits]
    return found


def _alike(one: Written, other: Written) -> bool:
    close = float(np.abs(one.colour - other.colour).max()) < 28
    return close and one.ink.dark == other.ink.dark and 0.8 < one.ink.contrast / other.ink.contrast < 1.25


def _chosen(glyph: Glyph, digit: str, supply: list[_Source], rng: Generator, *, dated: bool) -> _Source | None:
    fitting = [s for s in supply if abs(s.glyph.height - glyph.height) <= 1 and s.glyph.character != glyph.character]
    exact = [source for source in fitting if source.glyph.character == digit]
    candidates = exact if exact or dated else fitting
    return candidates[int(rng.integers(len(candidates)))] if candidates else None


def _copied(picture: Picture, target: Written, pairs: list[tuple[Glyph, _Source]], rng: Generator) -> Change | None:
    window, pixels, content = target.window, target.window.of(picture.pixels), target.ink.content
    paper = paper_under(pixels, content, line=inside(target.line.quad, window))
    region, placed, done = np.zeros(content.shape, np.bool_), np.zeros(content.shape, np.bool_), []
    above = paper.copy()
    for glyph, source in pairs:
        old, new, box = np.zeros_like(region), np.zeros_like(region), _moved_box(glyph, source, target)
        old[glyph.box.rows, glyph.box.columns] = glyph.shape
        if not box.lies_in((window.width, window.height)):
            continue
        new[box.rows, box.columns] = source.glyph.shape
        beside = content & ~old
        if (new & beside).sum() > (0.02 if target.line.font else 0.1) * new.sum():
            continue
        above[new] += _off_paper(picture, source)[source.glyph.shape]
        new &= ~beside
        region |= hull(old | new) & ~beside
        placed |= new
        done.append(f"{glyph.character} → {source.glyph.character}")
    if not done:
        return None
    fresh = above + grain(pixels, paper, content, region & ~placed, rng)
    note = f"{target.line.text}: {', '.join(done)}"
    return changed(picture, window, mixed(pixels, fresh, region.astype(np.float32)), region, note)


def _moved_box(glyph: Glyph, source: _Source, target: Written) -> Window:
    """Where the other digit comes to lie in the target's window: moved by whole pixels, feet on the same baseline."""
    right, down = (round(to - since) for to, since in zip(glyph.foot, source.glyph.foot, strict=True))
    there, here = source.line.window, target.window
    return source.glyph.box.moved(there.left - here.left + right, there.top - here.top + down)


def _off_paper(picture: Picture, source: _Source) -> Floats:
    """What the digit's ink and grain add to its own paper."""
    here = source.glyph.box.grown(8, (source.line.window.width, source.line.window.height))
    pixels = source.line.window.of(picture.pixels)[here.rows, here.columns]
    content, line = source.line.ink.content, inside(source.line.line.quad, source.line.window)
    rest = pixels - paper_under(pixels, content[here.rows, here.columns], line=line[here.rows, here.columns])
    inner = source.glyph.box.moved(-here.left, -here.top)
    return np.asarray(rest[inner.rows, inner.columns], np.float32)


OPERATION = Operation("digit_swap", "Digit swap", apply, "lines")
