"""Messages of the organisers: on the page, and by mail."""

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge, Message, Team, User
from tiltyard.site.refused import Refused
from tiltyard.site.telling.mailing import send_after_commit


def message(challenge: Challenge, team: Team | None, subject: str, body: str, *, by: Doer) -> Message:
    """Writes to one team, or to everybody who takes part. Refused where there is nothing to say."""
    if not subject.strip() or not body.strip():
        raise Refused(_("Write a subject and a text."))
    with transaction.atomic():
        sent = write(challenge, team, subject, body, by=by)
        by.record("message", challenge, target=team.name if team else "all", subject=sent.subject, message=sent.pk)
    return sent


def write(challenge: Challenge, team: Team | None, subject: str, body: str, *, by: Doer) -> Message:
    """The same without an event of its own: what was done is recorded already."""
    subject, body = " ".join(subject.split())[:200], body.strip()[:10_000]
    sent = Message.objects.create(challenge=challenge, team=team, sender=by.user, subject=subject, body=body)
    title = challenge.file.title.said("en")
    send_after_commit(f"[{title}] {subject}", body, addresses(challenge, team))
    return sent


def addresses(challenge: Challenge, team: Team | None) -> list[str]:
    """The e-mail addresses of a team, or of everybody who takes part."""
    people = User.objects.filter(is_active=True)
    people = (
        people.filter(registrations__challenge=challenge) if team is None else people.filter(memberships__team=team)
    )
    return list(people.values_list("email", flat=True).distinct())
