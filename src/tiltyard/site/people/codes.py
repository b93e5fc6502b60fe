"""Secrets that the site hands out once and keeps as digests alone: links and API tokens."""

import hashlib
import secrets
from datetime import timedelta

OPEN_FOR = timedelta(days=7)
"""How long a link that invites somebody can be used."""


def new_code() -> str:
    """A secret of 32 random bytes, fit for an address."""
    return secrets.token_urlsafe(32)


def digest(code: str) -> str:
    """What is stored of it: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(code.encode()).hexdigest()
