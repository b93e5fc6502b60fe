"""The files that belong to an entry: what was handed in, the report of its evaluation, the logs of its program."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.site import evidence
from tiltyard.site.models import Entry, Evaluation
from tiltyard.site.sight import seen
from tiltyard.site.store import store
from tiltyard.site.views.entries import REPORT, visible_entry
from tiltyard.site.views.frame import found, page

REPORT_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A report draws what strangers handed in: it runs nothing, loads nothing and is no page of this site."""


@login_required
@require_GET
def entry_file(request: HttpRequest, slug: str, number: int) -> FileResponse:
    """What was handed in, as it was."""
    one = visible_entry(request, found(request, slug), number)
    return FileResponse(store().path(one.file_id).open("rb"), as_attachment=True, filename=one.file_name)


@login_required
@require_GET
def entry_report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The report of the evaluation, under a policy of its own."""
    one = visible_entry(request, found(request, slug), number)
    digest = _evaluation(one).files.get(REPORT)
    if digest is None or not seen(request.user, one).sight.report:
        raise Http404
    return HttpResponse(store().read(digest), headers={"Content-Security-Policy": REPORT_POLICY})


@login_required
@require_GET
def entry_log(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What the entry's program said, the end of each log."""
    of = found(request, slug)
    one = visible_entry(request, of, number)
    if not seen(request.user, one).sight.log:
        raise Http404
    context = {"entry": one, "logs": list(evidence.logs(_evaluation(one)))}
    return page(request, of, "entries/log.html", context, tab="entries")


def _evaluation(one: Entry) -> Evaluation:
    if one.evaluation is None:
        raise Http404
    return one.evaluation
