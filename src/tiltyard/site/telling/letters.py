"""Letters: messages on their way to people's mailboxes, marked right before they are sent, struck off right after."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet

from tiltyard.site.clock import now
from tiltyard.site.models import Letter, Message, User
from tiltyard.site.telling.fates import Fate
from tiltyard.site.telling.mailing import sent

PATIENCE = timedelta(days=1)
"""How long a mail server that fails is asked again."""
BEGINNINGS = 2
"""How often a letter is sent whose end was not written down."""


def post(message: Message) -> None:
    """To everybody whom the message is for, inside the caller's transaction; to nobody where no mail is sent."""
    people = _people(message) if settings.EMAIL_HOST else User.objects.none()
    Letter.objects.bulk_create(Letter(message=message, user=person) for person in people)


def deliver() -> int:
    """Mails what waits, one mail after another; how many wait on, for the mail server fails or refuses them for now.

    Each letter is marked before it is sent: where nothing can be written nothing goes out, and whoever is killed in
    the middle has sent at most one that will be sent again.
    """
    waiting = Letter.objects.filter(lost=False)
    waiting.filter(user__is_active=False).delete()
    waiting.filter(begun__gte=BEGINNINGS).update(lost=True)
    left = sum(map(_deliver, Message.objects.filter(pk__in=waiting.values("message")).order_by("pk")))
    return left - waiting.filter(tries__gt=0, message__at__lt=now() - PATIENCE).update(lost=True)


def _people(message: Message) -> QuerySet[User]:
    people = User.objects.filter(is_active=True)
    if message.team is None:
        return people.filter(registrations__challenge=message.challenge).distinct()
    return people.filter(memberships__team=message.team).distinct()


def _deliver(message: Message) -> int:
    letters = message.letters.filter(lost=False).select_related("user").order_by("begun", "tries", "pk")
    left, later = {letter.user.email: letter for letter in letters}, 0
    subject = f"[{message.challenge.file.title.said('en')}] {message.subject}"
    for address, fate in sent(subject, message.body, list(left), lambda address: _begin(left[address])):
        later += _end(left.pop(address), fate)
    for failed in list(left.values())[:1]:
        _end(failed, Fate.LATER)
    return len(left) + later


def _begin(letter: Letter) -> bool:
    """Marks a letter as being sent; False where it is not to be sent any more, or not to this address."""
    as_read = Letter.objects.filter(pk=letter.pk, lost=False, begun=letter.begun)
    still = as_read.filter(user__is_active=True, user__email=letter.user.email)
    return bool(still.update(begun=letter.begun + 1))


def _end(letter: Letter, fate: Fate) -> bool:
    """Writes down what became of a letter; whether the mail server is to be asked again."""
    row = Letter.objects.filter(pk=letter.pk)
    match fate:
        case Fate.TAKEN:
            row.delete()
        case Fate.REFUSED:
            row.update(lost=True)
        case Fate.LATER:
            row.update(tries=F("tries") + 1, begun=letter.begun)
    return fate is Fate.LATER
