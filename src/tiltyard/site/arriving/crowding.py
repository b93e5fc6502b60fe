"""Few transfers at a time: each holds a thread of the web process for as long as its other side likes."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tiltyard.site.arriving.uploads import body_size
from tiltyard.site.auditing.addresses import network_of
from tiltyard.site.people.accounts import user_of_token
from tiltyard.site.serving.web import THREADS


@dataclass(frozen=True)
class Places:
    """Threads that wait for bodies to arrive and for files to be taken."""

    whose: str
    in_all: int
    of_one_network: int


OF_MEMBERS = Places("members", THREADS // 2, THREADS * 3 // 8)
OF_STRANGERS = Places("strangers", THREADS // 4, THREADS // 8)
"""Apart: strangers, who cannot be shut out, hold up nobody who has an account. The other threads go on with pages."""
FOR_WORKERS = "/api/files/"
"""They are trusted: their token is asked for before a body is read."""
PLACE = "tiltyard.place"


class FewTransfers:
    """Answers 503 at once to a request that sends or fetches much where too many do."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer
        self._turn = threading.Lock()
        self._busy: Counter[tuple[str, str]] = Counter()

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
        places = OF_MEMBERS if _is_member(request) else OF_STRANGERS
        place = (places.whose, network_of(request))
        with self._turn:
            held = sum(number for (whose, _network), number in self._busy.items() if whose == places.whose)
            if held >= places.in_all or self._busy[place] >= places.of_one_network:
                return False
            self._busy[place] += 1
        request.META[PLACE] = place
        return True

    def _leave(self, request: HttpRequest) -> None:
        place = request.META.pop(PLACE, None)
        if place is not None:
            with self._turn:
                self._busy -= Counter([place])


def _is_member(request: HttpRequest) -> bool:
    """Whether it comes from somebody with an account: logged in, or with a token, which the API looks at later."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return request.user.is_authenticated or (kind.lower() == "bearer" and user_of_token(token) is not None)


def _busy(request: HttpRequest) -> HttpResponse:
    text = _("Too many files are on their way at this moment. Try again in a minute.")
    if "X-Requested-With" in request.headers or request.path.startswith("/api/"):
        answer: HttpResponse = JsonResponse({"refused": text, "detail": text}, status=503)
    else:
        answer = render(request, "503.html", {"refused": text}, status=503)
    answer.headers["Retry-After"] = "60"
    return answer
