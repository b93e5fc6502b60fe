"""The board of a contest: one line a team, as it may be shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from tiltyard.contest.board import Candidate, rank
from tiltyard.contest.challenge import BoardRules
from tiltyard.contest.ladder import ladder
from tiltyard.contest.track import Metric, Score

Interval = tuple[float, float]


@dataclass(frozen=True)
class Result:
    """One scored entry: its figures on the public items, or on all."""

    team: str
    entry: int
    at: datetime
    """When it was handed in."""
    values: Mapping[str, float]
    interval: Interval | None = None
    """Of the metric that ranks."""


@dataclass(frozen=True)
class Line:
    """One team: the entry that is kept, its value as it is shown, and how many entries were scored in all."""

    rank: int
    team: str
    entry: int
    value: float
    interval: Interval | None
    entries: int
    at: datetime


def standings(results: Sequence[Result], metric: Metric, rules: BoardRules, *, public: bool) -> list[Line]:
    """The board; equal values, as they are shown, share a rank (1, 2, 2, 4), and the earlier entry stands first.

    A private board knows no ladder, and rounds as the track does.
    """
    rules = rules if public else rules.model_copy(update={"ladder": None, "decimals": None})
    teams: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        teams[result.team].append(result)
    kept = {team: _kept(_shown(own, metric, rules), metric, rules) for team, own in teams.items()}
    candidates = [Candidate(team, Score({metric.name: line.value})) for team, line in kept.items()]
    lines = [
        replace(kept[standing.name], rank=standing.rank) for standing in rank(candidates, _rounding(metric, rules))
    ]
    return sorted(lines, key=lambda line: (line.rank, line.at, line.entry))


def shown_figures(results: Sequence[Result], metric: Metric, rules: BoardRules) -> dict[int, dict[str, float]]:
    """By entry, what the public may know of one team's entries: rounded, and with a ladder only the ladder's figure."""
    ranking = {line.entry: {metric.name: line.value} for line in _shown(results, metric, rules)}
    if rules.ladder is not None:
        return ranking
    return {result.entry: _rounded(result.values, rules.decimals) | ranking[result.entry] for result in results}


def not_separated(lines: Sequence[Line]) -> frozenset[str]:
    """The teams whose interval shares a value with that of the line directly above: "difference not significant".

    A line is compared with no other line but that one, and never marked where one of the two has no interval. Intervals
    that do not overlap differ; of two that overlap nothing is said, a paired comparison may still tell them apart.
    """
    return frozenset(below.team for above, below in pairwise(lines) if _overlap(above.interval, below.interval))


def _rounding(metric: Metric, rules: BoardRules) -> Metric:
    """The metric with the decimals that the board shows."""
    return metric if rules.decimals is None else replace(metric, decimals=rules.decimals)


def _shown(results: Iterable[Result], metric: Metric, rules: BoardRules) -> list[Line]:
    """One team's entries in the order of handing in, each with what is shown after it; they have no rank yet."""
    ordered = sorted(results, key=lambda result: (result.at, result.entry))
    values, decimals = [result.values[metric.name] for result in ordered], _rounding(metric, rules).decimals
    if rules.ladder is not None:
        values = ladder(values, rules.ladder, higher_is_better=metric.higher_is_better)
    return [
        Line(0, result.team, result.entry, round(value, decimals), _interval(result, rules), len(ordered), result.at)
        for result, value in zip(ordered, values, strict=True)
    ]


def _kept(lines: Sequence[Line], metric: Metric, rules: BoardRules) -> Line:
    """The last line, or the best: the earliest of those that show the best value."""
    if rules.keep == "last":
        return lines[-1]
    return (max if metric.higher_is_better else min)(lines, key=lambda line: line.value)


def _rounded(values: Mapping[str, float], decimals: int | None) -> dict[str, float]:
    return {name: value if decimals is None else round(value, decimals) for name, value in values.items()}


def _interval(result: Result, rules: BoardRules) -> Interval | None:
    """What a board shows of it: nothing with a ladder, else the narrowest of so many decimals that encloses it."""
    if rules.ladder is not None:
        return None
    if result.interval is None or rules.decimals is None:
        return result.interval
    grid, (low, high) = Decimal(1).scaleb(-rules.decimals), result.interval
    return (
        float(Decimal(str(low)).quantize(grid, ROUND_FLOOR)),
        float(Decimal(str(high)).quantize(grid, ROUND_CEILING)),
    )


def _overlap(one: Interval | None, other: Interval | None) -> bool:
    return one is not None and other is not None and one[0] <= other[1] and other[0] <= one[1]
