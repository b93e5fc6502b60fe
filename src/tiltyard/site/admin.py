"""Django's admin: tables to look at; what can be changed there is recorded, and what matters cannot."""

from importlib import import_module
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from tiltyard.site import models
from tiltyard.site.auditing import audit
from tiltyard.site.auditing.addresses import address_of


class Looking(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that are shown and not touched: their changes have pages of their own, which keep the rules."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(models.User)
class Users(Looking):
    """Accounts: who may open challenges, who is an administrator, who is shut out."""

    list_display = ("email", "name", "is_organiser", "is_superuser", "is_active", "joined")
    list_filter = ("is_organiser", "is_superuser", "is_active")
    search_fields = ("email", "name")
    fields = ("email", "name", "zone", "language", "joined", "is_organiser", "is_active", "is_staff", "is_superuser")
    readonly_fields = ("email", "joined")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        """With its event in the audit log; the admin runs this in a transaction."""
        obj.save(update_fields=form.changed_data)
        detail = {name: form.cleaned_data[name] for name in form.changed_data}
        actor = request.user if isinstance(request.user, models.User) else None
        audit.record(actor, "change-user", target=obj.email, detail=detail, address=address_of(request))


@admin.register(models.AuditEvent)
class AuditEvents(Looking):
    """The audit log of the whole site."""

    list_display = ("at", "actor", "action", "challenge", "target", "address")
    list_filter = ("action", "challenge")
    search_fields = ("actor", "target")
    date_hierarchy = "at"


@admin.register(models.Entry)
class Entries(Looking):
    """Entries of all challenges."""

    list_display = ("pk", "challenge", "phase", "contest", "team", "at", "charged", "disqualified")
    list_filter = ("challenge", "charged")
    search_fields = ("team__name", "user__email")
    list_select_related = ("challenge", "team")


@admin.register(models.Evaluation)
class Evaluations(Looking):
    """Evaluations of all challenges."""

    list_display = ("pk", "entry_id", "number", "state", "cause", "made", "finished", "reason")
    list_filter = ("state", "entry__challenge")


@admin.register(models.Job)
class Jobs(Looking):
    """The queue of the whole site."""

    list_display = ("pk", "evaluation_id", "kind", "shard", "state", "attempt", "worker", "lease_until", "deadline")
    list_filter = ("state", "kind")
    list_select_related = ("worker",)


@admin.register(models.Worker)
class Workers(Looking):
    """Processes that evaluate."""

    list_display = ("name", "host", "pid", "started", "seen", "jail", "ended")


@admin.register(models.Challenge)
class Challenges(Looking):
    """Challenges of all organisers."""

    list_display = ("slug", "state", "made")


@admin.register(models.Team)
class Teams(Looking):
    """Teams of all challenges."""

    list_display = ("name", "challenge", "captain", "made", "disqualified")
    list_filter = ("challenge",)
    search_fields = ("name",)
    list_select_related = ("challenge", "captain")


@admin.register(LogEntry)
class AdminLog(Looking):
    """What Django's admin noted of itself."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag")


def log_in(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """The site's own page for logging in, which counts tries; 403 for those who are logged in and may not be here."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


def change_password(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """The site's own page, where the API token goes with the old password."""
    return redirect("password")


admin.site.login = log_in  # type: ignore[method-assign]
admin.site.password_change = change_password  # type: ignore[assignment, method-assign]
import_module("django.contrib.auth.admin")
admin.site.unregister(Group)  # rights are the site's own, and groups would go around them
