"""To a provider of single sign-on and back, by allauth, where it may be down. Loaded only where one is named."""

from collections.abc import Callable

from allauth.socialaccount.providers.openid_connect import views  # type: ignore[import-untyped]
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from requests import RequestException

View = Callable[[HttpRequest, str], HttpResponse]


def log_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider."""
    return _reached(views.login, request, provider_id)


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider."""
    return _reached(views.callback, request, provider_id)


def _reached(view: View, request: HttpRequest, provider_id: str) -> HttpResponse:
    """What the view answers, or a message where the provider gives no answer, or none that can be read."""
    try:
        return view(request, provider_id)
    except RequestException:
        told = _("%s cannot be reached. Try again later.") % settings.OIDC["name"]
        messages.error(request, told, "bad")
        return redirect("profile" if request.user.is_authenticated else "login")
