"""What the organisers' pages have in common: who may see them, their head, their tabs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tiltyard.site.models import Challenge, User
from tiltyard.site.seeing.reach import found
from tiltyard.site.seeing.sight import is_organiser
from tiltyard.site.views.frame import Tab, badge


def organised(request: HttpRequest, slug: str) -> Challenge:
    """The challenge, for its organisers; 404 where it does not exist for the viewer, 403 where it is another's."""
    challenge = found(request, slug)
    if not is_organiser(request.user, challenge):
        raise PermissionDenied
    return challenge


def may_open_challenges(request: HttpRequest) -> User:
    """The viewer, if an organiser; 403."""
    user = request.user
    if not isinstance(user, User) or not (user.is_organiser or user.is_superuser or user.challenges.exists()):
        raise PermissionDenied
    return user


def page(
    request: HttpRequest, challenge: Challenge, template: str, context: dict[str, Any], *, tab: str, status: int = 200
) -> HttpResponse:
    """A page of the console."""
    frame = {
        "challenge": challenge,
        "file": challenge.file,
        "badge": badge(challenge),
        "tabs": _tabs(challenge),
        "tab": tab,
    }
    return render(request, f"organise/{template}", frame | context, status=status)


def query(wanted: Mapping[str, str]) -> str:
    """The part of an address by which a filter is kept."""
    return urlencode({name: value for name, value in wanted.items() if value})


def _tabs(challenge: Challenge) -> list[Tab]:
    titles = {
        "console": _("Console"),
        "console-entries": _("Entries"),
        "console-teams": _("Teams"),
        "console-boards": _("Boards"),
        "console-finals": _("Finals"),
        "console-rules": _("Rules"),
        "console-audit": _("Audit log"),
    }
    return [Tab(name, title, reverse(name, args=[challenge.slug])) for name, title in titles.items()]
