"""A threshold for the user's own sort of pictures, from a few of them: what is usual there differs elsewhere."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tiltyard.contest.names import shown_path
from tiltyard.errors import TiltyardError
from tiltyard.forensics.handing_in import pictures_in
from tiltyard.forensics.locating.choosing import pixel_f1
from tiltyard.forensics.locating.deciding import THRESHOLD
from tiltyard.forensics.locating.finding import evidence_in, weighed
from tiltyard.forensics.tracing.catalogue import FAST, TRUSTED
from tiltyard.forensics.tracing.cue import subject_of
from tiltyard.vision.masks import decode_mask
from tiltyard.vision.pictures import read_picture_bytes

FEWEST = 5
"""Pictures from which anything can be said."""
MOST_FLAGGED = 0.05
"""Of the authentic pictures, where there are enough to tell; with fewer than twenty, none."""
MARGIN = 0.5
"""Standard deviations, in logits, kept above the highest authentic picture: the next one may be a little higher."""
LOWEST, HIGHEST = 0.02, 0.995

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Seen:
    """The height of a picture's score as a logit; of a forged one the mean F1 that each of STEPS would have."""

    height: float
    f1s: tuple[float, ...] | None
    """None where the picture is authentic."""


def calibrated(folder: Path, *, fast: bool = False, progress: Progress = lambda done, of: None) -> float:
    """The threshold to give to `inspect`, from at least five pictures of the user's, and better ten or more.

    A plain folder holds authentic pictures: the threshold comes to lie above all but few of them. Where masks lie
    beside the pictures (`images/` and `masks/`, as `tiltyard forge` writes them, 255 where forged), it is the best one
    for pixel F1 among those. TiltyardError for too few pictures.
    """
    pictures = pictures_in(folder)
    if len(pictures) < FEWEST:
        told = f"{shown_path(folder)}: holds {len(pictures)} pictures"
        raise TiltyardError(f"{told}: calibrate with {FEWEST} or more, better ten")
    seen = []
    for done, path in enumerate(pictures, 1):
        seen.append(_seen(path, fast=fast))
        progress(done, len(pictures))
    lowest = _above([one.height for one in seen if one.f1s is None])
    return _chance(_best([one.f1s for one in seen if one.f1s is not None], lowest))


def _seen(path: Path, *, fast: bool) -> _Seen:
    subject = subject_of(path)
    evidence = evidence_in(subject, fast=fast, cues=tuple(cue for cue in TRUSTED if not fast or cue in FAST))
    mask = path.parent.parent / "masks" / f"{path.stem}.png"
    height = _logit(weighed(evidence, threshold=THRESHOLD).probability)
    if path.parent.name != "images" or not mask.is_file():
        return _Seen(height, None)
    rows, columns = subject.shape
    truth = decode_mask(read_picture_bytes(mask), shown_path(mask), size=(columns, rows))
    if not truth.any():
        return _Seen(height, None)
    marked = (weighed(evidence, threshold=_chance(step)).mask for step in STEPS)
    return _Seen(height, tuple(pixel_f1(one, truth) for one in marked))


def _above(authentic: Sequence[float]) -> float:
    """The lowest logit that few authentic pictures reach."""
    if not authentic:
        return _logit(LOWEST)
    return float(np.quantile(authentic, 1 - MOST_FLAGGED, method="higher") + MARGIN * np.std(authentic))


def _best(f1s: Sequence[tuple[float, ...]], lowest: float) -> float:
    """The step from `lowest` up with the highest mean F1; `lowest` itself where there is nothing forged."""
    steps = [number for number, step in enumerate(STEPS) if step >= lowest]
    if not f1s or not steps:
        return lowest
    means = np.mean(f1s, axis=0)
    return max(lowest, STEPS[max(steps, key=lambda number: float(means[number]))])


def _logit(chance: float) -> float:
    inside = min(max(chance, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside))


def _chance(logit: float) -> float:
    return min(max(1 / (1 + math.exp(-logit)), LOWEST), HIGHEST)


STEPS = tuple(float(step) for step in np.linspace(_logit(LOWEST), _logit(HIGHEST), 30))
"""Logits that are tried."""
