"""Copy-move: places of one picture that are the same pixels (Amerini et al. 2011; dense check: Cozzolino et al. 2015).

Print repeats itself honestly: words, digits, guilloche. So on a page a place counts only where its noise is repeated as
well. Elsewhere it counts too where many keypoints move as one, to a fraction of a pixel, and all detail follows them.
Nowhere does a part of a pattern, or one of a row of equals.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.tracing.agreement import (
    QUIET,
    Agreement,
    Grey,
    agreement,
    correlation,
    is_drawn,
    moved_back,
    whole,
)
from tiltyard.forensics.tracing.boxes import box_of
from tiltyard.forensics.tracing.cue import Cue, Subject, Trace, nothing_to_say, place_of
from tiltyard.forensics.tracing.keypoints import NEAREST, RATIO, RATIO_IN_PRINT, alike
from tiltyard.forensics.tracing.print_boxes import is_written
from tiltyard.forensics.tracing.regions import without_specks
from tiltyard.forensics.tracing.transformations import Movement, movements_of

LONGEST = 1600
"""Pixels of the longer side at which a picture is searched; larger ones are reduced."""
SMALLEST_SIDE = 32
EVEN = 4.0
"""Grey levels that a picture must span."""
SMALLEST = 250
"""Pixels of a region: about three digits in body text."""
SAME_DETAIL = 0.5
SAME_NOISE = 0.2
ERRORS = 3.0
"""Standard errors by which the noise must agree, a quarter of the pixels counted as independent."""
PER_SAMPLE = 4
SMALLEST_SCENE = 3000
"""Pixels of a region that is believed without its noise: two words in one face are alike, and smaller."""
MOVES_AS_ONE = 0.65
"""Pixels by which the matches of a real copy miss its movement, in the median."""
FEWEST = 5
"""Matches that a copied region holds."""
SAME_MIDDLE, LESS_FOR_MORE = 0.95, 0.05
"""Correlation of middle detail asked of FEWEST matches; what each e-fold of them takes off."""
PRINTED = 0.8
"""Share of one tone from which a region is taken for print, on whatever picture."""
TWO_TONES = 0.8
"""Separability of a region's tones (Otsu 1979) from which it is ink on paper, or a frame, and needs its noise."""
OVERLAP = 0.2
"""Share of a region within its own copy above which it is a pattern."""
PATTERNED = 0.5
"""Share of two places, within the patterns that other movements found, above which they are part of these."""
LIKENESS_WINDOW = 15
IN_A_ROW = 0.6
"""Correlation, at twice the movement or at its opposite, from which a region is one of a row of equals."""
SOFTER = 0.85
"""Ratio of fine detail below which one of two places was resampled, hence is the copy."""


@dataclass(frozen=True)
class Copy:
    """Two places of the same pixels, and how surely."""

    source: Mask
    target: Mask
    strength: float
    """In [0.5, 1]."""
    pasted: Mask | None
    """The later one of the two, where that can be told."""

    @property
    def target_is_pasted(self) -> bool:
        return self.pasted is not None and bool(np.array_equal(self.pasted, self.target))


def copies_in(pixels: Pixels) -> list[Copy]:
    """The copies within (h, w, 3) RGB pixels, masks at their size; most matches first."""
    grey, scale = _searched(pixels)
    if min(grey.shape) < SMALLEST_SIDE:
        return []
    levels = grey.astype(np.float32)
    page = is_written(grey)
    movements = [] if is_drawn(levels) else movements_of(alike(grey, RATIO_IN_PRINT if page else RATIO))
    found = [pair for movement in movements if (pair := _followed(levels, movement)) is not None]
    patterns = [_is_pattern(levels, *pair) for pair in found]
    patterned = _places([one for (_, one), pattern in zip(found, patterns, strict=True) if pattern], grey.shape)
    copies = [
        _copy(levels, *pair)
        for pair, pattern in zip(found, patterns, strict=True)
        if not pattern and _is_copied(*pair, page=page) and _share(pair[1], patterned) <= PATTERNED
    ]
    return copies if scale == 1 else [_enlarged(copy, pixels.shape[:2]) for copy in copies]


def _searched(pixels: Pixels) -> tuple[NDArray[np.uint8], float]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, LONGEST / max(grey.shape))
    if scale < 1:
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8), scale


def _followed(grey: Grey, movement: Movement) -> tuple[Movement, Agreement] | None:
    found = agreement(grey, movement)
    return None if found is None or found.source.sum() < SMALLEST else (movement, found)


def _is_pattern(grey: Grey, movement: Movement, found: Agreement) -> bool:
    return _touch(found) or _in_a_row(grey, movement, found.source)


def _is_copied(movement: Movement, found: Agreement, *, page: bool) -> bool:
    return found.held >= FEWEST and (same_noise(found) or (not page and same_scene(found, movement)))


def _places(found: list[Agreement], shape: tuple[int, ...]) -> Mask:
    places = np.zeros(shape, bool)
    for one in found:
        places |= one.source | one.target
    return places


