"""The periods for which an award was given, though the challenge's file may say others by now."""

from collections.abc import Iterator

from django.db.models import Min

from tiltyard.contest.awarding import Period, period_from
from tiltyard.contest.challenge import Challenge as File
from tiltyard.contest.challenge import Periodic
from tiltyard.site.models import Challenge


def settled_periods(challenge: Challenge, rule: Periodic) -> Iterator[Period]:
    """As long as the file said when they were settled; an award that was given without a period settles none."""
    given = challenge.awards.filter(name=rule.name, period_start__isnull=False).order_by("period_start")
    versions = list(challenge.versions.defer("manifest").order_by("number"))
    for begins, at in given.values_list("period_start").annotate(Min("at")):
        file = next((version.file for version in reversed(versions) if version.made <= at), challenge.file)
        yield period_from(begins, _then(file, rule), file.tz)


def _then(file: File, rule: Periodic) -> Periodic:
    """The award as this file has it; the rule of today where it has none of the name."""
    named = (award for award in file.awards if isinstance(award, Periodic) and award.name == rule.name)
    return next(named, rule)
