"""The files that belong to an entry: what was handed in, the report of its evaluation, the logs of its program."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tiltyard.site.seeing import reports
from tiltyard.site.seeing.reach import found, visible_entry
from tiltyard.site.storing.store import store
from tiltyard.site.views.frame import page


@login_required
@require_GET
def entry_file(request: HttpRequest, slug: str, number: int) -> FileResponse:
    """What was handed in, as it was."""
    one = visible_entry(request, number, of=found(request, slug))
    return FileResponse(store().path(one.file_id).open("rb"), as_attachment=True, filename=one.file_name)


@login_required
@require_GET
def entry_report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The report of the evaluation, under a policy of its own."""
    return reports.report(request.user, visible_entry(request, number, of=found(request, slug)))


@login_required
@require_GET
def entry_log(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What the entry's program said, the end of each log."""
    of = found(request, slug)
    one = visible_entry(request, number, of=of)
    context = {"entry": one, "logs": reports.logs(request.user, one)}
    return page(request, of, "entries/log.html", context, tab="entries")
