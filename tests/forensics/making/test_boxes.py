"""Text boxes are read within bounds, or refused in one line that names file and line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.boxes import MAX_BYTES, MAX_LINES, MAX_TEXT, parse_boxes, read_boxes_bytes, role_of

SIZE = (200, 100)
GOOD = "10,20,60,20,60,35,10,35,TOTAL, RM 9.00"


def test_corners_and_text_with_commas_are_read() -> None:
    (line,) = parse_boxes(GOOD.encode(), SIZE, "a.txt")
    assert line.quad == ((10, 20), (60, 20), (60, 35), (10, 35))
    assert line.text == "TOTAL, RM 9.00"


def test_empty_lines_a_byte_order_mark_and_windows_line_ends_are_passed_over() -> None:
    assert len(parse_boxes(f"\ufeff{GOOD}\r\n\r\n{GOOD}\r\n".encode(), SIZE, "a.txt")) == 2
    assert parse_boxes(b"", SIZE, "a.txt") == ()


def test_corners_are_clipped_to_the_picture() -> None:
    (line,) = parse_boxes(b"-5,-5,300,-5,300,50,-5,50,x", SIZE, "a.txt")
    assert line.quad == ((0, 0), (200, 0), (200, 50), (0, 50))


@pytest.mark.parametrize(("row", "reason"), [
    ("1,2,3", "has 3 fields"), ("a,2,3,4,5,6,7,8,x", "'a' is no coordinate"), ("nan,2,3,4,5,6,7,8,x", "no coordinate"),
    ("1e9,2,3,4,5,6,7,8,x", "no coordinate"), ("5,5,5,5,5,5,5,5,x", "no area"),
    ("300,300,400,300,400,400,300,400,x", "no area within the picture of 200×100"),
])  # fmt: skip
def test_a_bad_line_is_named(row: str, reason: str) -> None:
    with pytest.raises(TiltyardError, match=f"a.txt: line 2: .*{reason}"):
        parse_boxes(f"{GOOD}\n{row}\n".encode(), SIZE, "a.txt")


def test_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match="lines"):
        parse_boxes(b"\n" * MAX_LINES, SIZE, "a.txt")
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n" * (MAX_BYTES + 1))
    with pytest.raises(TiltyardError, match="KiB"):
        read_boxes_bytes(path)
    with pytest.raises(TiltyardError, match="cannot be read"):
        read_boxes_bytes(tmp_path)


@pytest.mark.parametrize(("text", "role"), [
    ("12/03/2024", "date"), ("2024年3月12日", "date"), ("RM 1,250.00", "amount"), ("9.00", "amount"),
    ("¥88.50", "amount"), ("6222 0210 0123 4567", "number"), ("TOTAL", "text"), ("", "text"),
])  # fmt: skip
def test_the_role_is_told_by_the_text(text: str, role: str) -> None:
    assert role_of(text) == role


numbers = st.one_of(st.integers(-10, 300).map(str), st.floats().map(str), st.text(max_size=6))
rows = st.lists(st.one_of(numbers, st.text(max_size=12)), max_size=12).map(",".join)


@given(st.one_of(st.binary(max_size=400), st.lists(rows, max_size=5).map(lambda found: "\n".join(found).encode())))
def test_whatever_the_bytes_are_there_are_lines_within_the_picture_or_one_line_of_complaint(content: bytes) -> None:
    try:
        lines = parse_boxes(content, SIZE, "a.txt")
    except TiltyardError as error:
        complaint, lines = str(error), ()
    else:
        complaint = ""
    assert not complaint or complaint.isprintable()
    for line in lines:
        assert all(0 <= x <= 200 and 0 <= y <= 100 for x, y in line.quad)
        assert len(line.text) <= MAX_TEXT


@given(st.from_regex(r"[\d\s,.'A-Z年月日/-]{0,80}", fullmatch=True))
def test_a_role_is_found_in_no_time(text: str) -> None:
    assert role_of(text) in ("date", "amount", "number", "text")
