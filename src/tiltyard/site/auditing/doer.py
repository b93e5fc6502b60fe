"""Who does something, and from where: what the audit log needs to know."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from tiltyard.site.auditing import audit
from tiltyard.site.auditing.addresses import address_of
from tiltyard.site.models import Challenge, User


@dataclass(frozen=True)
class Doer:
    """Somebody at work, mostly an organiser; without a user the site itself."""

    user: User | None = None
    address: str | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> "Doer":
        """The person of a request that has been authenticated."""
        user = request.user
        assert isinstance(user, User)  # noqa: S101 - views ask for a login first
        return cls(user, address_of(request))

    def record(self, action: str, challenge: Challenge, target: str = "", **detail: Any) -> None:
        """Writes the event of what was just done."""
        audit.record(self.user, action, challenge=challenge, target=target, detail=detail, address=self.address)


SITE = Doer()
