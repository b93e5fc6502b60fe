"""Text in lines: fitted to a width, wrapped into paragraphs, set as pairs of label and value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen

SMALLEST = 0.6
"""How far text may shrink to fit before it is wrapped or cut at a word."""


@dataclass(frozen=True)
class Field:
    """A label with what stands beside or below it."""

    label: str
    value: str
    role: str = "text"


@dataclass(frozen=True)
class Look:
    """How fields are set: `beside` (value after the label's column), `below`, `dotted` or `spread` (value at right)."""

    label: Pen
    value: Pen
    form: str = "beside"
    lead: float = 24.0
    """Units from baseline to baseline."""
    column: float = 0.36
    """The label's share of the width."""
    colon: str = ""
    line: Colour = (170, 170, 170)


def fitted(canvas: Canvas, text: str, pen: Pen, width: float, least: float = SMALLEST) -> Pen:
    """The pen, made smaller where the text would run wider than `width`; never below the share `least`."""
    smallest, step = pen.size * least, 0.5 / canvas.unit
    while (length := canvas.length(text, pen)) > width and pen.size > smallest:
        size = max(min(pen.size * width / length, pen.size - step), smallest)
        pen = replace(pen, size=size, tracking=pen.tracking * size / pen.size)
    return pen


def put(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    pen: Pen,
    *,
    width: float,
    align: str = "left",
    role: str = "text",
    least: float = SMALLEST,
) -> Box:
    """Sets one run in a column that starts at x; what is too wide shrinks, then loses its last words."""
    pen = fitted(canvas, text, pen, width, least)
    while canvas.length(text, pen) > width + 1 and len(text) > 1:
        text = text.rsplit(" ", 1)[0] if " " in text else text[:-1]
    anchor = {"left": x, "centre": x + width / 2, "right": x + width}[align]
    return canvas.text(anchor, y, text, pen, align=align, role=role)


def put_in(
    canvas: Canvas,
    box: Box,
    y: float,
    text: str,
    pen: Pen,
    *,
    share: float = 1.0,
    align: str = "left",
    role: str = "text",
) -> Box:
    """Sets one run in a share of the box's width: its right end where text is aligned right, else its left end."""
    x = box.x + box.width * (1 - share) if align == "right" else box.x
    return put(canvas, x, y, text, pen, width=box.width * share, align=align, role=role)


def centred(canvas: Canvas, y: float, text: str, pen: Pen, *, role: str = "title") -> Box:
    """Sets one run around the middle of the page, as wide as it is."""
    return canvas.text(canvas.width / 2, y, text, pen, align="centre", role=role)


def wrapped(canvas: Canvas, text: str, pen: Pen, width: float) -> list[str]:
    """The text in lines no wider than `width`: broken at spaces, Chinese between any two signs."""
    pieces = text.split(" ") if " " in text else list(text)
    glue = " " if " " in text else ""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = lines[-1] + glue + piece
        if canvas.length(longer, pen) <= width or piece in "，。；：、）":
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def paragraph(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    pen: Pen,
    *,
    width: float,
    lead: float,
    role: str = "text",
    indent: float = 0.0,
    most: int = 99,
) -> float:
    """Sets wrapped lines from the baseline y on; returns the next free baseline."""
    lines = wrapped(canvas, text, pen, width - indent)[:most]
    for place, line in enumerate(lines):
        put(canvas, x + (0 if place else indent), y + place * lead, line, pen, width=width + 2, role=role)
    return y + len(lines) * lead


def fields(canvas: Canvas, x: float, y: float, pairs: Sequence[Field], look: Look, *, width: float) -> float:
    """Sets the pairs one under another; returns the next free baseline."""
    for pair in pairs:
        y = _field(canvas, x, y, pair, look, width)
    return y


def field_columns(
    canvas: Canvas,
    x: float,
    y: float,
    pairs: Sequence[Field],
    look: Look,
    *,
    width: float,
    count: int = 2,
    gutter: float = 30,
) -> float:
    """Sets the pairs row by row in `count` columns; returns the next free baseline."""
    column = (width - gutter * (count - 1)) / count
    for start in range(0, len(pairs), count):
        row = pairs[start : start + count]
        y = max(_field(canvas, x + place * (column + gutter), y, pair, look, column) for place, pair in enumerate(row))
    return y


def _field(canvas: Canvas, x: float, y: float, pair: Field, look: Look, width: float) -> float:
    label = pair.label + look.colon
    if look.form == "below":
        put(canvas, x, y, label, look.label, width=width, role="label")
        drop = look.value.size * 1.25
        return _value(canvas, x, y + drop, pair, look, width) + drop * 0.2
    if look.form == "spread":
        used = put(canvas, x, y, label, look.label, width=width * look.column, role="label").right
        put(canvas, used + 10, y, pair.value, look.value, width=x + width - used - 10, align="right", role=pair.role)
        return y + look.lead
    start = look.column * width
    put(canvas, x, y, label, look.label, width=start - 6, role="label")
    if look.form == "dotted":
        canvas.dashes(x + start, y + look.value.size * 0.32, width - start, look.line, dash=1.6, gap=2.4)
    return _value(canvas, x + start, y, pair, look, width - start)


def _value(canvas: Canvas, x: float, y: float, pair: Field, look: Look, width: float) -> float:
    lines = [pair.value]
    if canvas.length(pair.value, look.value) > width * 1.12:
        lines = wrapped(canvas, pair.value, look.value, width)[:3]
    for place, line in enumerate(lines):
        put(canvas, x, y + place * look.value.size * 1.25, line, look.value, width=width, role=pair.role)
    return y + (len(lines) - 1) * look.value.size * 1.25 + look.lead
