"""A threshold for the user's own sort of pictures, from a few of them: what is usual there differs elsewhere.

The network and each trusted cue are judged apart, so that one false word of a cue does not silence the others.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from tiltyard.contest.names import shown_path
from tiltyard.errors import TiltyardError
from tiltyard.forensics.inspecting import Unread, looked_at
from tiltyard.forensics.locating.choosing import pixel_f1
from tiltyard.forensics.locating.deciding import THRESHOLD
from tiltyard.forensics.locating.finding import NEVER, Evidence, evidence_in, weighed
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.reading.folders import pictures_below
from tiltyard.forensics.reading.pages import Page
from tiltyard.forensics.tracing.catalogue import FAST, TRUSTED
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, subject_in
from tiltyard.vision.masks import decode_mask
from tiltyard.vision.pictures import read_picture_bytes

FEWEST = 5
"""Pictures from which anything can be said, and such that the network was asked about, from which a threshold can."""
ENOUGH = 20
"""Authentic pictures from which they are believed against the shipped threshold, where they ask for a lower one."""
MOST_FLAGGED = 0.05
"""Of the authentic pictures, by the network and by each cue; of fewer than twenty the network flags none."""
CHANCE = 1
"""Authentic pictures on which a cue may speak however few there are: it is named, and no reason to distrust the cue."""
MARGIN = 0.5
"""Standard deviations, in logits, kept above the highest authentic one: the next one may be a little higher."""
LOWEST, HIGHEST = 0.02, 0.9999

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Calibration:
    """What to give to `inspect` for pictures of one sort, and what that was chosen on."""

    threshold: float
    """What the network's score must reach."""
    distrusted: tuple[str, ...]
    """Trusted cues that speak too often where nothing is forged."""
    authentic: int
    forged: int
    """Pictures; of PDFs their pages."""
    asked: int
    """Those of both that the network was asked about: all that are not blank and not tiny."""
    misfires: Mapping[str, tuple[str, ...]]
    """By trusted cue, the authentic pictures on which it speaks."""
    suspected: tuple[str, ...]
    """Authentic pictures that the network flags at the shipped threshold, the surest first: they push it up."""
    passed_over: tuple[Unread, ...]


@dataclass(frozen=True)
class _Seen:
    """A picture or page: `height` is the network's score as a logit, None where it was not asked."""

    path: str
    height: float | None
    speaking: tuple[str, ...]
    """Trusted cues."""
    f1s: tuple[float, ...] | None
    """Of a forged picture, what each of STEPS would have; None where it is authentic."""


def calibrated(folder: Path, *, fast: bool = False, progress: Progress = lambda done, of: None) -> Calibration:
    """What at least five pictures of the user's say, and better ten or more; files that cannot be read are passed over.

    The threshold comes to lie above all but few of the authentic ones (fewer than ENOUGH lower it by their share of the
    way alone); with masks beside the pictures
    (`images/` and `masks/`, as `tiltyard forge` writes them, 255 where forged) it is the best one above those for the
    pixel F1 of the forged. A trusted cue is distrusted where it speaks on more than one authentic picture, and on more
    than a twentieth of them. TiltyardError for too few pictures.
    """
    files = pictures_below(folder)
    forged = [path for path in files if _may_be_forged(path)]
    looking = _Looking(fast, len(files), progress)
    heard = list(looking.at([path for path in files if path not in forged], TRUSTED))
    misfires = {cue.name: tuple(one.path for one in heard if cue.name in one.speaking) for cue in TRUSTED}
    distrusted = tuple(name for name, paths in misfires.items() if _is_too_often(len(paths), len(heard)))
    found = list(looking.at(forged, tuple(cue for cue in TRUSTED if cue.name not in distrusted)))
    _check_enough(folder, len(heard) + len(found), looking.passed_over)
    asked = [one for one in (*heard, *found) if one.height is not None]
    threshold = _threshold(asked) if len(asked) >= FEWEST else THRESHOLD
    return Calibration(
        threshold, distrusted, len(heard), len(found), len(asked), misfires, _suspected(heard),
        tuple(looking.passed_over),
    )  # fmt: skip


