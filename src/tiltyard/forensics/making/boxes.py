"""Text boxes of a user's picture, as ICDAR's SROIE writes them: `x1,y1,x2,y2,x3,y3,x4,y4,text`, one line a box."""

import math
import re
from pathlib import Path

from tiltyard.contest.files import open_regular
from tiltyard.contest.names import one_line, shown_path
from tiltyard.errors import TiltyardError
from tiltyard.forensics.picture import Quad, TextLine

MAX_BYTES = 1 << 20
MAX_LINES = 5000
MAX_TEXT = 500
NUMBERS = 8
SMALLEST = 4.0
"""Square pixels that a box covers at least within its picture."""
ROLES = (
    ("date", re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年\d{1,2}月\d{1,2}日?")),
    ("amount", re.compile(r"[^\d\s]{0,4}\s?-?\d{1,3}(?:[,' ]?\d{3})*[.,]\d{2}(?:\s?[^\d\s]{1,4})?")),
    ("number", re.compile(r"[A-Z]{0,4}[\d -]{4,}[A-Z]?")),
)
"""What a whole text looks like that says such a thing; the first that fits counts."""


def parse_boxes(content: bytes, size: tuple[int, int], name: str) -> tuple[TextLine, ...]:
    """The text lines of a picture of `size` (width, height), from the bytes of a file that errors call `name`.

    Corners are clipped to the picture; empty lines and a byte order mark are passed over. TiltyardError names file,
    line and rule for everything else: no UTF-8, too much, a number that is none, a box without area or outside.
    """
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise TiltyardError(f"{name}: is no UTF-8 text: save the boxes as UTF-8") from None
    if len(lines) > MAX_LINES:
        raise TiltyardError(f"{name}: more than {MAX_LINES} lines")
    rows = ((number, line.strip()) for number, line in enumerate(lines, 1))
    return tuple(_line(text, size, f"{name}: line {number}") for number, text in rows if text)


def read_boxes_bytes(path: Path) -> bytes:
    """The content of a file of boxes, within its bound."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TiltyardError(f"{shown_path(path)}: cannot be read ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        raise TiltyardError(f"{shown_path(path)}: more than the {MAX_BYTES >> 10} KiB that a file of boxes may have")
    return content


def role_of(text: str) -> str:
    """`date`, `amount` or `number` where the whole text looks like one, else `text`."""
    return next((role for role, pattern in ROLES if pattern.fullmatch(text.strip())), "text")


def _line(row: str, size: tuple[int, int], where: str) -> TextLine:
    parts = row.split(",", NUMBERS)
    if len(parts) < NUMBERS:
        raise TiltyardError(f"{where}: has {len(parts)} fields: write x1,y1,x2,y2,x3,y3,x4,y4,text")
    numbers = [_number(part, where) for part in parts[:NUMBERS]]
    text = one_line(parts[NUMBERS] if len(parts) > NUMBERS else "", MAX_TEXT)
    return TextLine(text, _quad(numbers, size, where), role=role_of(text))


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e6:
        raise TiltyardError(f"{where}: {one_line(text, 20)!r} is no coordinate in pixels")
    return value


def _quad(numbers: list[float], size: tuple[int, int], where: str) -> Quad:
    width, height = size
    xs, ys = numbers[::2], numbers[1::2]
    corners = [(min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))) for x, y in zip(xs, ys, strict=True)]
    if _area(corners) < SMALLEST:
        raise TiltyardError(f"{where}: the box has no area within the picture of {width}×{height}")
    first, second, third, fourth = corners
    return first, second, third, fourth


def _area(corners: list[tuple[float, float]]) -> float:
    """By the shoelace formula."""
    following = corners[1:] + corners[:1]
    return abs(sum(x * b - a * y for (x, y), (a, b) in zip(corners, following, strict=True))) / 2
