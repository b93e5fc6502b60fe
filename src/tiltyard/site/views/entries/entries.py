"""A team's entries: the list, and each one's page with its live state."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tiltyard.contest.challenge import Contest, Phase
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Metric
from tiltyard.site.models import Challenge, Entry, Evaluation, Job
from tiltyard.site.seeing import reports
from tiltyard.site.seeing.reach import found, handed_in, own_team, visible_entry
from tiltyard.site.seeing.sight import Figures, Seen, all_seen, seen
from tiltyard.site.views.frame import Badge, page

MOST_SHOWN = 500


@dataclass(frozen=True)
class Progress:
    """How far the measuring is."""

    done: int
    items: int


@dataclass(frozen=True)
class Figure:
    """One figure of a score as it is shown."""

    metric: Metric
    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class ShownEntry:
    """An entry with what the viewer may know of it."""

    entry: Entry
    phase: Phase
    contest: Contest
    badge: Badge
    seen: Seen

    @property
    def public(self) -> list[Figure]:
        return _figures(self.contest, self.seen.public)

    @property
    def private(self) -> list[Figure]:
        return _figures(self.contest, self.seen.private)


@login_required
@require_GET
def entries(request: HttpRequest, slug: str) -> HttpResponse:
    """All that the viewer's team has handed in, the newest first."""
    of = found(request, slug)
    team = own_team(request, of)
    if team is None:
        return redirect("team", slug)
    newest = list(handed_in(team)[:MOST_SHOWN])
    known = all_seen(request.user, newest)
    context = {"listed": [_shown(of, entry, known[entry.pk]) for entry in newest]}
    return page(request, of, "entries/list.html", context, tab="entries")


@login_required
@require_GET
def entry(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One entry."""
    of = found(request, slug)
    context = _context(request, of, visible_entry(request, number, of=of))
    return page(request, of, "entries/entry.html", context, tab="entries")


@login_required
@require_GET
def entry_state(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until the evaluation is final."""
    of = found(request, slug)
    context = _context(request, of, visible_entry(request, number, of=of))
    return render(request, "entries/state.html", {"challenge": of} | context)


def _context(request: HttpRequest, of: Challenge, one: Entry) -> dict[str, object]:
    evaluation, known = one.evaluation, seen(request.user, one)
    return {
        "shown": _shown(of, one, known),
        "entry": one,
        "evaluation": evaluation,
        "live": evaluation is not None and not evaluation.is_final,
        "place": _place_in_queue(evaluation) if evaluation else 0,
        "progress": _progress(evaluation, fine=known.sight.log or not _runs_code(of, one)) if evaluation else None,
        "has_report": reports.has_report(one, known.sight),
        "has_log": reports.has_logs(one, known.sight),
        "reruns": one.evaluations.count() - 1,
        "spent": _spent(evaluation) if evaluation and known.sight.log else [],
        "holds_back": of.file.phase(one.phase).board.holds_back,
        "reproduction": getattr(one, "reproduction", None),
    }


def _shown(of: Challenge, one: Entry, known: Seen) -> ShownEntry:
    return ShownEntry(one, of.file.phase(one.phase), of.file.contest(one.contest), _badge(one), known)


def _badge(one: Entry) -> Badge:
    if one.disqualified:
        return Badge(_("Disqualified"), "bad")
    match one.evaluation and one.evaluation.state:
        case Evaluation.State.RUNNING:
            return Badge(_("Running"), "live")
        case Evaluation.State.SCORED:
            return Badge(_("Scored"), "good")
        case Evaluation.State.FAILED:
            return Badge(_("Failed"), "bad")
        case Evaluation.State.BROKEN:
            return Badge(_("Broken: our fault"), "bad")
        case Evaluation.State.CANCELLED:
            return Badge(_("Cancelled"), "")
    return Badge(_("Waiting"), "wait")


def _figures(contest: Contest, figures: Figures | None) -> list[Figure]:
    """In the track's order, the one that ranks first."""
    if figures is None:
        return []
    metrics = [metric for metric in find_track(contest.track).metrics if metric.name in figures.values]
    return [
        Figure(metric, figures.values[metric.name], figures.interval if place == 0 else None)
        for place, metric in enumerate(metrics)
    ]


def _place_in_queue(evaluation: Evaluation) -> int:
    """1 for the one that a worker takes next."""
    waiting = Evaluation.objects.filter(state=Evaluation.State.WAITING, pk__lte=evaluation.pk)
    return waiting.exclude(entry__challenge__state=Challenge.State.PAUSED).count() or 1


def _progress(evaluation: Evaluation, *, fine: bool) -> Progress | None:
    """None before it is known how much there is to measure.

    Of a program on hidden data by whole shards alone: it could be as slow at each item as spells out its label.
    """
    told = Q() if fine else Q(state=Job.State.DONE)
    measured = evaluation.jobs.filter(kind=Job.Kind.MEASURE)
    totals = measured.aggregate(done=Sum("done_items", filter=told, default=0), items=Sum("items"))
    return Progress(min(totals["done"], totals["items"]), totals["items"]) if totals["items"] else None


def _runs_code(of: Challenge, one: Entry) -> bool:
    return find_track(of.file.contest(one.contest).track).runs_code


def _spent(evaluation: Evaluation) -> list[tuple[str, int]]:
    """What the entry's program has asked of the models, in images: so far, or as the score's parts say in the end.

    Withheld with the log: a program could spend just as much as spells out the labels it saw.
    """
    live = evaluation.jobs.filter(kind=Job.Kind.MEASURE).values_list("spent", flat=True)
    told = evaluation.parts or [{**spent, "gradients": spent.get("backwards", 0)} for spent in live]
    names = {"forwards": _("Forward passes"), "gradients": _("Backward passes")}
    totals = {name: sum(int(part.get(name, 0)) for part in told) for name in names}
    return [(names[name], total) for name, total in totals.items() if total]