def _suspected(authentic: Sequence[_Seen]) -> tuple[str, ...]:
    high = [(one.height, one.path) for one in authentic if one.height is not None and one.height >= _logit(THRESHOLD)]
    return tuple(path for _, path in sorted(high, reverse=True))


@dataclass
class _Looking:
    fast: bool
    files: int
    progress: Progress
    done: int = 0
    passed_over: list[Unread] = field(default_factory=list)

    def at(self, files: Sequence[Path], trusted: tuple[Cue, ...]) -> Iterator[_Seen]:
        """The pictures and pages in them that can be read."""
        for path in files:
            for one in _each(path, partial(_seen, file=path, fast=self.fast, trusted=trusted)):
                if isinstance(one, Unread):
                    self.passed_over.append(one)
                else:
                    yield one
            self.done += 1
            self.progress(self.done, self.files)


def _each(path: Path, look: Callable[[Page, str], _Seen]) -> Iterator[_Seen | Unread]:
    try:
        yield from looked_at(path, look)
    except TiltyardError as error:
        yield Unread(str(path), str(error).removeprefix(f"{shown_path(path)}: "))


def _seen(page: Page, shown: str, *, file: Path, fast: bool, trusted: tuple[Cue, ...]) -> _Seen:
    subject = subject_in(page.read().content, page.name)
    cues = tuple(cue for cue in TRUSTED if not fast or cue in FAST)
    evidence = replace(evidence_in(subject, fast=fast, cues=cues), trusted=trusted)
    asked = bool(evidence.logits.max() > NEVER)
    alone = weighed(replace(evidence, trusted=()), threshold=THRESHOLD).probability
    speaking = tuple(cue.name for cue, trace in evidence.traces if (trace.map >= SPEAKS).any())
    rows, columns = subject.shape
    truth = _truth(file, size=(columns, rows))
    f1s = None if truth is None or not truth.any() else tuple(_f1s(evidence, truth))
    return _Seen(shown, _logit(alone) if asked else None, speaking, f1s)


def _f1s(evidence: Evidence, truth: Mask) -> Iterator[float]:
    return (pixel_f1(weighed(evidence, threshold=_chance(step)).mask, truth) for step in STEPS)


def _may_be_forged(path: Path) -> bool:
    """Also where its mask cannot be read: then looking at it says why."""
    try:
        truth = _truth(path)
    except TiltyardError:
        return True
    return truth is not None and bool(truth.any())


def _truth(path: Path, size: tuple[int, int] | None = None) -> Mask | None:
    """The mask beside a picture; None where there is none."""
    mask = path.parent.parent / "masks" / f"{path.stem}.png"
    if path.parent.name != "images" or not mask.is_file():
        return None
    return decode_mask(read_picture_bytes(mask), shown_path(mask), size=size)


def _is_too_often(misfires: int, pictures: int) -> bool:
    return misfires > max(CHANCE, MOST_FLAGGED * pictures)


def _check_enough(folder: Path, pictures: int, passed_over: Sequence[Unread]) -> None:
    if pictures >= FEWEST:
        return
    lost = f" ({len(passed_over)} more cannot be read: {passed_over[0].reason})" if passed_over else ""
    told = f"{shown_path(folder)}: holds {pictures} pictures{lost}"
    raise TiltyardError(f"{told}: calibrate with {FEWEST} or more, better ten")


def _threshold(asked: Sequence[_Seen]) -> float:
    lowest = _above([one.height for one in asked if one.f1s is None and one.height is not None])
    return _chance(_best([one.f1s for one in asked if one.f1s is not None], lowest))


def _above(authentic: Sequence[float]) -> float:
    """The lowest logit that few authentic pictures reach; where that lies below the shipped one, and of fewer than
    ENOUGH, only their share of the way down: ten that score low say little of the eleventh."""
    if not authentic:
        return _logit(THRESHOLD)
    reached = float(np.quantile(authentic, 1 - MOST_FLAGGED, method="higher") + MARGIN * np.std(authentic))
    shipped = _logit(THRESHOLD)
    return reached if reached > shipped else shipped + (reached - shipped) * min(1.0, len(authentic) / ENOUGH)


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
