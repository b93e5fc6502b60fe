"""Where a team that was asked sends its material and its write-up."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from tiltyard.contest.visibility import Role
from tiltyard.site.arriving import material
from tiltyard.site.arriving.uploads import ROOM, body_size, sent_file
from tiltyard.site.arriving.viewers import once_here
from tiltyard.site.models import Challenge, Reproduction
from tiltyard.site.refused import Refused
from tiltyard.site.seeing.reach import found
from tiltyard.site.seeing.sight import role_of
from tiltyard.site.views.entries import uploading
from tiltyard.site.views.forms import WriteUp
from tiltyard.site.views.frame import page, signed_in


@csrf_exempt
@login_required
@require_http_methods(["GET", "POST"])
def reproduce(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Bounds what arrives before anything reads it."""
    of = found(request, slug)
    asked = Reproduction.objects.filter(challenge=of, entry=number).select_related("entry__team", "file").first()
    if asked is None or role_of(request.user, of, asked.entry.team) not in (Role.member, Role.organiser):
        raise Http404
    if request.method == "GET":
        return _page(request, of, asked)
    if body_size(request) > material.MOST_BYTES + ROOM:
        return uploading.larger(request, _("The file is larger than is allowed."), material.MOST_BYTES)
    return _receive(request, of, asked)


@csrf_protect
@once_here
def _receive(request: HttpRequest, of: Challenge, asked: Reproduction) -> HttpResponse:
    form = WriteUp(request.POST)
    try:
        if not form.is_valid():
            return _page(request, of, asked, form=form, status=422)
        material.write_up(asked, signed_in(request), form.cleaned_data["write_up"])
        if request.FILES:
            material.send(asked, signed_in(request), *sent_file(request, "file"))
    except Refused as refusal:
        again = partial(_page, request, of, asked, form=form)
        return uploading.refused(request, refusal, lambda told, status: again(refused=told, status=status))
    messages.success(request, _("Saved."), "good")
    return uploading.taken(request, request.path)


def _page(
    request: HttpRequest,
    of: Challenge,
    asked: Reproduction,
    *,
    form: WriteUp | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "asked": asked,
        "entry": asked.entry,
        "open": material.is_open(asked),
        "form": form or WriteUp(initial={"write_up": asked.write_up}),
        "refused": refused,
        "most": material.MOST_BYTES,
    }
    return page(request, of, "entries/reproduce.html", context, tab="entries", status=status)
