"""Logging in and out."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tiltyard.site.people import accounts
from tiltyard.site.refused import Refused
from tiltyard.site.views.accounts.answers import again, enter, in_language, status_of, ways_in
from tiltyard.site.views.forms import LogIn
from tiltyard.site.views.going import back, posted


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """By e-mail address and password."""
    form = LogIn(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.signed_in(request, **form.cleaned_data)
        except Refused as refusal:
            return again(request, "accounts/login.html", form, refusal)
        enter(request, user)
        return in_language(redirect(back(request)), user)
    return render(request, "accounts/login.html", ways_in(request) | {"form": form}, status=status_of(form))


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return redirect("home")
