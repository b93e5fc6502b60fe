"""Double JPEG: places that lack an earlier saving which the rest of the picture shows.

What is saved twice keeps, in the histograms of its DCT values, the steps of the first saving; what was pasted or
repainted between the two does not (Lin, He, Tang and Tang 2009; Bianchi and Piva 2012). Where both had the same fine
steps it has settled less than the rest (Lai and Böhme 2013).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.saving import Table
from tiltyard.forensics.tracing.agreeing import agreeing
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Subject, Trace, nothing_to_say, place_of
from tiltyard.forensics.tracing.cut_off import cut_off
from tiltyard.forensics.tracing.earlier_saving import BLOCK, Blocks, Luma, earlier_saving, over_pixels
from tiltyard.forensics.tracing.grid_shift import grid_of
from tiltyard.forensics.tracing.left_out import LeftOut, left_out
from tiltyard.forensics.tracing.settling import settled

PLAIN = 2.0
"""Log-likelihood, on average, by which a block must speak more for an earlier saving than one off the grid does, where
no saving can have left a trace: below this there is none to be missed. A picture that was smoothed since keeps some."""
OFF_GRID = 2, 3
"""Rows and columns; with `earlier_saving.SHIFTS` still off it."""
SAMPLE = 512
"""Pixels a side that tell what is usual off the grid, where most is to be seen."""
CLEARNESS = 100.0
"""Log-likelihood at which a place is halfway between SPEAKS and 1."""
MOST_OF_A_HINT = 0.45
"""Of the map, where blocks speak against an earlier saving without a clear place around them."""
RARE = 5.0
"""Logarithm of the odds against a block that lacks the saving, before it is looked at."""
FEWEST_BLOCKS = 200
"""With any structure: histograms of fewer show nothing."""
CLEAR_SETTLED = 16.0
"""Log-likelihood from which a place has settled less than the rest."""


def trace_double_jpeg(subject: Subject) -> Trace:
    """Places stand above SPEAKS by their clearness; below it the map hints at what single blocks say."""
    top, left = subject.grid if subject.steps else grid_of(subject.luma) or (0, 0)
    luma = subject.luma[top:, left:]
    if min(luma.shape) < 2 * BLOCK:
        return nothing_to_say(subject, "The picture is too small to show whether it was saved as JPEG before.")
    evidence, settling = earlier_saving(luma, subject.steps), _settling(subject)
    refusal = _refusal(evidence, luma, subject.steps)
    if refusal and not settling.any():
        return nothing_to_say(subject, refusal)
    places = [] if refusal else left_out(np.asarray(np.clip(luma + 128, 0, 255), np.uint8), evidence)
    marked = np.zeros(subject.shape, np.float32)
    if not refusal:
        marked[top:, left:] = _map(places, evidence, luma.shape)
    unsettled = agreeing(settling, clear=CLEAR_SETTLED)
    for place in unsettled:
        sure = over_pixels(place.mask * _sureness(place.clearness), luma.shape)
        marked[top:, left:] = np.maximum(marked[top:, left:], sure)
    before = "before its last saving" if subject.steps else "before it came into this file"
    if refusal and not unsettled:
        return Trace(marked, applicable=True, sentence=f"{refusal} No place has settled less than the rest.")
    return Trace(marked, applicable=True, sentence=_sentence(marked, len(places) + len(unsettled), before))


def _refusal(evidence: Blocks, luma: Luma, steps: Table | None) -> str:
    """Why the histograms show no earlier saving; empty where they do."""
    if np.count_nonzero(evidence) < FEWEST_BLOCKS:
        return "Too little of the picture has any structure to show an earlier JPEG saving."
    if _plainness(evidence, luma, steps) < PLAIN:
        return "The picture shows no earlier JPEG saving: none can be missing anywhere."
    return ""


def _settling(subject: Subject) -> Blocks:
    top, left = subject.grid
    cut = cut_off(subject.pixels[top:, left:])
    if subject.steps is None or subject.decoded_luma is None:
        return np.zeros(cut.shape, np.float32)
    return settled(np.ascontiguousarray(subject.decoded_luma[top:, left:]), subject.steps, cut)


def _sureness(clearness: float) -> float:
    return SPEAKS + (1 - SPEAKS) * clearness / (clearness + CLEARNESS)


def _map(places: list[LeftOut], evidence: Blocks, shape: tuple[int, ...]) -> NDArray[np.float32]:
    marked = over_pixels(_hint(evidence), shape)
    for place in places:
        place.mark(marked, _sureness(place.clearness))
    return marked


def _plainness(evidence: Blocks, luma: Luma, steps: Table | None) -> float:
    """How much more a block speaks for an earlier saving, on average, than the shape of histograms alone makes it."""
    down, right = (BLOCK * at + off for at, off in zip(_fullest(evidence), OFF_GRID, strict=True))
    beside = earlier_saving(luma[down : down + SAMPLE, right : right + SAMPLE], steps)
    return _usual(evidence) - _usual(beside)


def _fullest(evidence: Blocks) -> tuple[int, int]:
    """Row and column, in blocks, of the sample in which most blocks say anything: a blank corner tells nothing."""
    rows, columns = (min(SAMPLE // BLOCK, side) for side in evidence.shape)
    total = cv2.integral((evidence != 0).astype(np.uint8))
    counts = total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    row, column = divmod(int(counts.argmax()), counts.shape[1])
    return row, column


def _usual(evidence: Blocks) -> float:
    return float(evidence.sum(dtype=np.float64) / max(1, np.count_nonzero(evidence)))


def _hint(evidence: Blocks) -> Blocks:
    """Probability, with its neighbours, that a block was not saved earlier; times MOST_OF_A_HINT."""
    total = cv2.boxFilter(evidence, -1, (3, 3), normalize=False)
    against = 1 / (1 + np.exp(np.clip(total + RARE, -30, 30)))
    return np.asarray(MOST_OF_A_HINT * against * (evidence != 0), np.float32)


def _sentence(marked: NDArray[np.float32], places: int, before: str) -> str:
    if not places:
        return "No place lacks an earlier JPEG saving that the rest has."
    more = f"; {places - 1} more lack it too." if places > 1 else "."
    where = place_of(marked == marked.max())
    return f"The picture was saved as JPEG {before}; the place {where} shows no sign of that{more}"


DOUBLE_JPEG = Cue(
    "double_jpeg",
    "double JPEG",
    "Bianchi and Piva 2012, Image Forgery Localization via Block-Grained Analysis of JPEG; Lai and Böhme 2013, Block "
    "Convergence in Repeated Transform Coding",
    trace_double_jpeg,
)
