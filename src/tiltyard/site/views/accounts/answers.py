"""What the pages of accounts have in common: entering, the form once more, the ways in."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tiltyard.site.models import User
from tiltyard.site.refused import Refused, TooOften
from tiltyard.site.views.going import A_YEAR, back

BACKEND = "django.contrib.auth.backends.ModelBackend"


def enter(request: HttpRequest, user: User) -> None:
    """The person is logged in from now on."""
    login(request, user, backend=BACKEND)


def in_language(response: HttpResponse, user: User) -> HttpResponse:
    """The language of the account, as the cookie that Django reads."""
    if user.language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=A_YEAR, samesite="Lax")
    return response


def ways_in(request: HttpRequest) -> dict[str, Any]:
    """What the site offers beside a password, and where the person wants to go."""
    provider = reverse("openid_connect_login", args=[settings.OIDC["provider_id"]]) if settings.OIDC else ""
    return {
        "next": back(request, ""),
        "mails": bool(settings.EMAIL_HOST),
        "provider": provider,
        "provider_name": settings.OIDC.get("name", ""),
    }


def status_of(form: Any) -> int:
    """422 where a form was answered with what does not do."""
    return 422 if form is not None and form.is_bound and form.errors else 200


def again(request: HttpRequest, template: str, form: Any, refusal: Refused) -> HttpResponse:
    """The form once more with what was wrong; 429 where it came too often."""
    if form is not None:
        form.add_error(None, str(refusal))
    often = isinstance(refusal, TooOften)
    context = ways_in(request) | {"form": form, "refused": str(refusal)}
    response = render(request, template, context, status=429 if often else 422)
    if isinstance(refusal, TooOften):
        response.headers["Retry-After"] = str(refusal.seconds)
    return response
