"""Boards as they are shown: the one policy decides who sees which."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tiltyard.contest.refresh import next_refresh
from tiltyard.contest.standings import Interval, Line, not_separated
from tiltyard.contest.track import Metric
from tiltyard.site.clock import now
from tiltyard.site.models import BoardSnapshot, Challenge, Team
from tiltyard.site.ranking.results import Ranking, ranking
from tiltyard.site.ranking.snapshots import (
    PRIVATE,
    PUBLIC,
    editions_of,
    follows,
    instant,
    latest,
    read_lines,
    snapshots,
    take_if_due,
)
from tiltyard.site.seeing.sight import Viewer, sees_board

__all__ = ["PRIVATE", "PUBLIC", "ShownBoard", "ShownLine", "board", "history"]


@dataclass(frozen=True)
class ShownLine:
    """One team on a board."""

    rank: int
    team: Team
    entry: int
    value: float
    interval: Interval | None
    entries: int
    at: datetime
    """When the entry was handed in."""
    not_separated: bool
    """Whether the difference to the line above is not significant."""


@dataclass(frozen=True)
class ShownBoard:
    """A board as this viewer may see it."""

    ranking: Ranking
    kind: str
    at: datetime
    """The moment whose scores it knows."""
    next: datetime | None
    """The next refresh; None: at every score."""
    lines: tuple[ShownLine, ...]
    editions: tuple[int, ...]
    """All there are boards of, the newest first; `ranking.edition` is the one shown."""

    @property
    def metric(self) -> Metric:
        return self.ranking.metric


def board(
    challenge: Challenge, phase: str, contest: str, kind: str, *, user: Viewer, edition: int | None = None
) -> ShownBoard | None:
    """The board as it stands, taken now if that is due; None where the user may not see it, or has no such edition.

    Without an edition it is the newest of which there is a board. TiltyardError for an unknown phase or contest.
    """
    newest, moment = ranking(challenge, phase, contest), now()
    if not sees_board(user, challenge, newest.phase, kind):
        return None
    take_if_due(newest, kind, moment)
    editions = editions_of(newest, kind)
    if edition is not None and edition not in editions:
        return None
    chosen = edition or (editions[0] if editions else newest.edition)
    return _shown(ranking(challenge, phase, contest, chosen), kind, editions, moment)


def history(of: Ranking, kind: str, *, user: Viewer, most: int = 400) -> list[tuple[datetime, list[Line]]]:
    """Kept boards, oldest first, at most so many evenly chosen; nothing where the user may not see it."""
    if not sees_board(user, of.challenge, of.phase, kind):
        return []
    kept = list(snapshots(of, kind).values_list("pk", flat=True))
    every = -(-len(kept) // most) or 1
    chosen = kept[::-1][::every]
    return [(one.at, read_lines(one)) for one in BoardSnapshot.objects.filter(pk__in=chosen).order_by("at")]


def _shown(of: Ranking, kind: str, editions: tuple[int, ...], moment: datetime) -> ShownBoard:
    snapshot, by = latest(of, kind), instant(of, kind, moment)
    lines = read_lines(snapshot) if snapshot else []
    teams, close = Team.objects.in_bulk([int(line.team) for line in lines]), not_separated(lines)
    return ShownBoard(
        ranking=of,
        kind=kind,
        at=max(by, snapshot.at) if snapshot else by,
        next=None if follows(of, kind, moment) else next_refresh(of.phase.board, moment, of.challenge.file.tz),
        lines=tuple(_shown_line(line, teams, line.team in close) for line in lines),
        editions=editions,
    )


def _shown_line(line: Line, teams: Mapping[int, Team], close: bool) -> ShownLine:
    team = teams[int(line.team)]
    return ShownLine(line.rank, team, line.entry, line.value, line.interval, line.entries, line.at, close)
