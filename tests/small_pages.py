"""Reading pages in tests: what a person sees of them."""

import html
import re

from django.http import HttpResponse

HIDDEN = re.compile(r"<(script|style|title)\b.*?</\1>|<[^>]*>", re.S)


def seen(answer: HttpResponse) -> str:
    """The text of a page, one space between words."""
    return " ".join(html.unescape(HIDDEN.sub(" ", answer.content.decode())).split())


def attributes(answer: HttpResponse, name: str) -> list[str]:
    """The values of every attribute of that name."""
    return [html.unescape(value) for value in re.findall(rf'\s{name}="([^"]*)"', answer.content.decode())]
