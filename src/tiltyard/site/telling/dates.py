"""Dates as people read them: in the viewer's zone, which the middleware has made the current one."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext, pgettext

from tiltyard.site.clock import now


def written(moment: datetime) -> str:
    """`3 Mar 2026, 17:00`."""
    return date_format(timezone.localtime(moment), pgettext("date format", "j M Y, H:i"))


def with_zone(moment: datetime) -> str:
    """The same with the zone's name, for where no page says it."""
    return f"{written(moment)} ({zone_name()})"


def zone_name() -> str:
    """`Asia/Shanghai`."""
    return timezone.get_current_timezone_name()


def distance(moment: datetime) -> str:
    """`in 3 days, 2 hours`, or `5 minutes ago`."""
    if moment > now():
        return gettext("in %s") % timeuntil(moment, now())
    return gettext("%s ago") % timesince(moment, now())
