"""The audit log: who did what to whom, added to and never changed."""

from typing import Any

from tiltyard.site.models import AuditEvent, Challenge, User

SITE = "site"
"""The actor of what the site does of itself."""


def record(
    actor: User | None,
    action: str,
    *,
    challenge: Challenge | None = None,
    target: str = "",
    detail: dict[str, Any] | None = None,
    address: str | None = None,
) -> AuditEvent:
    """Writes one event; in the caller's transaction, so that no action is without its event, and none without action.

    `detail` takes JSON values; `actor` None is the site itself.
    """
    return AuditEvent.objects.create(
        actor=actor.email if actor else SITE,
        action=action,
        challenge=challenge.slug if challenge else "",
        target=target[:200],
        detail=detail or {},
        address=address,
    )
