"""How somebody whom an OpenID Connect provider vouches for becomes a user of the site."""

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter  # type: ignore[import-untyped]
from allauth.socialaccount.models import SocialLogin  # type: ignore[import-untyped]
from django.http import HttpRequest

from tiltyard.site.models import User


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Takes the name and the address that the provider says."""

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """The user, not saved yet; known by the address, in lower case, as all users are."""
        user: User = super().populate_user(request, sociallogin, data)
        told = data.get("name") or " ".join(filter(None, (data.get("first_name"), data.get("last_name"))))
        user.email = User.objects.normalise(user.email or "")
        user.name = (told or user.email.split("@")[0])[:80]
        return user
