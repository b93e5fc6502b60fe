"""Mails to people: a failure is logged, not raised, and whoever announces a mail learns of it."""

import logging
from collections.abc import Callable, Iterable
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import translation

log = logging.getLogger("tiltyard.mail")
TOGETHER = 50
"""Recipients of one mail; they do not see each other."""


def send_after_commit(subject: str, body: str, addresses: Iterable[str]) -> None:
    """Mails the text to all of them once what it speaks of is committed."""
    transaction.on_commit(partial(send, subject, body, list(addresses)))


def send(subject: str, body: str, addresses: Iterable[str]) -> int:
    """Mails the text to all of them, now; to how many of them it could not be sent."""
    line, recipients = " ".join(subject.split()), sorted(set(addresses))
    left = len(recipients)
    if not recipients:
        return 0
    try:
        with get_connection() as server:
            for start in range(0, len(recipients), TOGETHER):
                batch = recipients[start : start + TOGETHER]
                if server.send_messages([EmailMessage(line, body, bcc=batch)]):
                    left -= len(batch)
    except (OSError, UnicodeError) as error:  # smtplib's errors are of the first kind, odd names of hosts of the second
        log.error("mail %r to %d addresses was not sent: %s", line, left, error)
    return left


def in_all_languages(text: Callable[[], str]) -> str:
    """What the site says of itself, in every language that it speaks, one after another."""
    said: list[str] = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words = text()
        if words not in said:
            said.append(words)
    return "\n\n".join(said)
