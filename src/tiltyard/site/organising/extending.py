"""Moving the end of a phase: a new version of the challenge's file."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from tiltyard.contest import challenge as files
from tiltyard.contest.phases import private_opened
from tiltyard.site.auditing.doer import Doer
from tiltyard.site.challenge.adding import add_version
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, ChallengeVersion
from tiltyard.site.refused import Refused


def extend(challenge: Challenge, phase: str, closes: datetime, *, by: Doer) -> ChallengeVersion:
    """Closes the phase then; registration and the private board, where they have dates of their own, move as much.

    Refused for a time that has passed, and where the private board has been opened.
    """
    with transaction.atomic():
        locked = Challenge.objects.select_for_update().get(pk=challenge.pk)
        old = locked.file.phase(phase)
        _check(old, closes)
        file = _moved(locked.file, old, closes)
        note = f"{phase} → {closes.isoformat(timespec='minutes')}"
        version = add_version(locked, file, locked.version.manifest, by=by.user, note=note)
        before = old.closes.isoformat() if old.closes else None
        by.record("extend", locked, target=phase, before=before, after=closes.isoformat(), version=version.number)
    challenge.__dict__.pop("version", None)
    return version


def _check(old: files.Phase, closes: datetime) -> None:
    if closes <= now():
        raise Refused(_("This moment has passed."))
    if private_opened(old, now()):
        raise Refused(_("The private board has been opened: add a new phase to the challenge's file instead."))


def _moved(file: files.Challenge, old: files.Phase, closes: datetime) -> files.Challenge:
    content = file.model_dump(mode="json")
    [phase] = [part for part in content["phases"] if part["name"] == old.name]
    phase["closes"] = closes.isoformat()
    try:
        shift = closes - old.closes if old.closes else None
        if shift is not None and old.board.private_opens:
            phase["board"]["private_opens"] = (old.board.private_opens + shift).isoformat()
        if shift is not None and old.registration_closes:
            phase["registration_closes"] = (old.registration_closes + shift).isoformat()
        return files.Challenge.model_validate(content)
    except ValidationError as error:
        raise Refused(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    except OverflowError:
        raise Refused(files.BEYOND) from None
