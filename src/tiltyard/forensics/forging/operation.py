"""The one seam of forging: an operation changes a picture and knows exactly where."""

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from tiltyard.forensics.picture import Mask, Picture, Pixels


@dataclass(frozen=True)
class Change:
    """What an operation did: new pixels of the same size, and every pixel that it set (a superset of what differs)."""

    pixels: Pixels
    mask: Mask
    note: str = ""
    """What was done in words: `amount 1,250.00 → 7,250.00`."""


Apply = Callable[[Picture, Picture, Generator], Change | None]
"""Takes the picture, a donor (another picture; never the same one) and randomness; None where it finds no place."""


@dataclass(frozen=True)
class Operation:
    """A way of forging. Pure: the same picture, donor and generator state give the same change."""

    kind: str
    title: str
    apply: Apply
    needs: str = "any"
    """`any`: works on every picture; `lines`: needs text lines; `portrait`: needs a portrait."""
