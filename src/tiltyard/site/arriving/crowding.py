"""Few transfers at a time: each holds a thread of the web process for as long as its other side likes."""

import threading
from collections import Counter
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tiltyard.site.arriving.uploads import body_size
from tiltyard.site.auditing.addresses import network_of
from tiltyard.site.serving.web import THREADS

AT_A_TIME, OF_ONE_NETWORK = THREADS * 3 // 4, THREADS * 3 // 8
"""Threads that wait for bodies to arrive and for files to be taken; the others go on showing pages."""
FOR_WORKERS = "/api/files/"
"""They are trusted: their token is asked for before a body is read."""
PLACE = "tiltyard.network"


class FewTransfers:
    """Answers 503 at once to a request that sends or fetches much where too many do."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer
        self._turn = threading.Lock()
        self._busy: Counter[str] = Counter()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self.answer(request)
        finally:
            self._leave(request)
        return self._sent(request, answer) if answer.streaming else answer

    def process_view(self, request: HttpRequest, view: object, *rest: object) -> HttpResponse | None:
        return None if not body_size(request) or self._enter(request) else _busy(request)

    def _sent(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        """The same, with a place that is free again once it was sent, or its reader has gone."""
        close = answer.close
        if not self._enter(request):
            close()
            return _busy(request)

        def closed() -> None:
            close()
            self._leave(request)

        answer.close = closed  # type: ignore[method-assign]
        return answer

    def _enter(self, request: HttpRequest) -> bool:
        if request.path.startswith(FOR_WORKERS):
            return True
        network = network_of(request)
        with self._turn:
            if self._busy.total() >= AT_A_TIME or self._busy[network] >= OF_ONE_NETWORK:
                return False
            self._busy[network] += 1
        request.META[PLACE] = network
        return True

    def _leave(self, request: HttpRequest) -> None:
        network = request.META.pop(PLACE, None)
        if network is not None:
            with self._turn:
                self._busy -= Counter([network])


def _busy(request: HttpRequest) -> HttpResponse:
    text = _("Too many files are on their way at this moment. Try again in a minute.")
    if "X-Requested-With" in request.headers or request.path.startswith("/api/"):
        answer: HttpResponse = JsonResponse({"refused": text, "detail": text}, status=503)
    else:
        answer = render(request, "503.html", {"refused": text}, status=503)
    answer.headers["Retry-After"] = "60"
    return answer
