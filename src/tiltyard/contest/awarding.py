"""Who wins what: the first of the board period after period, hand-ins on many days, the audit of the first N.

The caller leaves out teams that are not to win: those disqualified, and those of organisers.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tiltyard.contest.challenge import Final, Periodic, Phase, Progress
from tiltyard.contest.days import day_of, start_of
from tiltyard.contest.standings import Line, Result, shown_figures, standings
from tiltyard.contest.track import Metric


@dataclass(frozen=True)
class Period:
    """A period of an award, in UTC; its end is the next one's beginning."""

    begins: datetime
    ends: datetime

    def overlaps(self, other: "Period") -> bool:
        return self.begins < other.ends and other.begins < self.ends


@dataclass(frozen=True)
class Won:
    """An award of a team. A team wins an award once a period: `team` and `period_start` tell it from the others."""

    team: str
    period_start: datetime
    """UTC."""
    place: int | None = None
    """Its rank; None where the award is no race."""


def periodic(
    award: Periodic, phase: Phase, results: Sequence[Result], metric: Metric, *, now: datetime, zone: ZoneInfo
) -> list[Won]:
    """The first N of the public board as it stood at the end of each period that is over.

    The board at a period's end knows all entries handed in before it since the phase opened. Teams that share the last
    place all win. A period that the end of the phase would cut short is no period.
    """
    won = []
    for period in _periods(award, phase, now, zone):
        known = [result for result in results if result.at < period.ends]
        lines = standings(known, metric, phase.board, public=True)
        won += [Won(line.team, period.begins, line.rank) for line in lines if line.rank <= award.first]
    return won


def period_from(begins: datetime, award: Periodic, zone: ZoneInfo) -> Period:
    """The period of the award that begins then: it ends at a midnight."""
    return Period(begins, start_of(day_of(begins, zone) + timedelta(days=award.days), zone))


def _periods(award: Periodic, phase: Phase, now: datetime, zone: ZoneInfo) -> Iterator[Period]:
    """Those that are over; the first begins with the phase, the others at midnight."""
    until = now if phase.closes is None else min(now, phase.closes)
    period = period_from(phase.opens, award, zone)
    while period.ends <= until:
        yield period
        period = period_from(period.ends, award, zone)


def progress(
    award: Progress,
    phase: Phase,
    results: Sequence[Result],
    hand_ins: Mapping[str, Sequence[datetime]],
    metric: Metric,
    *,
    zone: ZoneInfo,
) -> list[Won]:
    """Teams with hand-ins on `days` days within `within_days`, and in these one public score beyond `above`.

    Once a team, for the first window of days that fulfils it. Days are the zone's, and results those of hand-ins;
    a score counts as it is shown: rounded, and with a ladder the ladder's after that hand-in.
    """
    good: dict[str, set[date]] = defaultdict(set)
    for result, value in _as_shown(results, metric, phase):
        if _beyond(value, award.above, metric):
            good[result.team].add(day_of(result.at, zone))
    won = []
    for team, moments in sorted(hand_ins.items()):
        begins = _window(award, {day_of(moment, zone) for moment in moments}, good[team])
        if begins is not None:
            won.append(Won(team, start_of(begins, zone)))
    return won


def _as_shown(results: Sequence[Result], metric: Metric, phase: Phase) -> Iterator[tuple[Result, float]]:
    teams: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        teams[result.team].append(result)
    for own in teams.values():
        figures = shown_figures(own, metric, phase.board)
        yield from ((result, figures[result.entry][metric.name]) for result in own)


def _window(award: Progress, active: set[date], good: set[date]) -> date | None:
    """The first day of the first window that fulfils the award: one that begins with a hand-in, if any does."""
    for begins in sorted(active):
        days = {begins + timedelta(days=offset) for offset in range(award.within_days)}
        if len(days & active) >= award.days and days & good:
            return begins
    return None


def _beyond(value: float, limit: float, metric: Metric) -> bool:
    return value > limit if metric.higher_is_better else value < limit


def asked(final: Final, lines: Sequence[Line]) -> list[Line]:
    """Who is asked for reproducible material: the first of the private board; all who share the last place."""
    return _first(lines, final.first)


def named(final: Final, lines: Sequence[Line], reproduced: Collection[str]) -> list[Line]:
    """Who is named in the end: the first of those that were asked and whose result was reproduced."""
    return _first([line for line in asked(final, lines) if line.team in reproduced], final.named)


def _first(lines: Sequence[Line], count: int) -> list[Line]:
    """The first so many lines, and those that share the rank of the last of them."""
    last = max((line.rank for line in lines[:count]), default=0)
    return [line for line in lines if line.rank <= last]
