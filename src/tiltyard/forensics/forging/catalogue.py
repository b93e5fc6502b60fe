"""All ways of forging by kind, and the choice of one that fits a picture."""

from dataclasses import replace
from functools import cache
from importlib import import_module

import numpy as np
from numpy.random import Generator

from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import SMALLEST_SIDE, NoPlace, has_room, usable, window_of
from tiltyard.forensics.picture import Mask, Picture, Quad

_HERE = "tiltyard.forensics.forging."
OPERATIONS = {
    kind: _HERE + kind
    for kind in (
        "copy_move", "splice", "poisson", "text_edit", "digit_swap", "erase",
        "portrait_exchange", "local_blur", "repaint", "resynthesis", "recapture",
    )
}  # fmt: skip
"""Module by kind; each holds an `OPERATION` of that kind and is loaded when it is first used."""
WEIGHTS = {"text_edit": 2.0, "copy_move": 1.5, "splice": 1.5, "digit_swap": 1.5, "erase": 1.5}
"""How often a kind is drawn; 1 for all others."""
REGIONS = (0.55, 0.3, 0.15)
"""How often a document gets one, two or three edits of the kind."""
REPEATED = ("copy_move", "splice", "text_edit", "digit_swap", "erase", "local_blur", "repaint")
"""Kinds that one forger uses several times on a document."""
MOST = 1 / 3
"""The largest share of a picture that is forged."""


@cache
def operation(kind: str) -> Operation:
    """The operation of a kind; TiltyardError that lists the kinds for an unknown one."""
    if kind not in OPERATIONS:
        raise TiltyardError(f"no forging of kind {kind!r}: choose from {', '.join(OPERATIONS)}")
    found: Operation = import_module(OPERATIONS[kind]).OPERATION
    return found


def kinds() -> tuple[str, ...]:
    """The names of all kinds, in a fixed order."""
    return tuple(OPERATIONS)


def fitting(picture: Picture) -> tuple[Operation, ...]:
    """The operations whose needs a picture meets; whether they find a place shows when they are applied."""
    if min(picture.size) < SMALLEST_SIDE:
        return ()
    known = {"any"} | ({"lines"} if usable(picture) else set()) | ({"portrait"} if picture.portraits else set())
    return tuple(found for found in map(operation, OPERATIONS) if found.needs in known)


def offers_a_place(picture: Picture, kinds: tuple[str, ...]) -> bool:
    """Whether the picture meets the needs of one of these kinds."""
    return any(operation(kind).needs == "any" for kind in kinds) or any(
        found.kind in kinds for found in fitting(picture)
    )


def forged(
    picture: Picture, donor: Picture, rng: Generator, *, kinds: tuple[str, ...] | None = None
) -> tuple[str, Change]:
    """One forgery of the picture: its kind and the change, drawn by weight from those that fit (or from `kinds`).

    A kind that finds no place gives way to another. On a document some kinds are used up to three times; the mask is
    the union. Raises NoPlace for a picture under 32 × 32 pixels or where no kind found a place, TiltyardError for an
    unknown kind, and whatever a donor that is made late raises.
    """
    has_room(picture)
    for kind in kinds or ():
        operation(kind)
    left = [found for found in fitting(picture) if kinds is None or found.kind in kinds]
    while left:
        weights = np.array([WEIGHTS.get(found.kind, 1.0) for found in left])
        chosen = left.pop(int(rng.choice(len(left), p=weights / weights.sum())))
        change = _several(chosen, picture, donor, rng)
        if change is not None:
            return chosen.kind, change
    asked = ", ".join(kinds) if kinds else "any kind"
    raise NoPlace(f"picture {picture.source or 'without a name'} has no place for {asked}: allow more kinds")


def _several(chosen: Operation, picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Up to three edits, each on lines that the ones before have left alone."""
    repeats = 1 + int(rng.choice(len(REGIONS), p=REGIONS)) if chosen.kind in REPEATED and picture.lines else 1
    merged: Change | None = None
    for _ in range(repeats):
        change = chosen.apply(_without_forged(picture, merged), donor, rng)
        if change is None or not _fits(change.mask, merged):
            break
        merged = change if merged is None else _merged(merged, change)
    return merged


def _fits(mask: Mask, before: Change | None) -> bool:
    """Whether all regions together stay small and a further one does not cover an earlier one."""
    area = int(mask.sum())
    if before is None:
        return 0 < area <= MOST * mask.size
    return not (mask & before.mask).any() and area + int(before.mask.sum()) <= MOST * mask.size


def _without_forged(picture: Picture, before: Change | None) -> Picture:
    if before is None:
        return picture
    lines = tuple(line for line in picture.lines if not _touched(before.mask, line.quad, picture))
    return replace(picture, pixels=before.pixels, lines=lines)


def _touched(mask: Mask, quad: Quad, picture: Picture) -> bool:
    window = window_of(quad).grown(0, picture.size)
    return bool(mask[window.rows, window.columns].any())


def _merged(first: Change, second: Change) -> Change:
    return Change(second.pixels, first.mask | second.mask, "; ".join(filter(None, (first.note, second.note))))
