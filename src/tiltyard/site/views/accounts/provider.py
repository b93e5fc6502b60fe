"""To a provider of single sign-on and back, by allauth, where it may be down. Loaded only where one is named."""

import logging

from allauth.socialaccount.models import SocialApp  # type: ignore[import-untyped]
from allauth.socialaccount.providers.oauth2.views import (  # type: ignore[import-untyped]
    OAuth2CallbackView,
    OAuth2LoginView,
    OAuth2View,
)
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from requests import RequestException

from tiltyard.contest.names import one_line
from tiltyard.site.people.oidc_discovery import Discovered

log = logging.getLogger("tiltyard.oidc")


def log_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider."""
    return _reached(OAuth2LoginView, request, provider_id)


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider."""
    return _reached(OAuth2CallbackView, request, provider_id)


def _reached(view: type[OAuth2View], request: HttpRequest, provider_id: str) -> HttpResponse:
    """What the view answers, or a message where the provider gives no answer, or none that can be read."""
    try:
        answer: HttpResponse = view.adapter_view(Discovered(request, provider_id))(request)
        return answer
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except RequestException as error:
        name = settings.OIDC["name"]
        log.error("%s: %s", name, one_line(error))
        messages.error(request, _("%s cannot be reached. Try again later.") % name, "bad")
        return redirect("profile" if request.user.is_authenticated else "login")
