"""What becomes of one mail, and what a mail server's refusal says of it."""

import smtplib
from email.errors import MessageError
from enum import Enum, auto

CLOSING = 421
UNKNOWN_HERE = (530, 534, 535, 538)
"""Answers to a sender who has not shown who it is, or could not."""


class Fate(Enum):
    """Of one mail to one address."""

    TAKEN = auto()
    REFUSED = auto()
    """For good."""
    LATER = auto()
    """Refused for now: others may be taken."""
    UNASKED = auto()
    """Whoever sends did not want it sent any more."""


def fate_after(error: Exception) -> Fate | None:
    """Of the mail at which this was raised; None where the server would take no other mail either.

    Many servers tell a sender whom they do not know that they relay nothing, at the first recipient.
    """
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            return None if b"relay" in words.lower() else _fate_by(code)
        case smtplib.SMTPDataError():
            return _fate_by(error.smtp_code)
        case smtplib.SMTPNotSupportedError() | MessageError() | ValueError():
            return Fate.REFUSED
    return None


def _fate_by(code: int) -> Fate | None:
    if code == CLOSING or code in UNKNOWN_HERE:
        return None
    return {4: Fate.LATER, 5: Fate.REFUSED}.get(code // 100)
