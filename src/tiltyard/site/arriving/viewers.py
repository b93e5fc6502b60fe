"""Who sends a form, asked when all of it is here: a slow body outlasts a ban, lost rights and a changed password."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse


class AskedOnceHere:
    """Looks again at who sends it before a view is given a form; one that is exempt from CSRF does so by `once_here`.

    What comes before the view asks for the person, too (to show dates in their zone), and that is before the body.
    """

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_view(self, request: HttpRequest, view: object, *rest: object) -> None:
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            _ask_again(request)


def once_here(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For views that take a bounded body: its sender must still be logged in after it."""
    named = login_required(view)

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _ask_again(request)
        return named(request, *args, **kwargs)

    return asked


def _ask_again(request: HttpRequest) -> None:
    request.POST.keys()  # waits for the body
    request.session = type(request.session)(request.session.session_key)
    request.user = get_user(request)
