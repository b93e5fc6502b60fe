"""What a team sends so that its entry can be made again, and what it writes of its way."""

from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.site.arriving.uploads import staged
from tiltyard.site.clock import now
from tiltyard.site.models import Reproduction, User
from tiltyard.site.people import limits
from tiltyard.site.refused import Refused
from tiltyard.site.storing.files import keep_file

MOST_BYTES = 4 << 30
UPLOADS, IN_SECONDS = 20, 3600.0
OPEN = (Reproduction.Verdict.ASKED, Reproduction.Verdict.RECEIVED)


def is_open(asked: Reproduction) -> bool:
    """Whether material is still taken."""
    return asked.verdict in OPEN and now() < asked.deadline


def send(asked: Reproduction, user: User, path: Path, name: str) -> None:
    """Keeps the file in place of an earlier one. It may be anything: nothing of it is opened here."""
    limits.check(f"material:{user.pk}", UPLOADS, IN_SECONDS)
    _check_may_send(asked, user)
    with staged(path, name) as file:
        kept, kept_name = keep_file(file), file.name
    with transaction.atomic():
        fresh = Reproduction.objects.select_for_update().get(pk=asked.pk)
        _check_may_send(fresh, user)
        fresh.file, fresh.file_name, fresh.received = kept, kept_name, now()
        fresh.verdict = Reproduction.Verdict.RECEIVED
        fresh.save(update_fields=["file", "file_name", "received", "verdict"])


def write_up(asked: Reproduction, user: User, text: str) -> None:
    """Keeps what the team writes; after the deadline only organisers change it."""
    with transaction.atomic():
        fresh = Reproduction.objects.select_for_update().get(pk=asked.pk)
        _check_may_send(fresh, user)
        fresh.write_up = text
        fresh.save(update_fields=["write_up"])


def _check_may_send(asked: Reproduction, user: User) -> None:
    if not asked.entry.team.memberships.filter(user=user).exists():
        raise Refused(_("Only members of the team send its material."))
    if asked.verdict not in OPEN:
        raise Refused(_("The organisers have decided already."))
    if now() >= asked.deadline:
        raise Refused(_("The time for sending material is over. Write to the organisers."))
