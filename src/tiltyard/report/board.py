"""A board as a page: ranks, scores, and their intervals on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from tiltyard.contest.board import Standing
from tiltyard.contest.track import Metric
from tiltyard.report.page import render


@dataclass(frozen=True)
class Scale:
    """A common axis for all lines, in per cent of its width."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class Line:
    """One standing as it is shown; places are on the scale."""

    rank: int
    name: str
    score: str
    interval: str
    reason: str
    dot: float
    reach: tuple[float, float] | None
    trusted: bool


def board_html(standings: Sequence[Standing], title: str, metric: Metric) -> str:
    """The board as one self-contained page; every score and interval is drawn on the same scale."""
    scale = _scale(standings, metric)
    lines = [_line(standing, metric, scale) for standing in standings]
    return render("board.html.j2", title=title, metric=metric, lines=lines, scale=scale)


def _scale(standings: Sequence[Standing], metric: Metric) -> Scale:
    values = [standing.score.values[metric.name] for standing in standings]
    values += [bound for standing in standings for bound in standing.interval or ()]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if metric.unit == "%":
        low, high = min(0.0, low), max(100.0, high)
    reach = (high - low) or abs(high) or 1.0
    ticks = MaxNLocator(5).tick_values(low if high > low else low - reach / 2, high if high > low else high + reach / 2)
    return Scale(float(ticks[0]), float(ticks[-1]), tuple(float(tick) for tick in ticks))


def _line(standing: Standing, metric: Metric, scale: Scale) -> Line:
    value, interval, digits = standing.score.values[metric.name], standing.interval, metric.interval_decimals
    return Line(
        standing.rank,
        standing.name,
        f"{value:.{metric.decimals}f}",
        f"{interval[0]:.{digits}f} – {interval[1]:.{digits}f}" if interval else "",
        standing.score.reason,
        scale.place(value),
        (scale.place(interval[0]), scale.place(interval[1])) if interval else None,
        standing.trusted,
    )
