"""Handing in an entry: the page, and the upload that it or a plain form sends."""

from dataclasses import dataclass
from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from tiltyard.contest.phases import Stage, stage
from tiltyard.contest.quota import Left
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Track
from tiltyard.site.arriving import entering
from tiltyard.site.arriving.entering import Place
from tiltyard.site.arriving.uploads import body_size, most_bytes, sent_file
from tiltyard.site.arriving.viewers import once_here
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, Team
from tiltyard.site.refused import Refused
from tiltyard.site.seeing.reach import found, own_team
from tiltyard.site.views.entries import uploading
from tiltyard.site.views.forms import HandIn
from tiltyard.site.views.frame import page, signed_in


@dataclass(frozen=True)
class Slot:
    """A contest of an open phase, and what the team has left there."""

    place: Place
    left: Left | None
    refused: str
    """Why the team hands in nothing there now."""

    @property
    def track(self) -> Track:
        return self.place.track

    @property
    def suffixes(self) -> str:
        """For the file picker."""
        return ",".join(sorted({suffix for allowed in self.track.entries for suffix in allowed.suffixes}))

    @property
    def most_bytes(self) -> int:
        return max(allowed.max_bytes for allowed in self.track.entries)


@csrf_exempt
@login_required
@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Bounds what arrives before anything reads it, the check against forged requests included; then takes it."""
    of = found(request, slug)
    if request.method == "GET":
        return _page(request, of, HandIn(), request.GET.get("phase", ""), request.GET.get("contest", ""))
    most = most_bytes(tuple(allowed for one in of.file.contests for allowed in find_track(one.track).entries))
    if body_size(request) > most:
        return uploading.larger(request, _("The file is larger than is allowed."), most)
    team = own_team(request, of)
    if team is None:
        return _page(request, of, HandIn(), "", "", status=422)
    return _receive(request, of, team)


@csrf_protect
@once_here
def _receive(request: HttpRequest, of: Challenge, team: Team) -> HttpResponse:
    form = HandIn(request.POST)
    form.full_clean()
    phase, contest, note = (str(form.cleaned_data.get(name, "")) for name in ("phase", "contest", "note"))
    try:
        path, name = sent_file(request, "file")
        entry = entering.hand_in(signed_in(request), team, phase, contest, path, name, note)
    except Refused as refusal:
        again = partial(_page, request, of, form, phase, contest)
        return uploading.refused(request, refusal, lambda told, status: again(refused=told, status=status))
    return uploading.taken(request, reverse("entry", args=[of.slug, entry.pk]))


def _page(
    request: HttpRequest, of: Challenge, form: HandIn, phase: str, contest: str, *, refused: str = "", status: int = 200
) -> HttpResponse:
    team = own_team(request, of)
    slots = [_slot(request, place, team) for place in _open_places(of)]
    wanted = [slot for slot in slots if (slot.place.phase.name, slot.place.contest.name) == (phase, contest)]
    context = {
        "slots": slots,
        "slot": next(iter(wanted or [slot for slot in slots if not slot.refused] or slots), None),
        "refused": refused,
        "form": form,
    }
    return page(request, of, "entries/submit.html", context, tab="submit", status=status)


def _open_places(of: Challenge) -> list[Place]:
    """Where entries are taken now."""
    return [
        Place(of, phase, contest)
        for phase in of.file.phases
        if stage(phase, now()) is Stage.open
        for contest in of.file.contests_of(phase)
    ]


def _slot(request: HttpRequest, place: Place, team: Team | None) -> Slot:
    if team is None:
        return Slot(place, None, "")
    try:
        entering.check_may_enter(signed_in(request), team, place)
        refused = ""
    except Refused as refusal:
        refused = str(refusal)
    return Slot(place, entering.quota_left(team, place), refused)