def _share(found: Agreement, within: Mask) -> float:
    both = found.source | found.target
    return float((both & within).sum() / both.sum())


def _copy(grey: Grey, movement: Movement, found: Agreement) -> Copy:
    strength = 0.5 + 0.5 * float(np.clip(found.middle, 0, 1)) * min(1.0, len(movement.matches) / 20)
    pasted, source, target = _pasted(grey, movement, found), whole(found.source), whole(found.target)
    return Copy(source, target, strength, None if pasted is None else target if pasted is found.target else source)


def same_noise(found: Agreement) -> bool:
    """Whether the finest detail agrees, without the help of edges, as only copied pixels do."""
    if found.calm_pixels < SMALLEST / 2:
        return False
    sure = ERRORS * np.sqrt(PER_SAMPLE / found.calm_pixels)
    return found.detail >= SAME_DETAIL and found.calm_detail >= max(SAME_NOISE, sure)


def same_scene(found: Agreement, movement: Movement) -> bool:
    """Whether matches and detail agree as two things of one kind do not: leaves, windows and stones differ a little."""
    if found.paper >= PRINTED or found.two_tone >= TWO_TONES or found.source.sum() < SMALLEST_SCENE:
        return False
    asked = SAME_MIDDLE - LESS_FOR_MORE * np.log(found.held / FEWEST)
    return found.middle >= asked and float(np.median(movement.misses(movement.matches))) < MOVES_AS_ONE


def _touch(found: Agreement) -> bool:
    """A region that is its own copy is a pattern."""
    return bool((found.source & found.target).sum() > OVERLAP * found.source.sum())


def _in_a_row(grey: Grey, movement: Movement, source: Mask) -> bool:
    """Guilloche, tables and tiles go on where a copy stops: at twice the movement, on its other side, or between."""
    return any(
        _moves(further, source) and _looks_alike(grey, further, source)
        for further in (movement.again(), movement.back(), *movement.parts())
    )


def _moves(movement: Movement, source: Mask) -> bool:
    rows, columns = np.nonzero(source)
    middle = np.array([columns.mean(), rows.mean()])
    moved = movement.affine[:, :2] @ middle + movement.affine[:, 2]
    height, width = source.shape
    return bool(np.abs(moved - middle).max() >= NEAREST and 0 <= moved[0] < width and 0 <= moved[1] < height)


def _looks_alike(grey: Grey, movement: Movement, source: Mask) -> bool:
    box = box_of(source, LIKENESS_WINDOW // 2)
    likeness = correlation(grey[box], moved_back(grey, movement, box), LIKENESS_WINDOW, QUIET)
    return bool(np.median(likeness[source[box]]) >= IN_A_ROW)


def _pasted(grey: Grey, movement: Movement, found: Agreement) -> Mask | None:
    """Turning and scaling soften: the softer of two places is the copy. A plain shift leaves no such sign."""
    if not movement.resamples:
        return None
    fine = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    source, target = float(fine[found.source].mean()), float(fine[found.target].mean()) if found.target.any() else 0.0
    if min(source, target) > SOFTER * max(source, target):
        return None
    return found.target if target < source else found.source


def _enlarged(copy: Copy, shape: tuple[int, ...]) -> Copy:
    pasted = None if copy.pasted is None else _at(copy.pasted, shape)
    return Copy(_at(copy.source, shape), _at(copy.target, shape), copy.strength, pasted)


def _at(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.uint8), shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0)


def trace_copy_move(subject: Subject) -> Trace:
    """The map holds each copy with its strength, both places where it cannot be told which is the copy."""
    if min(subject.shape) * min(1.0, LONGEST / max(subject.shape)) < SMALLEST_SIDE:
        told = (
            f"The picture has fewer than {SMALLEST_SIDE} pixels a side where it is searched: nothing can be compared."
        )
        return nothing_to_say(subject, told)
    if np.ptp(subject.luma) < EVEN:
        return nothing_to_say(subject, "The picture is even: there is nothing in it to compare.")
    copies = copies_in(subject.pixels)
    marked = np.zeros(subject.shape, np.float32)
    for copy in copies:
        where = copy.source | copy.target if copy.pasted is None else copy.pasted
        marked[without_specks(where, SMALLEST // 4)] = copy.strength
    return Trace(marked, applicable=True, sentence=_sentence(copies))


def _sentence(copies: list[Copy]) -> str:
    if not copies:
        return "No two places of the picture are the same pixels."
    first = copies[0]
    source, target = place_of(first.source), place_of(first.target)
    if first.pasted is None:
        told = f"The place {source} and the place {target} are the same pixels; which is the copy cannot be told"
    else:
        copy, origin = (target, source) if first.target_is_pasted else (source, target)
        told = f"The place {copy} is a turned or scaled copy of the place {origin}"
    more = f"; {len(copies) - 1} more such pairs." if len(copies) > 1 else "."
    return told + more


COPY_MOVE = Cue(
    "copy_move",
    "copied within the picture",
    "Amerini et al. 2011, A SIFT-based forensic method for copy-move attack detection; Cozzolino et al. 2015",
    trace_copy_move,
)
