"""Mails to people: a failure is logged, not raised, and whoever announces a mail learns of it."""

import logging
import smtplib
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.errors import MessageError
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import translation

log = logging.getLogger("tiltyard.mail")
OF_ONE_ADDRESS = (smtplib.SMTPException, MessageError, ValueError)
"""What is raised where a mail server does not take one address, or none could be asked for it."""


def send_after_commit(subject: str, body: str, addresses: Iterable[str]) -> None:
    """Mails the text to all of them once what it speaks of is committed."""
    transaction.on_commit(partial(send, subject, body, list(addresses)))


def send(subject: str, body: str, addresses: Iterable[str]) -> int:
    """Mails the text to each of them, now; to how many of them it could not be sent."""
    line, waiting, refused = " ".join(subject.split()), sorted(set(addresses)), 0
    if not waiting:
        return 0
    try:
        with get_connection() as server:
            while waiting:
                refused += not _is_taken(server, EmailMessage(line, body, to=waiting[:1]))
                del waiting[0]
    except OSError as error:
        log.error("mail %r to %d addresses was not sent: %s", line, len(waiting), error)
    return refused + len(waiting)


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
