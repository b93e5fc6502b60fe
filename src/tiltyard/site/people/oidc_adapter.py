"""How somebody whom an OpenID Connect provider vouches for becomes a user of the site."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse  # type: ignore[import-untyped]
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter  # type: ignore[import-untyped]
from allauth.socialaccount.models import SocialLogin  # type: ignore[import-untyped]
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from requests import RequestException

from tiltyard.site.models import User
from tiltyard.site.people import accounts
from tiltyard.site.people.oidc_discovery import Discovered

VOUCHED_FOR = (True, "true")
"""What `email_verified` is where it says yes; some providers write it as a text, and "false" would count as true."""


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Takes the name that the provider says, and the address where the provider vouches for it."""

    def get_provider(self, *args: Any, **kwargs: Any) -> Any:
        """The provider, asked in a way that bears what it leaves out."""
        provider = super().get_provider(*args, **kwargs)
        provider.oauth2_adapter_class = Discovered
        return provider

    def on_authentication_error(self, *args: Any, exception: Exception | None = None, **kwargs: Any) -> None:
        """Passes on that the provider is down, which allauth would show a page of its own for."""
        if isinstance(exception, RequestException):
            raise exception

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """The user, not saved yet; known by the address, in lower case, as all users are."""
        user: User = super().populate_user(request, sociallogin, data)
        for address in sociallogin.email_addresses:
            address.verified = address.verified in VOUCHED_FOR
        told = data.get("name") or " ".join(filter(None, (data.get("first_name"), data.get("last_name"))))
        user.email = User.objects.normalise(user.email or "")
        user.name = (told or user.email.split("@")[0])[:80]
        return user

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """True for an address that is the person's own and has no account; all others are told why, and log in."""
        if refusal := _refusal(sociallogin):
            messages.error(request, refusal, "bad")
            raise ImmediateHttpResponse(redirect("login"))
        return True


def _refusal(login: SocialLogin) -> str:
    """Whether an address has an account is told to whom it belongs alone."""
    provider: str = login.provider.name
    vouched = [one.email for one in login.email_addresses if one.verified]
    if login.user.email not in map(User.objects.normalise, vouched):
        told = _("%s does not vouch for your e-mail address. Sign up here, then connect it on your profile.")
    elif accounts.has_account(login.user.email):
        told = _("There is an account with this e-mail address. Log in, then connect %s on your profile.")
    else:
        return ""
    return told % provider
