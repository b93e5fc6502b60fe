"""The rule is chosen on whole pictures that were kept aside: the best pixel F1 among few false alarms."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.deciding import Decided, Rule, decided, height
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.spread import spread
from tiltyard.forensics.locating.whole import heard
from tiltyard.forensics.making.sample import AUTHENTIC
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.samples_table import read_samples
from tiltyard.forensics.tracing.cue import subject_of
from tiltyard.vision.masks import decode_mask

MOST_FLAGGED = 0.005
"""Of authentic pictures, the mean over sets: a fraud desk reads every alarm, and strangers' pictures give some four
times as many as those kept aside."""
FEWEST_FOUND, SILENT = 0.05, 30.0
"""A peak that finds a smaller share of forged pictures is worth no alarm: then the network flags nothing by itself."""
USUAL = 0.05
"""The score of the median authentic picture."""
LEAST_ABOVE = 0.1
"""Logits by which the peak lies above it, at least."""
EDGES = (-4.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0)
"""Logits down to which a region may spread."""


@dataclass(frozen=True)
class Kept:
    """What the network says of a picture that was kept aside, and its truth."""

    logits: NDArray[np.float16]
    mask: Mask

    @property
    def forged(self) -> bool:
        return bool(self.mask.any())


def listened(network: Locator, place: Path, *, most: int) -> Iterator[Kept]:
    """At most `most` pictures of a set that `tiltyard forge` wrote, spread over it evenly."""
    found = sorted(place.glob("part-*/images/*"))
    kinds = _kinds(place)
    for number in spread([kinds[picture.stem] != AUTHENTIC for picture in found], most):
        picture = found[number]
        mask = picture.parent.parent / "masks" / f"{picture.stem}.png"
        truth = decode_mask(mask.read_bytes(), mask.name, size=None)
        yield Kept(heard(network, subject_of(picture)).astype(np.float16), truth)


def check_aside(place: Path) -> None:
    """TiltyardError where a rule cannot be chosen on a set: it needs forged and authentic pictures."""
    kinds = list(_kinds(place).values())
    authentic = kinds.count(AUTHENTIC)
    if not 0 < authentic < len(kinds):
        told = f"{place}: holds {authentic} authentic and {len(kinds) - authentic} forged pictures"
        raise TiltyardError(f"{told}: keep a set with both aside")


def _kinds(place: Path) -> dict[str, str]:
    """By the name of a set's picture, without its ending."""
    tables = place.glob("part-*/samples.csv")
    return {name: line.kind for table in tables for name, line in read_samples(table).items()}


def chosen(sets: Sequence[Sequence[Kept]]) -> Rule:
    """The lowest peak above which at most MOST_FLAGGED of authentic pictures lie, and the edge with the best F1.

    TiltyardError where none of the pictures is authentic.
    """
    authentic = [found for kept in sets if (found := [_height(one) for one in kept if not one.forged])]
    if not authentic:
        raise TiltyardError("no picture of those looked at, of the sets kept aside, is authentic: keep more such aside")
    peak = _peak(authentic)
    forged = [_height(one) for kept in sets for one in kept if one.forged]
    if np.mean([height > peak for height in forged]) < FEWEST_FOUND:
        peak = SILENT
    slope = math.log((1 - USUAL) / USUAL) / max(peak - float(np.median(np.concatenate(authentic))), LEAST_ABOVE)
    by_edge = {edge: float(np.mean([_f1(kept, Rule(peak, edge, slope)) for kept in sets])) for edge in EDGES}
    return Rule(peak, max(by_edge, key=lambda one: by_edge[one]), round(slope, 4))


def _peak(authentic: Sequence[Sequence[float]]) -> float:
    """Sets count alike, however many pictures they have."""
    heights = sorted({height for found in authentic for height in found})
    few = (at for at in heights if np.mean([np.mean(np.asarray(found) > at) for found in authentic]) <= MOST_FLAGGED)
    return next(few) + 1e-3


def _height(one: Kept) -> float:
    return height(one.logits.astype(np.float32))


def _f1(kept: Sequence[Kept], rule: Rule) -> float:
    """Mean pixel F1 of the forged ones, by the network alone; 0 where there are none."""
    found = [pixel_f1(alone(one, rule).mask, one.mask) for one in kept if one.forged]
    return float(np.mean(found)) if found else 0.0


def alone(one: Kept, rule: Rule) -> Decided:
    """What the network says without any cue."""
    return decided(one.logits.astype(np.float32), np.zeros(one.mask.shape, np.float32), rule)


def pixel_f1(marked: Mask, truth: Mask) -> float:
    """0 where nothing is marked or nothing is forged."""
    return float(2 * int((marked & truth).sum()) / max(1, int(marked.sum() + truth.sum())))
