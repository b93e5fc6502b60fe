"""Where a request comes from."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The address that the request came from; None where what is said of it is none."""
    try:
        return str(ip_address(_told(request)))
    except ValueError:
        return None


def network_of(request: HttpRequest) -> str:
    """The address, or the /64 of an IPv6 one: whoever has one of these has them all."""
    address = _told(request)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def _told(request: HttpRequest) -> str:
    """What the proxy adds last where the site stands behind one (that is, on TLS), else what the socket says."""
    forwarded = str(request.headers.get("X-Forwarded-For", "")) if settings.SECURE else ""
    return forwarded.rsplit(",", 1)[-1].strip() or str(request.META.get("REMOTE_ADDR", ""))
