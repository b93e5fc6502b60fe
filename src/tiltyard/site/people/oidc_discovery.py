"""What an OpenID Connect provider says of itself, where it may say too little."""

from typing import Any

from allauth.socialaccount.providers.openid_connect.views import (  # type: ignore[import-untyped]
    OpenIDConnectOAuth2Adapter,
)
from requests import RequestException


class Told(dict[str, Any]):
    """Its addresses by name; one that is asked for and not there is the provider's fault: RequestException."""

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if not isinstance(found, str) or not found:
            raise RequestException(f"its discovery document has no {name}")
        return found


class Discovered(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Reads that document where it is needed. RequestException."""

    @property
    def openid_config(self) -> Told:
        try:
            return Told(super().openid_config)
        except AttributeError:
            raise RequestException("its discovery document is no JSON object") from None
