"""Mails to people: a failure is logged, not raised, and whoever sends a mail learns of it."""

import logging
import smtplib
from collections.abc import Callable, Iterable, Iterator, Sequence
from email.errors import MessageError

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import translation

from tiltyard.site.telling.fates import Fate, fate_after

log = logging.getLogger("tiltyard.mail")
OF_ONE_MAIL = (smtplib.SMTPException, MessageError, ValueError)
"""What is raised where a mail server does not take one mail, or none could be asked to."""


def send(subject: str, body: str, addresses: Iterable[str]) -> int:
    """Mails the text to each of them, now; to how many of them it could not be sent."""
    everybody = sorted(set(addresses))
    return len(everybody) - sum(fate is Fate.TAKEN for _address, fate in sent(subject, body, everybody))


def sent(
    subject: str, body: str, addresses: Sequence[str], wanted: Callable[[str], bool] = lambda _address: True
) -> Iterator[tuple[str, Fate]]:
    """Mails the text to one after another, and says at once of each what became of it.

    Whether a mail is wanted is asked right before it is sent. Ends before the first address at which the server fails.
    """
    line, left = " ".join(subject.split()), len(addresses)
    try:
        with get_connection() as server:
            for address in addresses:
                fate = _mailed(server, EmailMessage(line, body, to=[address])) if wanted(address) else Fate.UNASKED
                left -= 1
                yield address, fate
    except OSError as error:
        log.error("mail %r to %d addresses was not sent: %s", line, left, error)


def _mailed(server: BaseEmailBackend, mail: EmailMessage) -> Fate:
    """Tried twice, anew the second time: some servers end a connection after so many mails or refusals.

    One that is refused for now is not asked about again at once.
    """
    try:
        return _asked(server, mail)
    except OF_ONE_MAIL as error:
        if fate_after(error) is Fate.LATER:
            return _refused(mail, error)
    server.close()
    server.open()
    try:
        return _asked(server, mail)
    except OF_ONE_MAIL as error:
        return _refused(mail, error)


def _refused(mail: EmailMessage, error: Exception) -> Fate:
    """What becomes of the mail; ConnectionError where the server would take no other."""
    said, fate = str(error).replace(mail.to[0], "<it>"), fate_after(error)
    if fate is None:
        raise ConnectionError(said) from None
    log.error("mail %r to 1 addresses was not sent: %s", mail.subject, said)
    return fate


def _asked(server: BaseEmailBackend, mail: EmailMessage) -> Fate:
    return Fate.TAKEN if server.send_messages([mail]) else Fate.REFUSED


def in_all_languages(text: Callable[[], str]) -> str:
    """What the site says of itself, in every language that it speaks, one after another."""
    said: list[str] = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words = text()
        if words not in said:
            said.append(words)
    return "\n\n".join(said)
