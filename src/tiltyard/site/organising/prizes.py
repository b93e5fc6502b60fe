"""Awards that organisers give and withdraw by hand."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Award, Team
from tiltyard.site.refused import Refused


def give(team: Team, name: str, *, by: Doer, place: int | None = None, period_start: datetime | None = None) -> Award:
    """An award of the challenge's file. Refused where the team has it, or the file has none such."""
    challenge = team.challenge
    if name not in [award.name for award in challenge.file.awards]:
        raise Refused(_("The challenge's file has no such award."))
    try:
        with transaction.atomic():
            award = Award.objects.create(
                challenge=challenge, team=team, name=name, place=place, period_start=period_start
            )
            by.record("give-award", challenge, target=team.name, award=name, place=place)
    except IntegrityError:
        raise Refused(_("The team has this award.")) from None
    return award


def withdraw(award: Award, reason: str, *, by: Doer) -> None:
    """Takes it back; it is not given again of itself."""
    if not reason.strip():
        raise Refused(_("Give a reason."))
    with transaction.atomic():
        if not Award.objects.filter(pk=award.pk, withdrawn="").update(withdrawn=reason[:400]):
            raise Refused(_("The award was withdrawn already."))
        by.record("withdraw-award", award.challenge, target=award.team.name, award=award.name, reason=reason)


def restore(award: Award, *, by: Doer) -> None:
    """Gives it back."""
    with transaction.atomic():
        if not Award.objects.filter(pk=award.pk).exclude(withdrawn="").update(withdrawn=""):
            raise Refused(_("The award stands."))
        by.record("restore-award", award.challenge, target=award.team.name, award=award.name)
