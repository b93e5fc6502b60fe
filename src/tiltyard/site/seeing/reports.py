"""The report of an entry's evaluation and what its program said, for whom sight lets have them."""

from django.http import Http404, HttpResponse

from tiltyard.contest.visibility import Sight
from tiltyard.site.models import Entry
from tiltyard.site.seeing.sight import Viewer, seen
from tiltyard.site.storing import evidence
from tiltyard.site.storing.store import store

REPORT = "report.html"
POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A report draws what strangers handed in: it runs nothing, loads nothing and is no page of this site."""


def has_report(entry: Entry, sight: Sight) -> bool:
    """Whether there is one that may be seen."""
    return sight.report and entry.evaluation is not None and REPORT in entry.evaluation.files


def has_logs(entry: Entry, sight: Sight) -> bool:
    """Whether its program said something that may be seen."""
    return sight.log and entry.evaluation is not None and evidence.has_logs(entry.evaluation)


def report(user: Viewer, entry: Entry) -> HttpResponse:
    """The report as HTML, under a policy of its own; 404 while it is withheld."""
    if entry.evaluation is None or not has_report(entry, seen(user, entry).sight):
        raise Http404
    digest = entry.evaluation.files[REPORT]
    return HttpResponse(store().read(digest), headers={"Content-Security-Policy": POLICY})


def logs(user: Viewer, entry: Entry) -> list[tuple[str, str]]:
    """What its program said, by shard; 404 while it is withheld."""
    if entry.evaluation is None or not seen(user, entry).sight.log:
        raise Http404
    return list(evidence.logs(entry.evaluation))
