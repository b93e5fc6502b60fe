"""Where a form leads back to."""

from django.http import HttpRequest, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme

A_YEAR = 365 * 86_400
"""Seconds that a choice of a viewer is remembered."""


def back(request: HttpRequest, default: str = "/") -> str:
    """The page of this site that a form names as the one to go on with; `default` where it names none."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own else default


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form was answered with; None where it is only asked for."""
    return request.POST if request.method == "POST" else None
