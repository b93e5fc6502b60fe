"""Reproduction, naming and awards."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from tiltyard.site.clock import now
from tiltyard.site.models import Award, Challenge, Evaluation, Reproduction, Team
from tiltyard.site.organising import reproducing
from tiltyard.site.ranking import awards
from tiltyard.site.ranking.results import ranking
from tiltyard.site.storing.store import store
from tiltyard.site.views.organise.frame import organised, page


@dataclass(frozen=True)
class Audited:
    """A team that was asked, with its score and that of what was made with its material."""

    asked: Reproduction
    score: float | None
    again: float | None
    late: bool


@login_required
@require_GET
def finals(request: HttpRequest, slug: str) -> HttpResponse:
    """Who was asked, what came of it, who is named, who has won."""
    of = organised(request, slug)
    asked = of.reproductions.select_related("entry__team", "entry__evaluation", "rerun__evaluation", "file")
    context = {
        "audited": [_audited(of, one) for one in asked.order_by("place", "pk")],
        "to_be_named": _to_be_named(of),
        "named": awards.named_teams(of),
        "awards": [(_title(of, award), award) for award in _given(of)],
        "offered": of.file.awards,
    }
    return page(request, of, "finals.html", context, tab="console-finals")


@login_required
@require_GET
def material(request: HttpRequest, slug: str, number: int) -> FileResponse:
    """What a team sent."""
    of = organised(request, slug)
    asked = of.reproductions.filter(pk=number).first()
    if asked is None or asked.file_id is None:
        raise Http404
    file = store().path(asked.file_id).open("rb")
    return FileResponse(file, as_attachment=True, filename=asked.file_name or "material")


def _audited(of: Challenge, asked: Reproduction) -> Audited:
    metric = ranking(of, asked.entry.phase, asked.entry.contest).metric.name
    late = asked.received is None and asked.deadline < now()
    rerun = asked.rerun.evaluation if asked.rerun else None
    return Audited(asked, _value(asked.entry.evaluation, metric), _value(rerun, metric), late)


def _value(evaluation: Evaluation | None, metric: str) -> float | None:
    if evaluation is None or evaluation.state != Evaluation.State.SCORED:
        return None
    value: float | None = evaluation.values.get(metric)
    return value


def _to_be_named(of: Challenge) -> list[Team]:
    if of.file.final is None:
        return []
    lines = reproducing.to_be_named(of)
    teams = Team.objects.in_bulk([int(line.team) for line in lines])
    return [teams[int(line.team)] for line in lines]


def _given(of: Challenge) -> list[Award]:
    found = Award.objects.filter(challenge=of).exclude(name=awards.NAMED).select_related("team")
    return list(found.order_by("-at", "place"))


def _title(of: Challenge, award: Award) -> str:
    return awards.title(of, award.name, get_language() or "en")
