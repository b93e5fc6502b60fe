"""Mail where no server was named: kept where an organiser sees it, instead of lost."""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger("tiltyard.mail")


class Undelivered(BaseEmailBackend):
    """Says in the log to whom what would have gone, without the text, which may hold a link that signs in."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            log.warning("no mail server: %r to %d addresses was not sent", message.subject, len(message.recipients()))
        return 0
