"""The page of a link that makes somebody co-organiser."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.organising import organisers
from tiltyard.site.people import limits
from tiltyard.site.refused import Refused
from tiltyard.site.views.challenge.team import IN_SECONDS, INVITATION_TRIES, not_accepted
from tiltyard.site.views.frame import signed_in


@login_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Asks whether to organise the challenge too."""
    try:
        limits.check(f"invitation:{signed_in(request).pk}", INVITATION_TRIES, IN_SECONDS)
        if request.method == "POST":
            challenge = organisers.accept(code, by=Doer.of(request))
            messages.success(request, _("You organise this challenge now."), "good")
            return redirect("console", challenge.slug)
        invited = organisers.invitation_of(code)
    except Refused as refusal:
        return not_accepted(request, refusal)
    return render(request, "organise/invitation.html", {"invited": invited, "file": invited.challenge.file})
