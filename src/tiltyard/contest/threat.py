"""The threat model of an evasion attack: norm, radius, goal."""

from dataclasses import dataclass
from typing import Literal

from tiltyard.errors import TiltyardError

Norm = Literal["linf", "l2"]


@dataclass(frozen=True)
class Threat:
    """How far an image may be moved: `eps` in the model's own units (for L∞ per value, for L2 over the image)."""

    norm: Norm
    eps: float
    targeted: bool = False


def fraction(text: str) -> float:
    """`8/255` or `0.03` as a float; ValueError where it is neither."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is no number: write it like 8/255 or 0.03") from None


def parse_eps(text: str | float) -> float:
    """`8/255`, `0.03` or a number, as a float; raises TiltyardError for anything else or a negative value."""
    try:
        value = fraction(text) if isinstance(text, str) else float(text)
    except ValueError as error:
        raise TiltyardError(f"eps {error}") from None
    if not 0 <= value < float("inf"):
        raise TiltyardError(f"eps {text!r} must be a finite number of at least 0")
    return value
