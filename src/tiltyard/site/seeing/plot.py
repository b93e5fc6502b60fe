"""The history of a board as a drawing: SVG with presentation attributes alone, which the policy on content allows."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from unicodedata import east_asian_width

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tiltyard.contest.standings import Line
from tiltyard.site.telling import dates

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 16, 30
MOST = 6
"""Teams that are drawn."""
LABEL_STEP, LONGEST_LABEL = 16, 18
Point = tuple[datetime, float]


@dataclass(frozen=True)
class Frame:
    """Where times and values lie on the drawing."""

    first: datetime
    last: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - self.first) / (self.last - self.first)), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.low) / (self.high - self.low), 1)


def history(boards: Sequence[tuple[datetime, Sequence[Line]]], names: Mapping[str, str]) -> SafeString:
    """The scores of the first teams of the last board over time; empty where that shows nothing.

    `names` maps what boards call teams to what people do; a team that it lacks, which came since, is not drawn.
    """
    lines = _lines(boards, names)
    moments = [at for points in lines.values() for at, _value in points]
    if len(set(moments)) < 2:
        return SafeString("")
    frame = _frame(lines, min(moments), boards[-1][0])
    parts = [*_axes(frame), *_series(lines, names, frame)]
    return format_html(
        '<svg class="plot" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>',
        WIDTH, HEIGHT, format_html_join("", "{}", ((part,) for part in parts)),
    )  # fmt: skip


def _lines(boards: Sequence[tuple[datetime, Sequence[Line]]], names: Mapping[str, str]) -> dict[str, list[Point]]:
    """The points of each team that leads now: only where its score changed, and the last."""
    leading = [line.team for line in boards[-1][1] if line.team in names][:MOST] if boards else []
    lines: dict[str, list[Point]] = {team: [] for team in leading}
    for at, board in boards:
        for line in board:
            points = lines.get(line.team)
            if points is not None and (not points or points[-1][1] != line.value or at == boards[-1][0]):
                points.append((at, line.value))
    return lines


def _frame(lines: Mapping[str, Sequence[Point]], first: datetime, last: datetime) -> Frame:
    values = [value for points in lines.values() for _at, value in points]
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return Frame(first, last, low - room, high + room)


def _axes(frame: Frame) -> Iterator[SafeString]:
    for part in range(4):
        value = frame.low + (frame.high - frame.low) * part / 3
        y = frame.y(value)
        yield format_html('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>', LEFT, WIDTH - RIGHT, y, y)
        yield format_html('<text x="{}" y="{}" text-anchor="end">{}</text>', LEFT - 8, y + 4, f"{value:.4g}")
    for at, anchor in ((frame.first, "start"), (frame.last, "end")):
        yield format_html(
            '<text x="{}" y="{}" text-anchor="{}">{}</text>', frame.x(at), HEIGHT - 8, anchor, dates.written(at)
        )


def _series(lines: Mapping[str, Sequence[Point]], names: Mapping[str, str], frame: Frame) -> Iterator[SafeString]:
    """Steps: a score holds until the next board."""
    labels = _label_heights({team: frame.y(points[-1][1]) for team, points in lines.items()})
    for number, (team, points) in enumerate(lines.items()):
        yield format_html('<path class="series s{}" d="{}"/>', number, _path(points, frame))
        at, value = points[-1]
        yield format_html('<circle class="s{}" cx="{}" cy="{}" r="3.5"/>', number, frame.x(at), frame.y(value))
        yield format_html(
            '<text class="label" x="{}" y="{}">{}</text>', WIDTH - RIGHT + 10, labels[team] + 4, _short(names[team])
        )


def _path(points: Sequence[Point], frame: Frame) -> str:
    start = f"M{frame.x(points[0][0])} {frame.y(points[0][1])}"
    steps = (f"H{frame.x(after[0])}V{frame.y(after[1])}" for _before, after in pairwise(points))
    return start + "".join(steps)


def _label_heights(wanted: Mapping[str, float]) -> dict[str, float]:
    """Each label beside the end of its line, moved down where it would cover the one above."""
    placed: dict[str, float] = {}
    lowest = -float(LABEL_STEP)
    for team, y in sorted(wanted.items(), key=lambda one: one[1]):
        lowest = max(y, lowest + LABEL_STEP)
        placed[team] = lowest
    overhang = max(0.0, lowest - (HEIGHT - BOTTOM))
    return {team: y - overhang for team, y in placed.items()}


def _short(name: str) -> str:
    """Cut to the room for it; a Chinese character takes as much as two letters."""
    ends = list(accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in name))
    return name if not ends or ends[-1] <= LONGEST_LABEL else name[: bisect(ends, LONGEST_LABEL - 1)] + "…"
