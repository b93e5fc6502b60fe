"""Disqualification, its withdrawal, and entries that do not count against the quota."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.clock import now
from tiltyard.site.models import Entry, Team
from tiltyard.site.ranking.snapshots import held, retake_all
from tiltyard.site.refused import Refused
from tiltyard.site.telling.mailing import in_all_languages
from tiltyard.site.telling.messages import write


def disqualify_team(team: Team, reason: str, *, by: Doer) -> None:
    """Takes the team off every board, at once, and tells it why."""
    _need(reason)
    with held(team.challenge):
        if not Team.objects.filter(pk=team.pk, disqualified="").update(disqualified=reason[:400]):
            raise Refused(_("The team is disqualified already."))
        by.record("disqualify-team", team.challenge, target=team.name, reason=reason)
        _tell(team, lambda: _("Your team was disqualified: %s") % reason, by)
        retake_all(team.challenge, now())


def reinstate_team(team: Team, *, by: Doer) -> None:
    """Puts it back."""
    with held(team.challenge):
        if not Team.objects.filter(pk=team.pk).exclude(disqualified="").update(disqualified=""):
            raise Refused(_("The team is not disqualified."))
        by.record("reinstate-team", team.challenge, target=team.name)
        _tell(team, lambda: _("Your team takes part again."), by)
        retake_all(team.challenge, now())


def disqualify_entry(entry: Entry, reason: str, *, by: Doer) -> None:
    """Takes one entry off the boards; the team's next best takes its place."""
    _need(reason)
    with held(entry.challenge):
        if not Entry.objects.filter(pk=entry.pk, disqualified="").update(disqualified=reason[:400]):
            raise Refused(_("The entry is disqualified already."))
        by.record("disqualify-entry", entry.challenge, target=entry.team.name, entry=entry.pk, reason=reason)
        words = {"entry": entry.pk, "reason": reason}
        _tell(entry.team, lambda: _("Entry %(entry)d was disqualified: %(reason)s") % words, by)
        retake_all(entry.challenge, now())


def reinstate_entry(entry: Entry, *, by: Doer) -> None:
    """Puts it back."""
    with held(entry.challenge):
        if not Entry.objects.filter(pk=entry.pk).exclude(disqualified="").update(disqualified=""):
            raise Refused(_("The entry is not disqualified."))
        by.record("reinstate-entry", entry.challenge, target=entry.team.name, entry=entry.pk)
        _tell(entry.team, lambda: _("Entry %d counts again.") % entry.pk, by)
        retake_all(entry.challenge, now())


def refund(entry: Entry, reason: str, *, by: Doer) -> None:
    """The entry does not count against the quota any more; its score stands."""
    _need(reason)
    with held(entry.challenge):
        if not Entry.objects.filter(pk=entry.pk, charged=True).update(charged=False, uncharged_because=reason[:400]):
            raise Refused(_("The entry does not count against the quota already."))
        by.record("refund", entry.challenge, target=entry.team.name, entry=entry.pk, reason=reason)


def _need(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Give a reason: the team reads it."))


def _tell(team: Team, text: Callable[[], str], by: Doer) -> None:
    subject = in_all_languages(lambda: _("A decision of the organisers")).replace("\n\n", " / ")
    write(team.challenge, team, subject, in_all_languages(text), by=by)
