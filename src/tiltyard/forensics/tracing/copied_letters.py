"""Copied letters: two prints of a letter share its shape, a copy shares paper, ink and sensor noise as well.

Letters that look alike are laid over each other at whole pixels. What they differ by then is compared with what the
last saving alone makes the same pixels differ by, and with what other such pairs of the page differ by. Where a program
drew the page, its letters repeat themselves bit by bit: there nothing stands out, and the cue is silent.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.agreement import is_drawn
from tiltyard.forensics.tracing.cue import Cue, Subject, Trace, nothing_to_say, place_of
from tiltyard.forensics.tracing.earlier_saving import earlier_saving, over_pixels
from tiltyard.forensics.tracing.letter_pairs import Floats, Pairs, joined, pairs_of
from tiltyard.forensics.tracing.letter_runs import Boxes, Run, runs_of, still
from tiltyard.forensics.tracing.letters import LARGE, letters_of
from tiltyard.forensics.tracing.regions import filled
from tiltyard.forensics.tracing.saving_loss import mean_in, saving_loss

LARGEST = 20_000_000
"""Pixels of a picture, for the memory's sake."""
FEWEST = 4
"""Pairs of letters that look alike, below which a picture says nothing."""
FINEST = 0.3
"""Grey levels: two letters never differ less."""
SHORTEST_RUN = 3
"""Letters of a run; what is shorter must stand out much more."""
SAME, WORST = np.log(1.35), np.log(1.8)
"""Excess of a copied run, in the mean and for its worst letter, at most."""
COMPLETE = 0.5
"""Share of the letters in both places that take part."""
ONE_ROW = 3
"""Pixels downwards: less is a table that repeats itself within a row."""
MOST = 3
"""Shifts of copies, and rivals: a page with more repeats itself."""
RIVALS, RIVAL = 2, 0.5
"""Other shifts whose runs come within so much of a copy's excess."""
CLEARLY, EVIDENCE = 0.35, 2.0
"""By how much less than the page's usual a copy's excess is: in the mean, and summed over its letters."""
FEW, BESIDE = 0.1, 0.1
"""Share of all other pairs whose excess comes within BESIDE of a copy's."""
UNKNOWN = np.log(2.5)
"""The usual excess of a page without other pairs that could be the same pixels."""
SINGLE, STANDS_OUT = np.log(1.1), np.log(1.6)
"""Excess of a single copied letter, at most; by how much more any other pair of the page has."""
SINGLE_PIXELS, SINGLE_CONTRAST, SINGLE_SHIFT = 60, 15.0, 16
FEWEST_OTHERS = 4
SOME_STILL, MOST_STILL = 0.2, 0.4
"""Shares of all pairs that could be the same pixels: above the first a program may have drawn the page, and single
letters say nothing; above the second it did, and hardly anything can stand out."""
RIM, CLOSE = 2, 3.0
"""Pixels around the letters that were copied with them; heights of a letter within which those beside it were too."""
TOLD, OF_ALL = 1.0, 0.5
"""By how much the evidence of an earlier saving must differ to tell the copy from its source, and by which share of
the whole picture's."""
STRENGTH = 0.6, 0.95
"""Of the faintest and the clearest copy."""


@dataclass(frozen=True)
class CopiedLetters:
    """Two places, (h, w), with the same pixels; which of them came later, where that can be told."""

    source: Mask
    target: Mask
    letters: int
    strength: float
    pasted: Mask | None


@dataclass(frozen=True)
class Compared:
    """What comparing the letters of a picture with each other showed."""

    copies: list[CopiedLetters]
    """The longest first."""
    pairs: int
    """Of letters that look alike."""
    unmoved: float
    """Share of them that lie at the same part of a pixel."""


