"""Mail where no server was named: whoever sends it learns that it does not go."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Undelivered(BaseEmailBackend):
    """Takes no mail, as a server that is down."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise ConnectionError("no mail server is named")
