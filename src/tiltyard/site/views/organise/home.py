"""The organisers' home: their challenges, the sample, a new one from a zip."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tiltyard.errors import TiltyardError
from tiltyard.site.arriving.uploads import body_size, sent_file, too_large
from tiltyard.site.arriving.viewers import once_here
from tiltyard.site.auditing.addresses import address_of
from tiltyard.site.challenge import adding
from tiltyard.site.challenge.shipping import SAMPLE
from tiltyard.site.models import Challenge
from tiltyard.site.views.frame import badge
from tiltyard.site.views.organise.frame import may_open_challenges

MOST_BYTES = 16 << 30


@login_required
@require_GET
def organise(request: HttpRequest) -> HttpResponse:
    """The viewer's challenges; an administrator's are all."""
    user = may_open_challenges(request)
    own = Challenge.objects.all() if user.is_superuser else user.challenges.all()
    context = {
        "challenges": [(challenge, badge(challenge)) for challenge in own.order_by("-made")],
        "has_sample": Challenge.objects.filter(slug=SAMPLE).exists(),
        "opens": user.is_organiser or user.is_superuser,
    }
    return render(request, "organise/home.html", context)


@login_required
@require_POST
def add_sample(request: HttpRequest) -> HttpResponse:
    """Adds the sample challenge, open at once."""
    user = may_open_challenges(request)
    try:
        challenge = adding.sample(user, address=address_of(request))
    except TiltyardError as error:
        messages.error(request, str(error), "bad")
        return redirect("organise")
    messages.success(request, _("The sample challenge is open."), "good")
    return redirect("console", challenge.slug)


@csrf_exempt
@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A zip with a challenge.toml becomes a challenge, or a new version of the one that has its name."""
    may_open_challenges(request)
    if request.method == "GET":
        return render(request, "organise/new.html")
    if body_size(request) > MOST_BYTES:
        return too_large(request, MOST_BYTES)
    return _receive(request)


@csrf_protect
@once_here
def _receive(request: HttpRequest) -> HttpResponse:
    user, note = may_open_challenges(request), request.POST.get("note", "")
    try:
        path, _name = sent_file(request, "file")
        challenge = adding.add_archive(path, by=user, note=note, address=address_of(request))
    except TiltyardError as error:
        return render(request, "organise/new.html", {"refused": str(error), "note": note}, status=422)
    messages.success(request, _("Version %d of the challenge is in force.") % challenge.version.number, "good")
    return redirect("console", challenge.slug)
