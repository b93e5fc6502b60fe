"""How well one answer, a mask or a map, fits one picture's truth; and what that makes over a set."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.forging.truth import Polygon, polygons_of
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.scoring.detection import ranked
from tiltyard.forensics.scoring.maps import count_pixels, pixel_auc
from tiltyard.forensics.scoring.overlap import f1_and_iou, overlap
from tiltyard.forensics.scoring.polygons import Regions
from tiltyard.forensics.scoring.regions import Counts, match_levels

SAME = 0.5
"""IoU from which two regions are the same, as in the track `credential`."""


@dataclass(frozen=True)
class Judged:
    """A mask and a score against the truth of one picture."""

    forged: bool
    f1: float
    flagged: bool
    score: float
    regions: Counts
    seconds: float | None = None
    """A megapixel, processor time of one thread; None where it was not measured."""


@dataclass(frozen=True)
class Mapped:
    """A map against the truth of one forged picture, whatever the threshold."""

    f1s: NDArray[np.float64]
    """(256,) pixel F1 of `map >= level`."""
    auc: float


def judged(mask: Mask, score: float, truth: Mask, *, seconds: float | None = None) -> Judged:
    counts = overlap(mask, truth)
    f1, _ = f1_and_iou([counts.tp], [counts.fp], [counts.fn], empty="iou")
    return Judged(bool(truth.any()), float(f1[0]), bool(mask.any()), score, _regions(mask, truth), seconds)


def mapped(values: NDArray[np.uint8], truth: Mask) -> Mapped:
    """Of a (h, w) map, lighter where it is surer; the truth holds both kinds of pixels."""
    counts = count_pixels(values, truth)
    hits, alarms = counts.forged.astype(np.float64), counts.authentic.astype(np.float64)
    auc = pixel_auc(counts.forged, counts.authentic)
    return Mapped(2 * hits / (hits + alarms + hits[0]), 0.5 if auc is None else auc)


def at_best(members: Sequence[Mapped]) -> float:
    """Mean pixel F1 at the one threshold that is best for the whole set, chosen with the truth."""
    return float(np.mean([member.f1s for member in members], axis=0).max())


def figures(members: Sequence[Judged]) -> dict[str, Any]:
    """One row over a set; what cannot be said of it is None."""
    forged = [member for member in members if member.forged]
    authentic = [member for member in members if not member.forged]
    seconds = [member.seconds for member in members if member.seconds is not None]
    return {
        "forged": len(forged),
        "pixel F1": _mean(member.f1 for member in forged),
        "forged flagged": _mean(member.flagged for member in forged),
        "authentic": len(authentic),
        "authentic flagged": _mean(member.flagged for member in authentic),
        "image AUC": _auc(members) if forged and authentic else None,
        "region F1": micro_f1(members),
        "s a megapixel": statistics.median(seconds) if seconds else None,
    }


def micro_f1(members: Iterable[Judged]) -> float:
    """Over the regions of all pictures, authentic ones too."""
    every = [member.regions for member in members]
    summed = Counts(*(sum(getattr(one, name) for one in every) for name in ("matched", "found", "truth")))
    return summed.f1


def _auc(members: Sequence[Judged]) -> float:
    return ranked(np.array([one.score for one in members]), np.array([one.forged for one in members])).auc()


def _mean(values: Iterable[float]) -> float | None:
    every = list(values)
    return statistics.mean(map(float, every)) if every else None


def _regions(mask: Mask, truth: Mask) -> Counts:
    true, claimed = polygons_of(truth), polygons_of(mask)
    (levels,) = match_levels(_as_regions(true), _as_regions(claimed), names=["picture"])
    return Counts(sum(level >= SAME for level in levels), len(claimed), len(true))


def _as_regions(polygons: Sequence[Polygon]) -> Regions:
    points = np.array([point for polygon in polygons for point in polygon], np.float64).reshape(-1, 2)
    rings = np.cumsum([0, *(len(polygon) for polygon in polygons)])
    return Regions(points, rings.astype(np.int64), np.array([0, len(polygons)], np.int64))
