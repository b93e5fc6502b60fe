"""From what the network and the trusted cues say of every pixel to one mask and one probability."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import SPEAKS
from tiltyard.forensics.tracing.regions import filled, without_specks

THRESHOLD = 0.5
"""Of the network's score, unless calibration says otherwise."""
SMALLEST = 60
"""Pixels of a region: one digit of body text."""

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Rule:
    """What turns logits into a verdict: chosen once, on pictures that were kept aside while training."""

    peak: float
    """The logit that a region must reach somewhere for the picture to be held for forged."""
    edge: float
    """The logit down to which such a region spreads."""
    slope: float
    """Of scores over logits: a score is one half at `peak` and .05 at the height of the median authentic picture."""


@dataclass(frozen=True)
class Decided:
    """(h, w) scores in [0, 1] and the mask at a threshold on them; the picture's own score, on the same scale."""

    map: NDArray[np.float32]
    mask: Mask
    probability: float


def decided(logits: Logits, spoken: NDArray[np.float32], rule: Rule, *, threshold: float = THRESHOLD) -> Decided:
    """`threshold`: what the network's score must reach. `spoken`: (h, w), how surely a trusted cue speaks, 0 where none
    does: it gates itself and is believed."""
    needed = rule.peak + math.log(threshold / (1 - threshold)) / rule.slope
    mask = spread(logits, peak=needed, edge=min(rule.edge, needed)) | (spoken >= SPEAKS)
    scores = np.maximum(_scores(logits, rule), spoken)
    strongest = max(float(_scores(np.float32(height(logits)), rule)), float(spoken.max()))
    return Decided(scores, filled(without_specks(mask, SMALLEST)), strongest)


def height(logits: Logits) -> float:
    """The highest logit that a whole region of the smallest size shares: one pixel alone is noise."""
    return float(_steady(logits).max())


def spread(logits: Logits, *, peak: float, edge: float) -> Mask:
    """The regions above `edge` whose height reaches `peak` (hysteresis, Canny 1986), without specks and holes."""
    seeds = (_steady(logits) >= peak) & (logits >= edge)
    if not seeds.any():
        return np.zeros(logits.shape, np.bool_)
    count, labels = cv2.connectedComponents((logits >= edge).astype(np.uint8), connectivity=8)
    reaches = np.zeros(count, np.bool_)
    reaches[np.unique(labels[seeds])] = True
    return filled(without_specks(np.asarray(reaches[labels]), SMALLEST))


def _steady(logits: Logits) -> Logits:
    size = round(math.sqrt(SMALLEST))
    return np.asarray(cv2.erode(cv2.blur(logits, (3, 3)), np.ones((size, size), np.uint8)), np.float32)


def _scores(logits: Logits | np.float32, rule: Rule) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(rule.slope * (logits - rule.peak), -30, 30))), np.float32)
