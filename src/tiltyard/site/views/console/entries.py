"""All entries of a challenge, filtered; one entry with everything that is known of it; two compared."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.contest.compare import Comparison
from tiltyard.errors import TiltyardError
from tiltyard.site.models import Attempt, Challenge, Entry, Evaluation
from tiltyard.site.organising.comparing import compare_entries
from tiltyard.site.ranking.results import ranking
from tiltyard.site.views.organise.frame import organised, page, query

A_PAGE = 50


@dataclass(frozen=True)
class Listed:
    """An entry with its ranking figures: on the public items, and on all."""

    entry: Entry
    public: float | None
    private: float | None


@login_required
@require_GET
def entries(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest first."""
    of = organised(request, slug)
    wanted = {name: request.GET.get(name, "") for name in ("phase", "contest", "state", "who")}
    shown = Paginator(_filtered(of, wanted), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "listed": [_listed(of, entry) for entry in shown],
        "shown": shown,
        "wanted": wanted,
        "states": Evaluation.State.choices,
        "query": query(wanted),
    }
    return page(request, of, "entries.html", context, tab="console-entries")


@login_required
@require_GET
def entry(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Its evaluations, their jobs and attempts, with what went wrong, and what can be done."""
    of = organised(request, slug)
    one = Entry.objects.filter(challenge=of, pk=number).select_related("team", "user", "evaluation").first()
    if one is None:
        raise Http404
    evaluations = one.evaluations.select_related("version").order_by("-number")
    context = {
        "entry": one,
        "evaluations": evaluations,
        "attempts": Attempt.objects.filter(job__evaluation__entry=one).select_related("job", "worker").order_by("pk"),
        "metric": ranking(of, one.phase, one.contest).metric,
        "pending": any(not evaluation.is_final for evaluation in evaluations),
    }
    return page(request, of, "entry.html", context, tab="console-entries")


@login_required
@require_GET
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Two entries, item by item."""
    of = organised(request, slug)
    numbers = [request.GET.get(name, "") for name in ("first", "second")]
    comparison, refused = _compared(of, numbers)
    context = {"numbers": numbers, "comparison": comparison, "refused": refused}
    return page(request, of, "compare.html", context, tab="console-boards")


def _filtered(of: Challenge, wanted: dict[str, str]) -> QuerySet[Entry]:
    found = Entry.objects.filter(challenge=of).select_related("team", "user", "evaluation").order_by("-at", "-pk")
    if wanted["phase"]:
        found = found.filter(phase=wanted["phase"])
    if wanted["contest"]:
        found = found.filter(contest=wanted["contest"])
    if wanted["state"]:
        found = found.filter(evaluation__state=wanted["state"])
    if wanted["who"]:
        found = found.filter(Q(team__name__icontains=wanted["who"]) | Q(user__email__icontains=wanted["who"]))
    return found


def _listed(of: Challenge, entry: Entry) -> Listed:
    metric = ranking(of, entry.phase, entry.contest).metric.name
    evaluation = entry.evaluation
    if evaluation is None or evaluation.state != Evaluation.State.SCORED:
        return Listed(entry, None, None)
    return Listed(entry, evaluation.public_values.get(metric), evaluation.values.get(metric))


def _compared(of: Challenge, numbers: list[str]) -> tuple[Comparison | None, str]:
    if not all(number.isascii() and number.isdigit() and len(number) < 19 for number in numbers):
        return None, ""
    found = [Entry.objects.filter(challenge=of, pk=int(number)).first() for number in numbers]
    if found[0] is None or found[1] is None:
        raise Http404
    try:
        return compare_entries(found[0], found[1]), ""
    except TiltyardError as error:
        return None, str(error)
