"""Addresses of the organisers' pages."""

from django.urls import URLPattern, path

from tiltyard.site.views.console import audit, boards, console, entries, export, finals, rules, teams
from tiltyard.site.views.organise import act, home, invitation

CONSOLE = "c/<slug:slug>/organise"
urlpatterns: list[URLPattern] = [
    path("organise", home.organise, name="organise"),
    path("organise/new", home.new, name="organise-new"),
    path("organise/sample", home.add_sample, name="organise-sample"),
    path("organise/invitation/<str:code>", invitation.invitation, name="organiser-invitation"),
    path(CONSOLE, console.console, name="console"),
    path(f"{CONSOLE}/live", console.live, name="console-live"),
    path(f"{CONSOLE}/queue", console.queue, name="console-queue"),
    path(f"{CONSOLE}/entries", entries.entries, name="console-entries"),
    path(f"{CONSOLE}/entries/<row:number>", entries.entry, name="console-entry"),
    path(f"{CONSOLE}/compare", entries.compare, name="console-compare"),
    path(f"{CONSOLE}/teams", teams.teams, name="console-teams"),
    path(f"{CONSOLE}/boards", boards.boards, name="console-boards"),
    path(f"{CONSOLE}/finals", finals.finals, name="console-finals"),
    path(f"{CONSOLE}/material/<row:number>", finals.material, name="console-material"),
    path(f"{CONSOLE}/rules", rules.rules, name="console-rules"),
    path(f"{CONSOLE}/audit", audit.audit, name="console-audit"),
    path(f"{CONSOLE}/export", export.export, name="export"),
    path(f"{CONSOLE}/do/<slug:action>", act.act, name="act"),
]
