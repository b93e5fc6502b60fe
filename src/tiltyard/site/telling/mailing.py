"""Mails to people: a failure is logged, not raised, and whoever sends a mail learns of it."""

import logging
import smtplib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from email.errors import MessageError

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import translation

log = logging.getLogger("tiltyard.mail")
OF_ONE_ADDRESS = (smtplib.SMTPException, MessageError, ValueError)
"""What is raised where a mail server does not take one address, or none could be asked for it."""


def send(subject: str, body: str, addresses: Iterable[str]) -> int:
    """Mails the text to each of them, now; to how many of them it could not be sent."""
    everybody = sorted(set(addresses))
    return len(everybody) - sum(taken for _address, taken in sent(subject, body, everybody))


def sent(subject: str, body: str, addresses: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Mails the text to one after another, and says at once of each whether the mail was taken.

    Ends before the first address at which the mail server fails.
    """
    line, left = " ".join(subject.split()), len(addresses)
    try:
        with get_connection() as server:
            for address in addresses:
                taken = _is_taken(server, EmailMessage(line, body, to=[address]))
                left -= 1
                yield address, taken
    except OSError as error:
        log.error("mail %r to %d addresses was not sent: %s", line, left, error)


def _is_taken(server: BaseEmailBackend, mail: EmailMessage) -> bool:
    """Tried twice, anew the second time: some servers end a connection after so many mails or refusals."""
    with suppress(*OF_ONE_ADDRESS):
        return bool(server.send_messages([mail]))
    server.close()
    server.open()
    try:
        return bool(server.send_messages([mail]))
    except smtplib.SMTPServerDisconnected:
        raise
    except OF_ONE_ADDRESS as error:
        log.error("mail %r to 1 addresses was not sent: %s", mail.subject, str(error).replace(mail.to[0], "<it>"))
        return False


def in_all_languages(text: Callable[[], str]) -> str:
    """What the site says of itself, in every language that it speaks, one after another."""
    said: list[str] = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words = text()
        if words not in said:
            said.append(words)
    return "\n\n".join(said)