def copied_letters(subject: Subject) -> Compared:
    """The copied letters of a picture, and on how many pairs that rests."""
    grey = np.asarray(subject.luma + 128, np.float32)
    pairs, boxes = _paired(grey)
    if len(pairs) < FEWEST:
        return Compared([], len(pairs), 0.0)
    loss = mean_in(saving_loss(subject), boxes)
    expected = np.sqrt(loss[pairs.first] + loss[pairs.second])
    excess = np.log(np.maximum(pairs.difference, FINEST) / expected)
    candidates = still(pairs)
    runs, unmoved = runs_of(pairs, excess, boxes, candidates), float(candidates.mean())
    singly = unmoved <= SOME_STILL and not is_drawn(grey)
    found = copied_runs(runs) or (single_copies(runs) if singly else [])
    placed = [_placed(subject, run, usual, runs, boxes) for run, usual in _one_each(found)]
    return Compared(sorted(placed, key=lambda copy: -copy.letters), len(pairs), unmoved)


def _one_each(found: list[tuple[Run, float]]) -> list[tuple[Run, float]]:
    """Of runs with the same shift the longest."""
    longest: dict[tuple[int, int], tuple[Run, float]] = {}
    for run, usual in sorted(found, key=lambda one: -len(one[0])):
        longest.setdefault(run.shift, (run, usual))
    return list(longest.values())


def _paired(grey: NDArray[np.float32]) -> tuple[Pairs, Boxes]:
    small, large = letters_of(grey)
    pairs = joined([pairs_of(small), pairs_of(large)], (0, len(small)))
    return pairs, np.concatenate([small.boxes, large.boxes])


def copied_runs(runs: list[Run]) -> list[tuple[Run, float]]:
    """Runs that are the same pixels, each with the usual excess of the page."""
    long = [run for run in runs if len(run) >= SHORTEST_RUN and run.shift[1] >= ONE_ROW]
    candidates = [run for run in long if run.excess <= SAME and run.worst <= WORST and run.complete >= COMPLETE]
    shifts = {run.shift for run in candidates}
    if len(shifts) > MOST:
        return []
    others = _excesses(run for run in runs if run.shift not in shifts)
    usual = float(np.median(others)) if len(others) >= FEWEST_OTHERS else UNKNOWN
    return [(run, usual) for run in candidates if _stands_out(run, usual, others) and not _rivalled(run, long)]


def _stands_out(run: Run, usual: float, others: Floats) -> bool:
    clearer = usual - run.excess
    return bool(
        clearer >= CLEARLY
        and clearer * len(run) >= EVIDENCE
        and (others < run.excess + BESIDE).sum() <= FEW * len(others)
    )


def _rivalled(run: Run, runs: list[Run]) -> bool:
    return len({one.shift for one in runs if one.excess < run.excess + RIVAL} - {run.shift}) > RIVALS


def single_copies(runs: list[Run]) -> list[tuple[Run, float]]:
    """At most MOST short runs that differ far less than any other of the page, each with the least of the others."""
    clear = sorted((run for run in runs if _is_clear(run)), key=lambda run: run.excess)
    for count in range(1, min(MOST, len(clear)) + 1):
        others = _excesses(run for run in runs if not any(run is one for one in clear[:count]))
        if len(others) < FEWEST_OTHERS:
            break
        if clear[count - 1].excess <= SINGLE and others.min() - clear[count - 1].excess >= STANDS_OUT:
            return [(run, float(others.min())) for run in clear[:count]]
    return []


def _is_clear(run: Run) -> bool:
    plain = run.pixels >= SINGLE_PIXELS and run.contrast >= SINGLE_CONTRAST and run.shift[1] >= ONE_ROW
    return plain and len(run) < SHORTEST_RUN and max(abs(run.shift[0]), run.shift[1]) >= SINGLE_SHIFT


def _excesses(runs: Iterable[Run]) -> Floats:
    """Each run's, as often as it has letters."""
    return np.array([run.excess for run in runs for _ in range(len(run))], np.float64)


