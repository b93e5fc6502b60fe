"""The detector with a part taken out, or one part alone: what each says of a picture.

The rule that turns logits into a verdict is the shipped one throughout, which was chosen for the whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

from tiltyard.forensics.detectors import CueDetector
from tiltyard.forensics.locating import whole
from tiltyard.forensics.locating.deciding import THRESHOLD
from tiltyard.forensics.locating.finding import NEVER, Evidence, weighed
from tiltyard.forensics.locating.planes import COLOURS, CONDITIONS, MEASURES, PLANES, SAVINGS
from tiltyard.forensics.locating.stored import NONE
from tiltyard.forensics.locating.view import View, view_of
from tiltyard.forensics.locating.weights import shipped
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.catalogue import TRUSTED
from tiltyard.forensics.tracing.cue import Cue, Subject, Trace

SAVINGS_BEGIN = CONDITIONS + MEASURES
BLANKED = {
    "without what letters, noise and colours differ by": range(CONDITIONS, SAVINGS_BEGIN),
    "without traces of saving": range(SAVINGS_BEGIN, SAVINGS_BEGIN + SAVINGS),
    "without the look of a place": range(CONDITIONS),
    "without colours as they are": range(PLANES - COLOURS, PLANES),
}
THRESHOLDS = (0.3, 0.7)
Said = tuple[Mask, float]
"""A mask, and how surely the picture is forged."""


def variants(path: Path, subject: Subject, evidence: Evidence) -> Iterator[tuple[str, Said]]:
    """From the evidence of the whole detector; only what the network would say otherwise is computed anew."""
    yield "full", _said(evidence)
    for name, part in (*_experts(evidence), *_networks(subject, evidence)):
        yield name, _said(part)
    for threshold in THRESHOLDS:
        yield f"threshold {threshold:g}", _said(evidence, threshold)
    for cue, trace in evidence.traces:
        yield f"cue {cue.name} alone", _alone(path, cue, trace)


def _said(evidence: Evidence, threshold: float = THRESHOLD) -> Said:
    found = weighed(evidence, threshold=threshold)
    return found.mask, found.probability


def _experts(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """The cues that are believed where they speak."""
    silent = replace(evidence, logits=np.full_like(evidence.logits, NEVER))
    yield "network without trusted cues", replace(evidence, traces=())
    yield "trusted cues without network", silent
    for trusted in TRUSTED:
        others = tuple(pair for pair in evidence.traces if pair[0] is not trusted)
        own = tuple(pair for pair in evidence.traces if pair[0] is trusted)
        yield f"without trusted {trusted.name}", replace(evidence, traces=others)
        yield f"trusted {trusted.name} without network", replace(silent, traces=own)


def _networks(subject: Subject, evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    for name, numbers in BLANKED.items():
        yield name, _told(partial(_without, numbers), subject, evidence)
    yield "without what the file stores", _told(_unread, subject, evidence)


def _told(blanked: Callable[[View], View], subject: Subject, evidence: Evidence) -> Evidence:
    with patch.object(whole, "view_of", lambda page: blanked(view_of(page))):
        return replace(evidence, logits=whole.heard(shipped()[0], subject))


def _without(numbers: range, view: View) -> View:
    """The network is told 0 in these planes."""
    planes = view.planes.copy()
    planes[list(numbers)] = 0
    return replace(view, planes=planes)


def _unread(view: View) -> View:
    """As of a page whose file lost nothing; planes tell of traces of saving still."""
    return replace(view, sizes=np.zeros_like(view.sizes), steps=np.full_like(view.steps, NONE))


def _alone(path: Path, cue: Cue, trace: Trace) -> Said:
    """As the detector of one cue decides, with the map that is there already."""
    found = CueDetector(replace(cue, trace=lambda subject: trace)).locate(path)
    return found.mask, found.score
