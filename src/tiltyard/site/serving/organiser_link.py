"""The link that makes the first organiser."""

from tiltyard.site.models import OneTimeLink, User
from tiltyard.site.people.codes import digest, new_code


def new_link(address: str) -> str | None:
    """A link for whoever opens it first, in place of those nobody used; None where there is an organiser already."""
    if User.objects.filter(is_organiser=True, is_active=True).exists():
        return None
    OneTimeLink.objects.filter(used_by=None).delete()
    code = new_code()
    OneTimeLink.objects.create(code_digest=digest(code))
    return f"{address}/claim/{code}"
