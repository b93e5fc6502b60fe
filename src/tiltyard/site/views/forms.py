"""Forms of people's own pages: what is asked, and what is said where an answer does not do."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from tiltyard.site.models import Team, User

BROWSERS = ("", _("As the browser says"))
CONTINENTS = frozenset(
    ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)


class _Password(forms.CharField):
    def __init__(self, *, new: bool, **options: Any) -> None:
        attributes = {"autocomplete": "new-password" if new else "current-password"}
        super().__init__(strip=False, widget=forms.PasswordInput(attributes), label=_("Password"), **options)


class SignUp(forms.Form):
    """Who somebody is, for a new account."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput({"autocomplete": "name"}),
        help_text=_("Your team and the organisers see it."),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_("You log in with it. Only organisers see it."),
    )  # fmt: skip
    password = _Password(new=True, help_text=password_validators_help_text_html)

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        """Weighs the password against the other answers."""
        given = super().clean() or self.cleaned_data
        if "password" in given:
            try:
                validate_password(given["password"], User(email=given.get("email", ""), name=given.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given


class Address(forms.Form):
    """Where the link to a new account goes."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_("A link by which you make your account is sent there."),
    )  # fmt: skip


class LogIn(forms.Form):
    """Who somebody says they are."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "username"}))
    password = _Password(new=False)


class Profile(forms.ModelForm):  # type: ignore[type-arg]
    """What people say of themselves."""

    zone = forms.ChoiceField(label=_("Time zone"), required=False, choices=lambda: [BROWSERS, *zones()])
    language = forms.ChoiceField(label=_("Language"), required=False, choices=[BROWSERS, *settings.LANGUAGES])

    class Meta:
        model = User
        fields = ("name", "zone", "language")


class TeamName(forms.ModelForm):  # type: ignore[type-arg]
    """What a team is called."""

    class Meta:
        model = Team
        fields = ("name",)
        labels = {"name": _("Name of the team")}


class Terms(forms.Form):
    """That the terms are accepted."""

    accept = forms.BooleanField(label=_("I have read the terms and accept them."))


class HandIn(forms.Form):
    """What goes with the file of an entry; the file itself is taken by `uploads`."""

    phase = forms.CharField(max_length=50, widget=forms.HiddenInput)
    contest = forms.CharField(max_length=50, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"), max_length=400, required=False, widget=forms.TextInput({"autocomplete": "off"}),
        help_text=_("For your team: what is new in this entry. Organisers see it too."),
    )  # fmt: skip


class WriteUp(forms.Form):
    """How the team did it."""

    write_up = forms.CharField(
        label=_("Write-up"), max_length=20_000, required=False, widget=forms.Textarea({"rows": 14}),
        help_text=_("How you did it, in Markdown. It is published if your team is named."),
    )  # fmt: skip


def zones() -> list[tuple[str, str]]:
    """Zones that are places, and UTC: what people look for."""
    places = (name for name in available_timezones() if name.split("/")[0] in CONTINENTS)
    return [(name, name.replace("_", " ")) for name in ("UTC", *sorted(places))]
