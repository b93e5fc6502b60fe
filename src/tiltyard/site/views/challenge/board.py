"""The board of a challenge: as a page with its history, and as a table for other programs."""

import csv
from dataclasses import dataclass, replace
from typing import NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tiltyard.contest.challenge import Contest, Phase, Words
from tiltyard.contest.phases import current_phase, private_opened, private_opens
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Metric
from tiltyard.errors import TiltyardError
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge
from tiltyard.site.seeing import boards, plot
from tiltyard.site.seeing.reach import found
from tiltyard.site.seeing.sight import sees_board
from tiltyard.site.telling.spreadsheets import harmless
from tiltyard.site.views.frame import page


@dataclass(frozen=True)
class Choice:
    """Which board is looked at."""

    phase: Phase
    contest: Contest
    kind: str
    edition: int | None

    def query(self, **changes: object) -> str:
        """The address of another one, from here."""
        given = {"phase": self.phase.name, "contest": self.contest.name, "kind": self.kind, "version": self.edition}
        return "?" + "&".join(f"{name}={value}" for name, value in (given | changes).items() if value)


@dataclass(frozen=True)
class Switch:
    """One of several boards, and its address."""

    title: str
    address: str
    on: bool


@require_GET
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines, the history of the first teams, and switches to the other boards."""
    of = found(request, slug)
    choice = _choice(request, of)
    shown = _board(request, of, choice)
    metric = _rounded(choice) if shown else None
    context = {
        "shown": shown,
        "decimals": metric and metric.decimals,
        "interval_decimals": metric and metric.interval_decimals,
        "marked_lines": shown is not None and any(line.not_separated for line in shown.lines),
        "partial": choice.phase.board.public_share < 1 or choice.phase.board.public_items != "",
        "phase_switches": _phases(of, choice),
        "contest_switches": _contests(of, choice),
        "kind_switches": _kinds(request, of, choice),
        "version_switches": _versions(choice, shown) if shown else [],
        "plot": _plot(request, shown) if shown else "",
        "opens": private_opens(choice.phase),
        "query": choice.query(),
    }
    return page(request, of, "board/board.html", context, tab="board")


@require_GET
def board_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The same lines as CSV."""
    of = found(request, slug)
    choice = _choice(request, of)
    shown = _board(request, of, choice)
    if shown is None:
        raise Http404
    name = f"{of.slug}-{choice.phase.name}-{choice.contest.name}-{choice.kind}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    table = csv.writer(response)
    table.writerow(["rank", "team", shown.metric.name, "low", "high", "not_separated", "entries", "handed_in"])
    for line in shown.lines:
        low, high = line.interval or ("", "")
        marked = "yes" if line.not_separated else "no"
        table.writerow(
            [line.rank, harmless(line.team.name), line.value, low, high, marked, line.entries, line.at.isoformat()]
        )
    return response


def _choice(request: HttpRequest, of: Challenge) -> Choice:
    """What the address asks for; by default the phase that is on, and the fullest board of it; 404 for nonsense."""
    asked = request.GET
    try:
        phase = of.file.phase(asked["phase"]) if "phase" in asked else current_phase(of.file, now())
        contest = of.file.contest(asked["contest"]) if "contest" in asked else of.file.contests_of(phase)[0]
    except TiltyardError:
        _nothing()
    if contest not in of.file.contests_of(phase):
        contest = of.file.contests_of(phase)[0]
    usual = boards.PRIVATE if private_opened(phase, now()) else boards.PUBLIC
    edition = asked.get("version", "")
    return Choice(phase, contest, _kind(asked.get("kind", usual)), int(edition) if _is_number(edition) else None)


def _kind(asked: str) -> str:
    return asked if asked in (boards.PUBLIC, boards.PRIVATE) else _nothing()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _nothing() -> NoReturn:
    raise Http404


def _board(request: HttpRequest, of: Challenge, choice: Choice) -> boards.ShownBoard | None:
    names = choice.phase.name, choice.contest.name, choice.kind
    return boards.board(of, *names, user=request.user, edition=choice.edition)


def _plot(request: HttpRequest, shown: boards.ShownBoard) -> SafeString:
    names = {str(line.team.pk): line.team.name for line in shown.lines}
    kept = boards.history(shown.ranking, shown.kind, user=request.user)
    return plot.history(kept, names)


def _rounded(choice: Choice) -> Metric:
    """The metric that ranks, with the decimals that the board shows."""
    metric, decimals = find_track(choice.contest.track).metrics[0], choice.phase.board.decimals
    return metric if decimals is None or choice.kind == boards.PRIVATE else replace(metric, decimals=decimals)


def _phases(of: Challenge, choice: Choice) -> list[Switch]:
    return [
        Switch(_said(phase.title), f"?phase={phase.name}&contest={choice.contest.name}", phase == choice.phase)
        for phase in of.file.phases
    ]


def _contests(of: Challenge, choice: Choice) -> list[Switch]:
    return [
        Switch(_said(one.title), choice.query(contest=one.name, version=None), one == choice.contest)
        for one in of.file.contests_of(choice.phase)
    ]


def _kinds(request: HttpRequest, of: Challenge, choice: Choice) -> list[Switch]:
    """Only those that the viewer may see, and one alone where both would be the same."""
    titles = {boards.PUBLIC: _("Public items"), boards.PRIVATE: _("All items")}
    if not choice.phase.board.holds_back:
        return []
    return [
        Switch(title, choice.query(kind=kind, version=None), kind == choice.kind)
        for kind, title in titles.items()
        if sees_board(request.user, of, choice.phase, kind)
    ]


def _versions(choice: Choice, shown: boards.ShownBoard) -> list[Switch]:
    """After a rescoring the board before it stays to be seen."""
    return [
        Switch(_("Version %d") % edition, choice.query(version=edition), edition == shown.ranking.edition)
        for edition in shown.editions
    ]


def _said(words: Words) -> str:
    return words.said(get_language() or "en")
