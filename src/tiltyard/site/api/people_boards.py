"""Boards for programs: what the page shows the same viewer."""

from datetime import datetime
from typing import Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from tiltyard.errors import TiltyardError
from tiltyard.site.seeing import boards
from tiltyard.site.seeing.reach import found

router = Router(tags=["boards"])


class LineOut(Schema):
    """One team."""

    rank: int
    team: str
    value: float
    interval: tuple[float, float] | None
    entries: int
    at: datetime
    not_separated: bool
    """Whether the difference to the line above is not significant."""


class BoardOut(Schema):
    """A board as it stands."""

    phase: str
    contest: str
    kind: str
    metric: str
    higher_is_better: bool
    version: int
    """The first version of the challenge whose scores it takes."""
    versions: list[int]
    at: datetime
    next: datetime | None
    lines: list[LineOut]


@router.get("/{slug}/boards/{phase}/{contest}", response=BoardOut)
def board(
    request: HttpRequest,
    slug: str,
    phase: str,
    contest: str,
    kind: Literal["public", "private"] = "public",
    version: int | None = None,
) -> BoardOut:
    """On the public items, or on all; 404 where the caller may not see it yet."""
    of = found(request, slug)
    try:
        shown = boards.board(of, phase, contest, kind, user=request.user, edition=version)
    except TiltyardError:
        raise Http404 from None
    if shown is None:
        raise Http404
    return _out(shown)


def _out(shown: boards.ShownBoard) -> BoardOut:
    return BoardOut(
        phase=shown.ranking.phase.name,
        contest=shown.ranking.contest.name,
        kind=shown.kind,
        metric=shown.metric.name,
        higher_is_better=shown.metric.higher_is_better,
        version=shown.ranking.edition,
        versions=list(shown.editions),
        at=shown.at,
        next=shown.next,
        lines=[_line(line) for line in shown.lines],
    )


def _line(line: boards.ShownLine) -> LineOut:
    return LineOut(
        rank=line.rank,
        team=line.team.name,
        value=line.value,
        interval=line.interval,
        entries=line.entries,
        at=line.at,
        not_separated=line.not_separated,
    )
