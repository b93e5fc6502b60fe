"""Text fits where it is put, tables keep to their columns."""

import pytest

from tiltyard.forensics.documents.kit.canvas import Canvas, Pen
from tiltyard.forensics.documents.kit.layout import Field, Look, fields, paragraph, put, wrapped
from tiltyard.forensics.documents.kit.table import Column, TableLook, table

PEN = Pen("roboto", 16)


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(800, 1000, long_side=1000, paper=(255, 255, 255))


def test_long_text_shrinks_before_it_loses_words(canvas: Canvas) -> None:
    text = "Widdowson Brothers of Northmere"
    full = canvas.length(text, PEN)
    put(canvas, 50, 100, text, PEN, width=full * 0.75)
    put(canvas, 50, 200, text, PEN, width=full * 0.3)
    whole, cut = canvas.lines
    assert whole.text == text
    assert whole.font is not None
    assert whole.font.size < 16
    assert text.startswith(cut.text)
    assert len(cut.text) < len(text)
    for line, width in ((whole, full * 0.75), (cut, full * 0.3)):
        assert line.quad[1][0] - line.quad[0][0] <= width + 1


def test_wrapping_keeps_all_words_and_the_width(canvas: Canvas) -> None:
    text = "one two three four five six seven eight nine ten eleven twelve"
    lines = wrapped(canvas, text, PEN, 120)
    assert " ".join(lines) == text
    assert len(lines) > 2
    assert all(canvas.length(line, PEN) <= 120 for line in lines)


def test_paragraphs_and_fields_return_where_the_next_line_goes(canvas: Canvas) -> None:
    end = paragraph(canvas, 50, 100, "a b c " * 30, PEN, width=200, lead=20)
    lowest = max(line.quad[2][1] for line in canvas.lines)
    assert end - 20 <= lowest <= end
    after = fields(
        canvas, 50, end, [Field("Label", "value", "name"), Field("Other", "1", "number")], Look(PEN, PEN), width=300
    )
    assert after == end + 48
    assert [line.role for line in canvas.lines[-4:]] == ["label", "name", "label", "number"]


def test_cells_stay_in_their_columns(canvas: Canvas) -> None:
    columns = [Column("What", 60, "left", "name"), Column("How much", 40, "right", "amount")]
    rows = [["A very long name of a thing that is sold by the piece", "1,234,567,890.00"], ["B", "2"]]
    bottom = table(canvas, 100, 200, columns, rows, TableLook(PEN, PEN, "grid", row=30), width=300)
    assert bottom == 290
    for line in canvas.lines:
        left, right = line.quad[0][0], line.quad[1][0]
        assert 100 <= left < right <= 281 or 279 <= left < right <= 401
        assert line.quad[0][1] >= 200
        assert line.quad[2][1] <= 290
