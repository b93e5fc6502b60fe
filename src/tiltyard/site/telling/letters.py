"""Letters: messages on their way to people's mailboxes, each struck off right after it was sent."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet

from tiltyard.site.clock import now
from tiltyard.site.models import Letter, Message, User
from tiltyard.site.telling.mailing import sent

PATIENCE = timedelta(days=1)
"""How long a mail server that fails is asked again."""


def post(message: Message) -> None:
    """To everybody whom the message is for, inside the caller's transaction; to nobody where no mail is sent."""
    people = _people(message) if settings.EMAIL_HOST else User.objects.none()
    Letter.objects.bulk_create(Letter(message=message, user=person) for person in people)


def deliver() -> int:
    """Mails what waits, one mail after another; how many wait on, for the mail server fails.

    Whoever is killed in the middle has sent at most one that will be sent again.
    """
    waiting = Letter.objects.filter(lost=False)
    left = sum(map(_deliver, Message.objects.filter(pk__in=waiting.values("message")).order_by("pk")))
    return left - waiting.filter(tries__gt=0, message__at__lt=now() - PATIENCE).update(lost=True)


def _people(message: Message) -> QuerySet[User]:
    people = User.objects.filter(is_active=True)
    if message.team is None:
        return people.filter(registrations__challenge=message.challenge).distinct()
    return people.filter(memberships__team=message.team).distinct()


def _deliver(message: Message) -> int:
    letters = message.letters.filter(lost=False).order_by("tries", "pk")
    left = dict(letters.values_list("user__email", "pk"))
    subject = f"[{message.challenge.file.title.said('en')}] {message.subject}"
    for address, taken in sent(subject, message.body, list(left)):
        letter = letters.filter(pk=left.pop(address))
        if taken:
            letter.delete()
        else:
            letter.update(lost=True)
    letters.filter(pk__in=list(left.values())[:1]).update(tries=F("tries") + 1)
    return len(left)
