"""The rule is chosen on whole pictures that were kept aside: the best pixel F1 among few false alarms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.deciding import Rule, spread, strongest
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.whole import heard
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import subject_of
from tiltyard.vision.masks import decode_mask

MOST_FLAGGED = 0.015
"""Of authentic pictures, in each set: a fraud desk reads every alarm."""
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
    """The first `most` pictures of a set that `tiltyard forge` wrote."""
    found = sorted(place.glob("part-*/images/*"))[:most]
    if not found:
        raise TiltyardError(f"{place}: holds no picture of a set that tiltyard forge wrote")
    for picture in found:
        mask = picture.parent.parent / "masks" / f"{picture.stem}.png"
        truth = decode_mask(mask.read_bytes(), mask.name, size=None)
        yield Kept(heard(network, subject_of(picture)).logits.astype(np.float16), truth)


def chosen(sets: Sequence[Sequence[Kept]]) -> Rule:
    """The peak above which at most MOST_FLAGGED of each set's authentic pictures lie, and the edge with the best F1."""
    peak = max(_peak(kept) for kept in sets)
    by_edge = {edge: float(np.mean([_f1(kept, peak, edge) for kept in sets])) for edge in EDGES if edge < peak}
    edge = max(by_edge, key=lambda one: by_edge[one], default=peak - 1)
    return Rule(peak, edge, _slope(sets, peak))


def _peak(kept: Sequence[Kept]) -> float:
    highest = [strongest(one.logits.astype(np.float32)) for one in kept if not one.forged]
    return float(np.quantile(highest, 1 - MOST_FLAGGED, method="higher")) + 1e-3


def _f1(kept: Sequence[Kept], peak: float, edge: float) -> float:
    """Mean pixel F1 of the forged ones."""
    scores = []
    for one in kept:
        if one.forged:
            marked = spread(one.logits.astype(np.float32), peak=peak, edge=edge)
            scores.append(2 * int((marked & one.mask).sum()) / int(marked.sum() + one.mask.sum()))
    return float(np.mean(scores))


def _slope(sets: Sequence[Sequence[Kept]], peak: float) -> float:
    """That of a logistic regression through the peak: probabilities of pictures half of which are forged."""
    highest = [strongest(one.logits.astype(np.float32)) - peak for kept in sets for one in kept]
    forged = np.array([one.forged for kept in sets for one in kept])
    weight = np.where(forged, 1 / forged.sum(), 1 / (~forged).sum())
    losses = {
        slope: float((weight * np.logaddexp(0, np.where(forged, -1, 1) * slope * np.array(highest))).sum())
        for slope in np.geomspace(0.1, 4, 40)
    }
    return round(float(min(losses, key=lambda one: losses[one])), 3)
