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
"""Of the probability, unless calibration says otherwise."""
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
    """Of the probability over the highest logit: at `peak` the probability is one half."""


@dataclass(frozen=True)
class Decided:
    """(h, w) probabilities and the mask at a threshold; the probability that anything is forged."""

    map: NDArray[np.float32]
    mask: Mask
    probability: float


def decided(logits: Logits, spoken: NDArray[np.float32], rule: Rule, *, threshold: float = THRESHOLD) -> Decided:
    """`spoken`: (h, w), how surely a trusted cue speaks, 0 where none does: it gates itself and is believed."""
    height = strongest(logits)
    mask = spoken >= max(threshold, SPEAKS)
    needed = rule.peak + math.log(threshold / (1 - threshold)) / rule.slope
    if height >= needed:
        mask |= spread(logits, peak=needed, edge=rule.edge + needed - rule.peak)
    mask = filled(without_specks(mask, SMALLEST))
    chances = np.asarray(1 / (1 + np.exp(-rule.slope * (logits - rule.edge))), np.float32)
    return Decided(np.maximum(chances, spoken), mask, max(chance_of(height, rule), float(spoken.max())))


def chance_of(height: float, rule: Rule) -> float:
    """The probability that goes with the height of a picture's strongest place."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, rule.slope * (height - rule.peak)))))


def strongest(logits: Logits) -> float:
    """The highest logit that a whole region of the smallest size shares: one pixel alone is noise."""
    size = round(math.sqrt(SMALLEST))
    return float(cv2.erode(cv2.blur(logits, (3, 3)), np.ones((size, size), np.uint8)).max())


def spread(logits: Logits, *, peak: float, edge: float) -> Mask:
    """The regions above `edge` that reach `peak` somewhere (hysteresis, Canny 1986), without specks and holes."""
    count, labels = cv2.connectedComponents((logits >= edge).astype(np.uint8), connectivity=8)
    reaches = np.zeros(count, np.bool_)
    reaches[np.unique(labels[logits >= peak])] = True
    reaches[0] = False
    return filled(without_specks(np.asarray(reaches[labels]), SMALLEST))
