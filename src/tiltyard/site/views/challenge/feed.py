"""The Atom feed of a challenge: messages to all, boards that were taken, phases that began and ended."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tiltyard.contest.phases import private_opens
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge
from tiltyard.site.ranking.results import rankings
from tiltyard.site.ranking.snapshots import snapshots
from tiltyard.site.seeing.boards import PUBLIC
from tiltyard.site.seeing.reach import found
from tiltyard.site.seeing.sight import sees_board

MOST = 50
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOBODY = AnonymousUser()
"""Whoever reads a feed is not known: it holds what everybody may see."""


@dataclass(frozen=True)
class News:
    """One thing that happened."""

    key: str
    at: datetime
    title: str
    text: str
    page: str
    """The name of the address that tells more."""


@require_GET
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest first."""
    of = found(request, slug)
    language, about = get_language() or "en", request.build_absolute_uri(reverse("challenge", args=[slug]))
    atom = Atom1Feed(
        title=_legal(of.file.title.said(language)),
        link=about,
        description=_legal(of.file.summary.said(language)),
        language=language,
        feed_url=request.build_absolute_uri(),
    )
    for news in sorted(_news(of), key=lambda one: one.at, reverse=True)[:MOST]:
        link = request.build_absolute_uri(reverse(news.page, args=[slug]))
        atom.add_item(
            title=_legal(news.title),
            link=link,
            description=_legal(news.text),
            pubdate=news.at,
            updateddate=news.at,
            unique_id=f"{about}#{news.key}",
        )
    return HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _legal(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return ILLEGAL.sub("", text)


def _news(of: Challenge) -> Iterator[News]:
    for message in of.messages.filter(team=None).order_by("-at")[:MOST]:
        yield News(f"message-{message.pk}", message.at, message.subject, message.body, "messages")
    yield from _phases(of)
    yield from _boards(of)


def _phases(of: Challenge) -> Iterator[News]:
    language, moment = get_language() or "en", now()
    for phase in of.file.phases:
        title = phase.title.said(language)
        events = {
            "opens": (phase.opens, _("%s is open: entries are taken")),
            "closes": (phase.closes, _("%s is over")),
            "private": (private_opens(phase), _("%s: the final board is shown")),
        }
        for key, (at, text) in events.items():
            if at is not None and at <= moment:
                yield News(f"{phase.name}-{key}", at, text % title, "", "board" if key == "private" else "challenge")


def _boards(of: Challenge) -> Iterator[News]:
    """That boards were taken, not what they say: a reader may have lost the right to see it by then."""
    for ranking in rankings(of):
        if not sees_board(NOBODY, of, ranking.phase, PUBLIC):
            continue
        title = ranking.contest.title.said(get_language() or "en")
        for snapshot in snapshots(ranking, PUBLIC).reverse()[:MOST]:
            key = f"board-{snapshot.pk}"
            yield News(key, snapshot.at, _("Board of %s") % title, _("The board was refreshed."), "board")
