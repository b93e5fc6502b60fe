"""Self-contained HTML pages from templates: everything that is shown is escaped, nothing is loaded from elsewhere."""

import unicodedata
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

KEPT = "\n\t"
HIDDEN_CONTROLS = {"Cc", "Cf", "Cs", "Co", "Cn"}


def render(template: str, **context: Any) -> str:
    """The page or fragment that a template of this room gives for the context."""
    return _environment().get_template(template).render(**context)


def plain(text: str) -> str:
    """A stranger's text without what is not seen: escape sequences, text-direction marks, lone surrogates."""
    return text if text.isprintable() else "".join(_visible(character) for character in text)


def grouped(number: float) -> str:
    """Thousands apart by a thin space that does not break."""
    return f"{number:,.0f}".replace(",", "\u202f")


def percent(share: float, decimals: int = 1) -> str:
    """A fraction as a percentage."""
    return f"{100 * share:.{decimals}f}\u202f%"


def duration(seconds: float) -> str:
    """Seconds as one would say them."""
    if seconds < 60:
        return f"{seconds:.1f}\u202fs"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}\u202fmin {rest}\u202fs" if minutes < 60 else f"{minutes // 60}\u202fh {minutes % 60}\u202fmin"


def figure(value: Any) -> Any:
    """A value of unknown kind as a reader wants it: floats short, everything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else value


def _visible(character: str) -> str:
    if character in KEPT or unicodedata.category(character) not in HIDDEN_CONTROLS:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _shown(value: Any) -> Any:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tiltyard.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(grouped=grouped, percent=percent, duration=duration, figure=figure)
    return environment
