"""Tables: columns with shares of the width, a header, rows, rules or stripes."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.layout import SMALLEST, put
from tiltyard.forensics.documents.kit.theme import WHITE, Theme, mixed

_WORDY = 0.86
"""How far words in a cell may shrink: beyond, machines that print tables cut them off."""


@dataclass(frozen=True)
class Column:
    """A column's title, its share of the width, how its cells stand, what they say."""

    title: str
    share: float
    align: str = "left"
    role: str = "text"


@dataclass(frozen=True)
class TableLook:
    """How a table is ruled: `grid`, `lines`, `bare` or `stripes`."""

    head: Pen
    cell: Pen
    form: str = "lines"
    row: float = 24.0
    """Height of a row in units."""
    line: Colour = (150, 150, 150)
    head_fill: Colour | None = None
    stripe: Colour = (243, 244, 246)
    pad: float = 6.0
    thick: float = 1.0
    middle_heads: bool = False


def themed(
    look: Theme, form: str, *, dark: bool, head: float, cell: float, row: float, faint: float = 0.4
) -> TableLook:
    """A table in a theme's colours: titles of size `head` on the accent where it is `dark`, else on its tint."""
    return TableLook(
        look.text(head, WHITE if dark else look.ink, "bold"),
        look.text(cell),
        form,
        row=row,
        stripe=look.tint,
        line=mixed(look.soft, WHITE, faint),
        head_fill=look.accent if dark else look.tint,
    )


def table(
    canvas: Canvas,
    x: float,
    y: float,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    look: TableLook,
    *,
    width: float,
) -> float:
    """Draws header and rows from the top edge y on; returns the bottom edge."""
    edges = _edges(x, width, columns)
    bottom = y + look.row * (len(rows) + 1)
    _fills(canvas, x, y, len(rows), look, width)
    _rules(canvas, edges, y, len(rows), look)
    titles = [column.title for column in columns]
    for row, cells in enumerate([titles, *rows]):
        _cells(canvas, edges, y + row * look.row, columns, cells, look, head=row == 0)
    return bottom


def _edges(x: float, width: float, columns: Sequence[Column]) -> list[float]:
    total, edges = sum(column.share for column in columns), [x]
    for column in columns:
        edges.append(edges[-1] + width * column.share / total)
    return edges


def _fills(canvas: Canvas, x: float, y: float, rows: int, look: TableLook, width: float) -> None:
    if look.head_fill is not None:
        canvas.area(Box(x, y, width, look.row), look.head_fill)
    if look.form == "stripes":
        for row in range(2, rows + 1, 2):
            canvas.area(Box(x, y + row * look.row, width, look.row), look.stripe)


def _rules(canvas: Canvas, edges: list[float], y: float, rows: int, look: TableLook) -> None:
    x, width, bottom = edges[0], edges[-1] - edges[0], y + look.row * (rows + 1)
    if look.form in ("grid", "lines"):
        for row in range(rows + 2):
            if look.form == "grid" or row:
                canvas.rule(x, y + row * look.row, width, look.line, look.thick)
    else:
        canvas.rule(x, y + look.row, width, look.line, look.thick)
        canvas.rule(x, bottom, width, look.line, look.thick)
    if look.form == "grid":
        for edge in edges:
            canvas.rule(edge, y, bottom - y + look.thick, look.line, look.thick, down=True)


def _cells(
    canvas: Canvas,
    edges: list[float],
    top: float,
    columns: Sequence[Column],
    cells: Sequence[str],
    look: TableLook,
    *,
    head: bool,
) -> None:
    pen = look.head if head else look.cell
    base = top + look.row / 2 + pen.size * 0.36
    for column, left, right, cell in zip(columns, edges[:-1], edges[1:], cells, strict=True):
        if cell:
            align = "centre" if head and look.middle_heads else column.align
            role = "label" if head else column.role
            least = _WORDY if column.role in ("text", "name") and not head else SMALLEST
            put(
                canvas,
                left + look.pad,
                base,
                cell,
                pen,
                width=right - left - 2 * look.pad,
                align=align,
                role=role,
                least=least,
            )
