"""What the organisers' actions ask for; targets are looked for in the challenge alone."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tiltyard.contest.challenge import EARLIEST, LATEST
from tiltyard.site.models import Award, Challenge, Entry, Reproduction, Team, User
from tiltyard.site.ranking.awards import NAMED, title
from tiltyard.site.telling.dates import zone_name

LOCAL_TIME = "%Y-%m-%dT%H:%M"
Choices = list[tuple[str, str]]


class ActForm(forms.Form):
    """Fields of one action; a target that the address names already is not asked for."""

    def __init__(self, challenge: Challenge, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.challenge = challenge
        for name in ("entry", "team", "award", "asked", "organiser"):
            if name in self.fields:
                self._offer(name)

    def _offer(self, name: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - so they are declared below
        field.queryset = {
            "entry": self.challenge.entries.select_related("team"),
            "team": self.challenge.teams.order_by("name"),
            "award": self.challenge.awards.exclude(name=NAMED).select_related("team", "challenge"),
            "asked": self.challenge.reproductions.select_related("entry__team"),
            "organiser": self.challenge.organisers.all(),
        }[name]
        if self.initial.get(name) or self.data.get(name):
            field.widget = forms.HiddenInput()


class _OfEntry(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.pk} · {obj.team.name}"


def _entry() -> _OfEntry:
    return _OfEntry(Entry.objects.none(), label=_("Entry"))


def _reason(text: Any = _("The team reads it.")) -> forms.CharField:
    return forms.CharField(label=_("Reason"), max_length=400, help_text=text)


class Nothing(ActForm):
    """No question."""


class OfEntry(ActForm):
    """An entry."""

    entry = _entry()


class OfEntryWithReason(OfEntry):
    """An entry, and why."""

    reason = _reason()


class OfTeam(ActForm):
    """A team."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"))


class OfTeamWithReason(OfTeam):
    """A team, and why."""

    reason = _reason()


class Many(ActForm):
    """Which entries are run again."""

    phase = forms.ChoiceField(label=_("Phase"), required=False)
    contest = forms.ChoiceField(label=_("Contest"), required=False)
    broken = forms.BooleanField(label=_("Only those that failed by a fault of ours"), required=False)

    def __init__(self, challenge: Challenge, *args: Any, **options: Any) -> None:
        super().__init__(challenge, *args, **options)
        every = [("", str(_("All")))]
        _choose(self, "phase", every + _titles(challenge.file.phases))
        _choose(self, "contest", every + _titles(challenge.file.contests))


class Rescore(ActForm):
    """A contest, and whether its entries are measured again."""

    contest = forms.ChoiceField(label=_("Contest"))
    measure = forms.BooleanField(
        label=_("Measure everything again"), required=False, initial=True,
        help_text=_("Without it, rows that were measured on the same data are only scored again."),
    )  # fmt: skip

    def __init__(self, challenge: Challenge, *args: Any, **options: Any) -> None:
        super().__init__(challenge, *args, **options)
        _choose(self, "contest", _titles(challenge.file.contests))


def _moment(label: Any) -> forms.DateTimeField:
    """A date and time of the viewer's clocks, of those that a challenge's file may name."""
    return forms.DateTimeField(
        label=label,
        input_formats=[LOCAL_TIME],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=LOCAL_TIME),
        validators=[
            MinValueValidator(datetime(EARLIEST, 1, 1, tzinfo=UTC)),
            MaxValueValidator(datetime(LATEST, 12, 31, tzinfo=UTC)),
        ],
    )


class Extend(ActForm):
    """A phase, and its new end."""

    phase = forms.ChoiceField(label=_("Phase"))
    closes = _moment(_("Closes"))

    def __init__(self, challenge: Challenge, *args: Any, **options: Any) -> None:
        super().__init__(challenge, *args, **options)
        _choose(self, "phase", _titles(challenge.file.phases))
        self.fields["closes"].help_text = zone_name()


class Letter(ActForm):
    """Whom to write, and what."""

    team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Team"), required=False, empty_label=_("Everybody who takes part")
    )
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(
        label=_("Text"), max_length=10_000, widget=forms.Textarea({"rows": 10}),
        help_text=_("Markdown. It is shown on the page, and sent by e-mail where the site sends mail."),
    )  # fmt: skip


class OfOrganiser(ActForm):
    """One of the challenge's organisers."""

    organiser = forms.ModelChoiceField(User.objects.none(), label=_("Organiser"))


class Give(OfTeam):
    """An award for a team."""

    name = forms.ChoiceField(label=_("Award"))
    place = forms.IntegerField(label=_("Place"), min_value=1, max_value=1000, required=False)

    def __init__(self, challenge: Challenge, *args: Any, **options: Any) -> None:
        super().__init__(challenge, *args, **options)
        _choose(self, "name", _titles(challenge.file.awards))


class _OfAward(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{title(obj.challenge, obj.name, get_language() or 'en')} · {obj.team.name}"


class OfAward(ActForm):
    """An award that was given."""

    award = _OfAward(Award.objects.none(), label=_("Award"))


class OfAwardWithReason(OfAward):
    """An award that was given, and why it is withdrawn."""

    reason = _reason(_("It is kept with the award."))


class _OfAsked(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.entry.team.name)


class OfAsked(ActForm):
    """A team that was asked for material."""

    asked = _OfAsked(Reproduction.objects.none(), label=_("Team"))


class Deadline(OfAsked):
    """By when the material must be there."""

    deadline = _moment(_("Deadline"))

    def __init__(self, challenge: Challenge, *args: Any, **options: Any) -> None:
        super().__init__(challenge, *args, **options)
        self.fields["deadline"].help_text = zone_name()


class Verdict(OfAsked):
    """Whether it was reproduced."""

    verdict = forms.ChoiceField(
        label=_("Verdict"),
        choices=[
            (Reproduction.Verdict.REPRODUCED.value, _("Reproduced")),
            (Reproduction.Verdict.NOT_REPRODUCED.value, _("Not reproduced")),
        ],
    )
    note = forms.CharField(label=_("Note"), max_length=400, required=False)


class Made(OfAsked):
    """What an organiser made with a team's material."""

    file = forms.FileField(label=_("Entry made with the material"))


class WriteUp(OfAsked):
    """What the team tells of its way."""

    text = forms.CharField(
        label=_("Write-up"), max_length=20_000, required=False, widget=forms.Textarea({"rows": 14}),
        help_text=_("Markdown. It is shown when the team is named."),
    )  # fmt: skip


def _choose(form: forms.Form, name: str, choices: Choices) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - so they are declared above
    field.choices = choices


def _titles(parts: Any) -> Choices:
    language = get_language() or "en"
    return [(part.name, part.title.said(language)) for part in parts]
