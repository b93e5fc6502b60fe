"""A picture's forged places: the network, the cues that are trusted, and what all cues say for people to read."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL.Image import DecompressionBombWarning

from tiltyard.forensics.locating.deciding import decided
from tiltyard.forensics.locating.weights import shipped
from tiltyard.forensics.locating.whole import SMALLEST_SIDE, heard
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.catalogue import CUES, FAST, TRUSTED
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Subject, Trace

NEVER = -30.0
"""The logit of what was not looked at."""
BLANK = 1.5
"""Grey levels that the middle 98 % of pixels span: below, there is nothing to look at."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against, not weighed yet."""

    logits: NDArray[np.float32]
    """(h, w), the network's."""
    traces: tuple[tuple[Cue, Trace], ...]
    mute: bool
    """Whether nothing in the picture could have shown a forgery."""
    trusted: tuple[Cue, ...] = TRUSTED
    """The cues that are believed where they speak."""

    @property
    def spoken(self) -> NDArray[np.float32]:
        """The highest of the trusted cues' maps where one of them speaks, else 0."""
        maps = [trace.map for cue, trace in self.traces if cue in self.trusted]
        highest = np.zeros_like(self.logits)
        for one in maps:
            np.maximum(highest, one, out=highest)
        highest[highest < SPEAKS] = 0
        return highest


@dataclass(frozen=True)
class Found:
    """(h, w) map in [0, 1] and mask, the probability that anything is forged, and what it rests on."""

    map: NDArray[np.float32]
    mask: Mask
    probability: float
    evidence: Evidence


def evidence_in(subject: Subject, *, fast: bool, cues: tuple[Cue, ...] | None = None) -> Evidence:
    """Looks at a picture with the shipped network and the cues; `fast`: without those that look for copies.

    The reader has bounded the picture: that it is large when a cue saves and reads it again is no news.
    """
    asked = cues if cues is not None else FAST if fast else CUES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DecompressionBombWarning)
        traces = tuple((cue, cue.trace(subject)) for cue in asked)
        if min(subject.shape) < SMALLEST_SIDE or _is_blank(subject):
            return Evidence(np.full(subject.shape, NEVER, np.float32), traces, mute=True)
        logits = heard(shipped()[0], subject)
    return Evidence(logits, traces, mute=not any(trace.applicable for _, trace in traces))


def weighed(evidence: Evidence, *, threshold: float) -> Found:
    """The verdict at a threshold in (0, 1), which the network's score must reach; trusted cues need none."""
    answer = decided(evidence.logits, evidence.spoken, shipped()[1], threshold=threshold)
    return Found(answer.map, answer.mask, answer.probability, evidence)


def found_in(subject: Subject, *, fast: bool, threshold: float, trusted: tuple[Cue, ...] = TRUSTED) -> Found:
    """Both at once."""
    return weighed(replace(evidence_in(subject, fast=fast), trusted=trusted), threshold=threshold)


def _is_blank(subject: Subject) -> bool:
    low, high = np.percentile(subject.luma[::4, ::4], (1, 99))
    return bool(high - low < BLANK)
