"""Everything of a challenge as one archive."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge.export import chunks
from tiltyard.site.clock import now
from tiltyard.site.views.organise.frame import organised


@login_required
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A zip, written while it is sent: nothing of it is kept on the disk. What a link or a picture asks for is none."""
    of = organised(request, slug)
    if request.method == "GET":
        return redirect("console", of.slug)
    Doer.of(request).record("export", of)
    name = f"{of.slug}-{now():%Y%m%d-%H%M}.zip"
    return StreamingHttpResponse(
        chunks(of),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )
