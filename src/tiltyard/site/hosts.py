"""Under which names the site answers: a request that claims another one gets no page, and no link to it in a mail."""

from urllib.parse import urlsplit

HERE = ("localhost", "127.0.0.1", "[::1]")


def allowed(address: str, more: str = "") -> list[str]:
    """The host of the site's address, this machine's own names, and `more`, separated by commas (`*`: every name)."""
    host = urlsplit(address).hostname or ""
    named = (f"[{host}]" if ":" in host else host, *HERE, *more.split(","))
    return list(dict.fromkeys(name.strip() for name in named if name.strip()))
