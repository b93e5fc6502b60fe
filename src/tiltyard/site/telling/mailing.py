"""Mails to people of a challenge: sent once what they speak of is committed; a failure is logged, not raised."""

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
    """Mails the text to all of them."""
    recipients = sorted(set(addresses))
    if recipients:
        transaction.on_commit(partial(_send, subject, body, recipients))


def in_all_languages(text: Callable[[], str]) -> str:
    """What the site says of itself, in every language that it speaks, one after another."""
    said: list[str] = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words = text()
        if words not in said:
            said.append(words)
    return "\n\n".join(said)


def _send(subject: str, body: str, recipients: list[str]) -> None:
    line = " ".join(subject.split())
    batches = [recipients[start : start + TOGETHER] for start in range(0, len(recipients), TOGETHER)]
    try:
        get_connection().send_messages([EmailMessage(line, body, bcc=batch) for batch in batches])
    except (OSError, UnicodeError) as error:  # smtplib's errors are of the first kind, odd names of hosts of the second
        log.error("mail %r to %d addresses was not sent: %s", line, len(recipients), error)
