"""Messages of the organisers: on the page, and by mail."""

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge, Message, Team
from tiltyard.site.refused import Refused
from tiltyard.site.telling import letters


@transaction.atomic
def message(challenge: Challenge, team: Team | None, subject: str, body: str, *, by: Doer) -> None:
    """Writes to one team, or to everybody who takes part. Refused where there is nothing to say."""
    if not subject.strip() or not body.strip():
        raise Refused(_("Write a subject and a text."))
    sent = write(challenge, team, subject, body, by=by)
    by.record("message", challenge, target=team.name if team else "all", subject=sent.subject, message=sent.pk)


@transaction.atomic
def write(challenge: Challenge, team: Team | None, subject: str, body: str, *, by: Doer) -> Message:
    """The same without an event of its own: what was done is recorded already."""
    subject, body = " ".join(subject.split())[:200], body.strip()[:10_000]
    written = Message.objects.create(challenge=challenge, team=team, sender=by.user, subject=subject, body=body)
    letters.post(written)
    return written
