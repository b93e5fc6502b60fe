"""What every answer passes: the viewer's time zone, and the policy on content."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tiltyard.site.people.oidc import origins

Answer = Callable[[HttpRequest], HttpResponse]
ZONES = frozenset(available_timezones())
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        " ".join(("form-action 'self'", *origins(settings.OIDC))),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script or style that stands in a page runs: what a stranger gets into one is text."""


class ViewersZone:
    """Dates are shown in the zone of the account, or in the browser's, which a cookie tells."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "zone", "") or request.COOKIES.get("zone", "")
        with timezone.override(ZoneInfo(name) if name in ZONES else None):
            return self.answer(request)


class ContentPolicy:
    """Adds the policy where a view has set none of its own (reports are shown under a stricter one)."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        return response
