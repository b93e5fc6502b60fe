"""Messages of the organisers: on the page, and by mail."""

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.site.auditing.doer import Doer
from tiltyard.site.models import Challenge, Message, Team, User
from tiltyard.site.refused import Refused
from tiltyard.site.telling.mailing import send, send_after_commit


def message(challenge: Challenge, team: Team | None, subject: str, body: str, *, by: Doer) -> int:
    """Writes to one team, or to everybody who takes part; how many of them could not be sent the mail.

    To be called outside a transaction: the mail goes out at once. Refused where there is nothing to say.
    """
    if not subject.strip() or not body.strip():
        raise Refused(_("Write a subject and a text."))
    with transaction.atomic():
        sent = _write(challenge, team, subject, body, by)
        by.record("message", challenge, target=team.name if team else "all", subject=sent.subject, message=sent.pk)
    return send(*_mail(sent))


def write(challenge: Challenge, team: Team | None, subject: str, body: str, *, by: Doer) -> None:
    """The same without an event of its own: what was done is recorded already. The mail follows the commit."""
    send_after_commit(*_mail(_write(challenge, team, subject, body, by)))


def addresses(challenge: Challenge, team: Team | None) -> list[str]:
    """The e-mail addresses of a team, or of everybody who takes part."""
    people = User.objects.filter(is_active=True)
    people = (
        people.filter(registrations__challenge=challenge) if team is None else people.filter(memberships__team=team)
    )
    return list(people.values_list("email", flat=True).distinct())


def _write(challenge: Challenge, team: Team | None, subject: str, body: str, by: Doer) -> Message:
    subject, body = " ".join(subject.split())[:200], body.strip()[:10_000]
    return Message.objects.create(challenge=challenge, team=team, sender=by.user, subject=subject, body=body)


def _mail(written: Message) -> tuple[str, str, list[str]]:
    """Subject, text and addresses."""
    challenge = written.challenge
    subject = f"[{challenge.file.title.said('en')}] {written.subject}"
    return subject, written.body, addresses(challenge, written.team)
