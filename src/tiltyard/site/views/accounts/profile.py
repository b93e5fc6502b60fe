"""What people say of themselves, and their API token."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tiltyard.site.models import User
from tiltyard.site.people import accounts
from tiltyard.site.views.accounts.answers import in_language, status_of, ways_in
from tiltyard.site.views.forms import Profile
from tiltyard.site.views.frame import signed_in
from tiltyard.site.views.going import posted


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, zone, language; and the API token, which is shown when it is made and never again."""
    user = signed_in(request)
    if "api" in request.POST:
        shown = {"form": Profile(instance=user), "token": _token(request, user)}
        return render(request, "accounts/profile.html", ways_in(request) | shown)
    form = Profile(posted(request), instance=user)
    if request.method == "POST" and form.is_valid():
        user.save(update_fields=list(form.fields))
        messages.success(request, _("Saved."), "good")
        response = redirect("profile")
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return in_language(response, user)
    return render(request, "accounts/profile.html", ways_in(request) | {"form": form}, status=status_of(form))


def _token(request: HttpRequest, user: User) -> str:
    if request.POST["api"] == "drop":
        accounts.drop_token(user)
        return ""
    return accounts.new_token(user)
