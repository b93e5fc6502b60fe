"""Logging in by OpenID Connect: settings, used only where a provider is named."""

import json
from typing import Any
from urllib.parse import urlsplit

from tiltyard.errors import TiltyardError

VARIABLE = "TILTYARD_OIDC"
NEEDED = ("provider_id", "name", "client_id", "secret", "settings")
APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
BACKENDS = ["django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"]


def provider(text: str) -> dict[str, Any]:
    """The provider that a JSON object describes, nothing of an empty text; TiltyardError names what it lacks."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise TiltyardError(f"{VARIABLE}: no valid JSON ({error})") from None
    missing = [name for name in NEEDED if not isinstance(found, dict) or not found.get(name)]
    if missing:
        needed = f'{", ".join(NEEDED)} ("settings": {{"server_url": "https://…"}})'
        raise TiltyardError(f"{VARIABLE}: lacks {', '.join(missing)}: write an object with {needed}")
    return dict(found)


def origins(provider: dict[str, Any]) -> list[str]:
    """Where a form of the site may lead to beside itself: browsers ask that of the redirect to the provider, too."""
    parts = urlsplit(provider["settings"].get("server_url", "")) if provider else None
    return [f"{parts.scheme}://{parts.netloc}"] if parts else []
