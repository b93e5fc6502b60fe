"""Answers to uploads: as pages to plain forms, as JSON to the script that shows progress."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from tiltyard.site.arriving.uploads import too_large
from tiltyard.site.refused import Refused, TooOften

BY_SCRIPT = "upload"
"""What the script says of itself in `X-Requested-With`."""


def taken(request: HttpRequest, address: str) -> HttpResponse:
    """Leads on to the page where it is seen."""
    return JsonResponse({"address": address}) if _by_script(request) else redirect(address)


def refused(request: HttpRequest, refusal: Refused, page: Callable[[str, int], HttpResponse]) -> HttpResponse:
    """Tells why not: the script shows it in place, else `page` (given the text and the status) is shown again."""
    status = 429 if isinstance(refusal, TooOften) else 422
    return _told(str(refusal), status) if _by_script(request) else page(str(refusal), status)


def larger(request: HttpRequest, text: str, most: int) -> HttpResponse:
    """Tells that the body is larger than `most` bytes."""
    return _told(text, 413) if _by_script(request) else too_large(request, most)


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == BY_SCRIPT


def _told(text: str, status: int) -> HttpResponse:
    return JsonResponse({"refused": text}, status=status)
