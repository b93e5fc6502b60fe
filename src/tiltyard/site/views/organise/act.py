"""Doing one of the organisers' actions: asked about on a page, done by a POST."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from tiltyard.contest.registry import find_track
from tiltyard.errors import TiltyardError
from tiltyard.site.arriving.uploads import MOST_OF_A_FORM, body_size, most_bytes, too_large
from tiltyard.site.arriving.viewers import once_here
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Award, Challenge, Entry, Reproduction, Team, User
from tiltyard.site.views.going import back
from tiltyard.site.views.organise.acts import ACTS, Act
from tiltyard.site.views.organise.forms import ActForm
from tiltyard.site.views.organise.frame import organised, page


@csrf_exempt
@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, slug: str, action: str) -> HttpResponse:
    """Bounds what arrives before anything reads it."""
    of = organised(request, slug)
    if action not in ACTS:
        raise Http404
    if request.method == "GET":
        return _asked(request, of, action, ACTS[action].form(of, initial=_initial(request)))
    most = _most(of, ACTS[action])
    return too_large(request, most) if body_size(request) > most else _done(request, slug, action)


@csrf_protect
@once_here
def _done(request: HttpRequest, slug: str, action: str) -> HttpResponse:
    of = organised(request, slug)
    form = ACTS[action].form(of, request.POST, request.FILES)
    if not form.is_valid():
        return _asked(request, of, action, form, status=422)
    try:
        said = ACTS[action].do(of, form.cleaned_data, Doer.of(request))
    except TiltyardError as error:
        return _asked(request, of, action, form, refused=str(error), status=422)
    messages.success(request, said, "good")
    return redirect(back(request, reverse("console", args=[of.slug])))


def _asked(
    request: HttpRequest, of: Challenge, action: str, form: ActForm, *, refused: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "act": ACTS[action],
        "action": action,
        "form": form,
        "target": _target(form),
        "refused": refused,
        "next": back(request, reverse("console", args=[of.slug])),
    }
    return page(request, of, "act.html", context, tab="", status=status)


def _initial(request: HttpRequest) -> dict[str, Any]:
    return {name: value for name, value in request.GET.items() if name != "next"}


def _target(form: ActForm) -> str:
    """What the action is about, where the address names it; empty where the form asks for it."""
    for name in ("entry", "team", "award", "asked", "organiser"):
        field = form.fields.get(name)
        if field is not None and field.widget.is_hidden:
            try:
                return _told(field.clean(form[name].value()))
            except ValidationError:
                return ""
    return ""


def _told(target: Entry | Team | Award | Reproduction | User) -> str:
    if isinstance(target, Entry):
        return f"{target.pk} · {target.team.name} · {target.file_name}"
    if isinstance(target, Award):
        return f"{target.name} · {target.team.name}"
    if isinstance(target, Reproduction):
        return f"{target.entry.team.name} · {target.entry_id}"
    return target.name


def _most(of: Challenge, action: Act) -> int:
    if not action.files:
        return MOST_OF_A_FORM
    return most_bytes(tuple(allowed for one in of.file.contests for allowed in find_track(one.track).entries))
