"""Tags and filters of every page: dates, sizes, Markdown, the look, fields of forms."""

from datetime import datetime

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from tiltyard.contest.challenge import Words
from tiltyard.site.telling import dates, markdown

register = template.Library()
LOOKS = ("light", "dark")


@register.simple_tag(takes_context=True)
def look(context: Context) -> str:
    """The look that the viewer chose, as a class of the page; empty: the system's."""
    request = context.get("request")
    chosen = request.COOKIES.get("look", "") if request is not None else ""
    return chosen if chosen in LOOKS else ""


@register.simple_tag
def when(moment: datetime | None, *, far: bool = False) -> SafeString | str:
    """A date as a `time` element, in the viewer's zone, which its title names; and how far it is away."""
    if moment is None:
        return ""
    iso = moment.isoformat(timespec="seconds")
    date = format_html('<time datetime="{}" title="{}">{}</time>', iso, dates.zone_name(), dates.written(moment))
    return format_html(gettext("{date} ({distance})"), date=date, distance=dates.distance(moment)) if far else date


@register.filter
def until(moment: datetime) -> str:
    """How far it is away: `3 days, 2 hours`."""
    return dates.distance(moment)


@register.filter
def said(words: Words) -> str:
    """What a challenge's file says, in the viewer's language."""
    return words.said(get_language() or "en")


@register.filter
def marked(text: str) -> SafeString:
    """Markdown as HTML; HTML in it is shown as text."""
    return markdown.rendered(text)


@register.filter
def figure(value: float, decimals: int = 4) -> str:
    """A score with so many decimals."""
    return f"{value:.{decimals}f}"


@register.simple_tag
def zone_name() -> str:
    """The zone in which dates are shown."""
    return dates.zone_name()


@register.filter
def translated(text: str) -> str:
    """What the site itself said in English and kept, in the viewer's language."""
    return gettext(text) if text else ""


@register.filter
def lasted(started: datetime, finished: datetime) -> str:
    """The time between, in seconds."""
    return f"{(finished - started).total_seconds():.1f} s"