def _placed(subject: Subject, run: Run, usual: float, runs: list[Run], boxes: Boxes) -> CopiedLetters:
    """The run with all others of its shift: one word is often several runs, where letters touch."""
    along = [one for one in runs if one.shift == run.shift and one.excess <= WORST]
    first, second = (
        np.unique(np.concatenate(members)) for members in zip(*((r.first, r.second) for r in along), strict=True)
    )
    source, target = (_around(boxes[members], subject.shape) for members in (first, second))
    low, high = STRENGTH
    strength = low + (high - low) * min(1.0, (usual - run.excess) * len(run) / (5 * EVIDENCE))
    return CopiedLetters(source, target, len(first), float(strength), _pasted(subject, source, target))


def _around(boxes: Boxes, shape: tuple[int, int]) -> Mask:
    """The letters, with what lies between those that are close."""
    mask = np.zeros(shape, np.bool_)
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    for one in range(len(boxes)):
        beside = np.maximum(start[:, 0] - end[one, 0], 0)
        close = (start[:, 0] >= start[one, 0]) & (beside <= CLOSE * boxes[one, 3])
        close &= np.minimum(end[:, 1], end[one, 1]) > np.maximum(start[:, 1], start[one, 1])
        left, top = np.maximum(start[close].min(0) - RIM, 0)
        right, bottom = end[close].max(0) + RIM
        mask[top:bottom, left:right] = True
    return filled(mask)


def _pasted(subject: Subject, source: Mask, target: Mask) -> Mask | None:
    """What was copied lies on another grid of blocks than it was saved on before: it lacks the earlier saving."""
    if subject.steps is None:
        return None
    down, right = subject.grid
    luma = np.ascontiguousarray(subject.luma[down:, right:])
    evidence = np.zeros(subject.shape, np.float32)
    evidence[down:, right:] = over_pixels(earlier_saving(luma, subject.steps), luma.shape)
    here, there = float(evidence[source].mean()), float(evidence[target].mean())
    if abs(here - there) < max(TOLD, OF_ALL * float(evidence.mean())):
        return None
    return target if there < here else source


def trace_copied_letters(subject: Subject) -> Trace:
    """The map holds each copy with its strength, both places where it cannot be told which is the copy."""
    if min(subject.shape) < LARGE:
        return nothing_to_say(subject, f"The picture is smaller than {LARGE} pixels: it has no letters to compare.")
    if subject.shape[0] * subject.shape[1] > LARGEST:
        return nothing_to_say(subject, f"Letters are not compared above {LARGEST // 10**6} megapixels.")
    compared = copied_letters(subject)
    copies = compared.copies
    if compared.pairs < FEWEST:
        return nothing_to_say(subject, "Hardly two letters of the picture look alike: none can be compared.")
    if not copies and compared.unmoved > MOST_STILL:
        return nothing_to_say(subject, "Letters that look alike are the same throughout: a program drew them.")
    marked = np.zeros(subject.shape, np.float32)
    for copy in reversed(copies):
        marked[copy.source | copy.target if copy.pasted is None else copy.pasted] = copy.strength
    return Trace(marked, applicable=True, sentence=_sentence(copies))


def _sentence(copies: list[CopiedLetters]) -> str:
    if not copies:
        return "Letters that look alike differ as two prints do; moves by whole blocks of 8 pixels are not judged."
    first = copies[0]
    what = "letter" if first.letters == 1 else f"{first.letters} letters"
    source, target = place_of(first.source), place_of(first.target)
    if first.pasted is None:
        told = f"The {what} {source} and {target} share their noise too; which are the copy cannot be told"
    else:
        copy, origin = (target, source) if first.pasted is first.target else (source, target)
        told = f"The {what} {copy} share their noise with those {origin}, and lack the saving that these went through"
    more = f"; {len(copies) - 1} more such pairs." if len(copies) > 1 else "."
    return told + more


COPIED_LETTERS = Cue(
    "copied_letters",
    "copied letters",
    "Fridrich, Soukal and Lukáš 2003, Detection of Copy-Move Forgery in Digital Images; here letter by letter",
    trace_copied_letters,
)
