"""The boards of a contest side by side: public and private, before and after a rescoring."""

from itertools import product

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.contest.phases import current_phase
from tiltyard.errors import TiltyardError
from tiltyard.site.clock import now
from tiltyard.site.seeing import boards as kept
from tiltyard.site.views.organise.frame import organised, page

SIDE_BY_SIDE = 2
"""Editions: the newest, and the one before."""


@login_required
@require_GET
def boards(request: HttpRequest, slug: str) -> HttpResponse:
    """Of one phase and contest."""
    of = organised(request, slug)
    phase = request.GET.get("phase") or current_phase(of.file, now()).name
    try:
        contest = request.GET.get("contest") or of.file.contests_of(of.file.phase(phase))[0].name
        newest = [kept.board(of, phase, contest, kind, user=request.user) for kind in (kept.PUBLIC, kept.PRIVATE)]
    except TiltyardError:
        raise Http404 from None
    editions = sorted({edition for board in newest if board for edition in board.editions}, reverse=True)
    pairs = product(editions[:SIDE_BY_SIDE], (kept.PUBLIC, kept.PRIVATE))
    shown = [kept.board(of, phase, contest, kind, user=request.user, edition=edition) for edition, kind in pairs]
    context = {"phase": phase, "contest": contest, "boards": [board for board in shown if board is not None]}
    return page(request, of, "boards.html", context, tab="console-boards")
