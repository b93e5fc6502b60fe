"""The organisers' actions: what each is called, asks for and does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge, Entry
from tiltyard.site.organising import asking, extending, fairness, organisers, prizes, publishing, reproducing, running
from tiltyard.site.telling import messages
from tiltyard.site.views.organise import forms

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    """One action. `do` returns what is said afterwards; a grave one is asked about on a page of its own."""

    title: Promise | str
    form: type[forms.ActForm]
    do: Callable[[Challenge, Answers, Doer], str]
    text: Promise | str = ""
    grave: bool = False
    files: bool = False


def _publish(of: Challenge, given: Answers, by: Doer) -> str:
    publishing.publish(of, by=by)
    return gettext("The challenge is open to everybody.")


def _pause(of: Challenge, given: Answers, by: Doer) -> str:
    publishing.pause(of, by=by)
    return gettext("The challenge is paused.")


def _resume(of: Challenge, given: Answers, by: Doer) -> str:
    publishing.resume(of, by=by)
    return gettext("The challenge goes on.")


def _rerun(of: Challenge, given: Answers, by: Doer) -> str:
    running.rerun(given["entry"], by=by)
    return gettext("Entry %d is evaluated again.") % _number(given)


def _rerun_all(of: Challenge, given: Answers, by: Doer) -> str:
    count = running.rerun_all(of, by=by, phase=given["phase"], contest=given["contest"], broken=given["broken"])
    return ngettext("%d entry is evaluated again.", "%d entries are evaluated again.", count) % count


def _rescore_all(of: Challenge, given: Answers, by: Doer) -> str:
    count = running.rescore_all(of, given["contest"], by=by, measure=given["measure"])
    return ngettext("%d entry is scored anew.", "%d entries are scored anew.", count) % count


def _cancel(of: Challenge, given: Answers, by: Doer) -> str:
    running.cancel(given["entry"], given["reason"], by=by)
    return gettext("The evaluation was cancelled.")


def _disqualify_entry(of: Challenge, given: Answers, by: Doer) -> str:
    fairness.disqualify_entry(given["entry"], given["reason"], by=by)
    return gettext("Entry %d is disqualified.") % _number(given)


def _reinstate_entry(of: Challenge, given: Answers, by: Doer) -> str:
    fairness.reinstate_entry(given["entry"], by=by)
    return gettext("Entry %d counts again.") % _number(given)


def _disqualify_team(of: Challenge, given: Answers, by: Doer) -> str:
    fairness.disqualify_team(given["team"], given["reason"], by=by)
    return gettext("The team is disqualified.")


def _reinstate_team(of: Challenge, given: Answers, by: Doer) -> str:
    fairness.reinstate_team(given["team"], by=by)
    return gettext("The team takes part again.")


def _refund(of: Challenge, given: Answers, by: Doer) -> str:
    fairness.refund(given["entry"], given["reason"], by=by)
    return gettext("Entry %d does not count against the quota.") % _number(given)


def _extend(of: Challenge, given: Answers, by: Doer) -> str:
    extending.extend(of, given["phase"], given["closes"], by=by)
    return gettext("The phase has a new end.")


def _message(of: Challenge, given: Answers, by: Doer) -> str:
    messages.message(of, given["team"], given["subject"], given["body"], by=by)
    if not settings.EMAIL_HOST:
        return gettext("The message is on the page. This site sends no mail.")
    return gettext("The message is on the page and goes out by mail. Teams shows how many mails could not be sent.")


def _remove_organiser(of: Challenge, given: Answers, by: Doer) -> str:
    organisers.remove(of, given["organiser"], by=by)
    name: str = given["organiser"].name
    return gettext("%s organises it no more.") % name


def _ask(of: Challenge, given: Answers, by: Doer) -> str:
    asking.ask(given["entry"], by=by)
    return gettext("The team was asked.")


def _deadline(of: Challenge, given: Answers, by: Doer) -> str:
    asking.set_deadline(given["asked"], given["deadline"], by=by)
    return gettext("The deadline was moved.")


def _rerun_reproduction(of: Challenge, given: Answers, by: Doer) -> str:
    reproducing.rerun(given["asked"], by=by)
    return gettext("The material is evaluated, outside the board.")


def _hand_in_made(of: Challenge, given: Answers, by: Doer) -> str:
    file = given["file"]
    reproducing.rerun(given["asked"], by=by, made=(Path(file.temporary_file_path()), file.name))
    return gettext("The material is evaluated, outside the board.")


def _mark(of: Challenge, given: Answers, by: Doer) -> str:
    reproducing.mark(given["asked"], given["verdict"], given["note"], by=by)
    return gettext("The verdict was kept.")


def _write_up(of: Challenge, given: Answers, by: Doer) -> str:
    reproducing.set_write_up(given["asked"], given["text"], by=by)
    return gettext("The write-up was kept.")


def _name(of: Challenge, given: Answers, by: Doer) -> str:
    count = reproducing.name_first(of, by=by)
    return ngettext("%d team is named.", "%d teams are named.", count) % count


def _give(of: Challenge, given: Answers, by: Doer) -> str:
    prizes.give(given["team"], given["name"], by=by, place=given["place"])
    return gettext("The award was given.")


def _withdraw(of: Challenge, given: Answers, by: Doer) -> str:
    prizes.withdraw(given["award"], given["reason"], by=by)
    return gettext("The award was withdrawn.")


def _restore(of: Challenge, given: Answers, by: Doer) -> str:
    prizes.restore(given["award"], by=by)
    return gettext("The award stands again.")


def _number(given: Answers) -> int:
    entry: Entry = given["entry"]
    return entry.pk


ACTS: dict[str, Act] = {
    "publish": Act(
        _("Publish"), forms.Nothing, _publish, _("Everybody sees the challenge, and teams may be formed."), grave=True
    ),
    "pause": Act(_("Pause"), forms.Nothing, _pause),
    "resume": Act(_("Resume"), forms.Nothing, _resume),
    "rerun": Act(_("Run again"), forms.OfEntry, _rerun),
    "rerun-all": Act(
        _("Run many again"),
        forms.Many,
        _rerun_all,
        _("Every entry gets a new evaluation. Until it has an outcome, the earlier one counts."),
        grave=True,
    ),
    "rescore-all": Act(
        _("Rescore"),
        forms.Rescore,
        _rescore_all,
        _("All entries are scored under today's track and data. The old boards stay, beside the new ones."),
        grave=True,
    ),
    "cancel": Act(_("Cancel the evaluation"), forms.OfEntryWithReason, _cancel, grave=True),
    "disqualify-entry": Act(
        _("Disqualify the entry"),
        forms.OfEntryWithReason,
        _disqualify_entry,
        _("It leaves the boards at once; the team's next best entry takes its place."),
        grave=True,
    ),
    "reinstate-entry": Act(_("Reinstate the entry"), forms.OfEntry, _reinstate_entry),
    "disqualify-team": Act(
        _("Disqualify the team"),
        forms.OfTeamWithReason,
        _disqualify_team,
        _("It leaves the boards at once and hands in no more."),
        grave=True,
    ),
    "reinstate-team": Act(_("Reinstate the team"), forms.OfTeam, _reinstate_team),
    "refund": Act(
        _("Refund"),
        forms.OfEntryWithReason,
        _refund,
        _("The entry does not count against the quota any more. Its score stands."),
        grave=True,
    ),
    "extend": Act(
        _("Move the end"),
        forms.Extend,
        _extend,
        _("Registration and the private board move with it, where they have dates of their own."),
        grave=True,
    ),
    "message": Act(_("Write a message"), forms.Letter, _message, grave=True),
    "remove-organiser": Act(_("Remove the organiser"), forms.OfOrganiser, _remove_organiser, grave=True),
    "ask": Act(_("Ask for reproduction"), forms.OfEntry, _ask),
    "deadline": Act(_("Move the deadline"), forms.Deadline, _deadline, grave=True),
    "rerun-reproduction": Act(_("Run the material"), forms.OfAsked, _rerun_reproduction),
    "hand-in-made": Act(
        _("Hand in what was made"),
        forms.Made,
        _hand_in_made,
        _("Where the material is not an entry itself: make one with it, and hand that in, outside the board."),
        grave=True,
        files=True,
    ),
    "mark": Act(_("Verdict"), forms.Verdict, _mark, grave=True),
    "write-up": Act(_("Write-up"), forms.WriteUp, _write_up, grave=True),
    "name-first": Act(
        _("Name the first"),
        forms.Nothing,
        _name,
        _("The first teams whose results were reproduced are named on the page of awards, with their write-ups."),
        grave=True,
    ),
    "give-award": Act(_("Give an award"), forms.Give, _give, grave=True),
    "withdraw-award": Act(_("Withdraw the award"), forms.OfAwardWithReason, _withdraw, grave=True),
    "restore-award": Act(_("Restore the award"), forms.OfAward, _restore),
}
