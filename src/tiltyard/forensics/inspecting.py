"""One picture examined: is it forged, where, how surely, and which evidence says so."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.names import one_line, shown_path
from tiltyard.errors import JailUnavailable, TiltyardError
from tiltyard.forensics.forging.truth import Polygon, polygons_of
from tiltyard.forensics.locating.deciding import THRESHOLD
from tiltyard.forensics.locating.finding import Found, found_in
from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.reading.pages import Page, pages_of
from tiltyard.forensics.tracing.catalogue import TRUSTED
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Trace, as_grey, subject_in
from tiltyard.forensics.tracing.regions import places_of

Looked = TypeVar("Looked")


class Verdict(StrEnum):
    """What is said of a picture. `no evidence` is no proof of innocence."""

    FORGED = "forged"
    NO_EVIDENCE = "no evidence"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Region:
    """A connected place that is held for forged."""

    polygon: Polygon
    """Corners (x, y) along pixel edges, as in the contest's truth."""
    pixels: int
    probability: float
    """The highest within it, in [0, 1]."""
    cues: tuple[str, ...]
    """Names of the cues that speak there."""


@dataclass(frozen=True)
class Said:
    """What one cue says of a picture."""

    name: str
    title: str
    applicable: bool
    speaks: bool
    sentence: str
    map: NDArray[np.uint8]
    """(h, w), 0–255; 128 is where it begins to hold a pixel for forged."""


@dataclass(frozen=True)
class Inspection:
    """All that is known of one picture; of a page, where the file is a PDF or TIFF."""

    path: str
    """As it was given; pages of a PDF or TIFF have `#page=N` behind it."""
    verdict: Verdict
    probability: float
    """A score in [0, 1], on the scale of the map, the network's or a cue's: one half, from which a cue speaks and which
    the network must reach unless another threshold is given, is what hardly any of the authentic pictures kept aside in
    training reaches, .05 what half of them do."""
    mask: Mask
    """(h, w), true where it is held for forged: empty unless the verdict is `forged`."""
    map: NDArray[np.uint8]
    """(h, w), 0–255: how surely, whatever the verdict."""
    regions: tuple[Region, ...]
    """Of the mask, the surest first."""
    cues: tuple[Said, ...]
    notes: tuple[str, ...]
    """What reading changed: turned upright, a page rendered, transparency laid on white."""
    pixels: Pixels
    seconds: float


@dataclass(frozen=True)
class How:
    """How pictures are looked at; `inspect` says what each word means. TiltyardError for what none can mean."""

    fast: bool = False
    threshold: float | None = None
    distrust: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.needed < 1:
            raise TiltyardError(f"threshold {self.needed:g}: write a number between 0 and 1")
        names = [cue.name for cue in TRUSTED]
        unknown = next((name for name in self.distrust if name not in names), None)
        if unknown is not None:
            raise TiltyardError(f"{one_line(unknown, 40)}: no trusted cue is called so: distrust {' or '.join(names)}")

    @property
    def needed(self) -> float:
        """What the network's score must reach."""
        return THRESHOLD if self.threshold is None else self.threshold

    @property
    def trusted(self) -> tuple[Cue, ...]:
        return tuple(cue for cue in TRUSTED if cue.name not in self.distrust)


def inspect(
    path: Path | str, *, fast: bool = False, threshold: float | None = None, distrust: Sequence[str] = ()
) -> Inspection:
    """Examines the picture in a file; TiltyardError names a file that cannot be read, and one of several pages.

    `fast` leaves out the cues that look for copies. `threshold`, in (0, 1), is what the network's score must reach,
    without it one half; a trusted cue (`double_jpeg`, `copy_move`, `copied_letters`) is believed wherever it speaks,
    unless `distrust` names it.

    >>> from tiltyard.forensics import inspect
    >>> found = inspect(Path("receipt.jpg"))  # doctest: +SKIP
    >>> found.verdict, found.regions[0].polygon  # doctest: +SKIP
    """
    path = Path(path)
    how, pages = _how(fast, threshold, distrust), list(pages_of(path))
    if len(pages) != 1:
        raise TiltyardError(
            f"{shown_path(path)}: has {len(pages)} pages: call inspections, which gives one after another"
        )
    return _examined(pages[0], str(path), how)


@dataclass(frozen=True)
class Unread:
    """A page of a PDF or TIFF that cannot be read, while others can."""

    path: str
    reason: str


def inspections(
    path: Path | str, *, fast: bool = False, threshold: float | None = None, distrust: Sequence[str] = ()
) -> Iterator[Inspection | Unread]:
    """The same for each page of a PDF or TIFF, lazily; TiltyardError where nothing of the file can be read."""
    how = _how(fast, threshold, distrust)
    yield from looked_at(Path(path), lambda page, shown: _examined(page, shown, how))


def _how(fast: bool, threshold: float | None, distrust: Sequence[str]) -> How:
    """A cue that is named alone is one cue, not as many as it has letters."""
    return How(fast, threshold, (distrust,) if isinstance(distrust, str) else tuple(distrust))


def looked_at(path: Path, look: Callable[[Page, str], Looked]) -> Iterator[Looked | Unread]:
    """What `look` makes of each page and its path, lazily; TiltyardError where nothing of the file can be read."""
    pages = list(pages_of(path))
    for page in pages:
        shown = str(path) + (f"#page={page.number}" if len(pages) > 1 else "")
        try:
            yield look(page, shown)
        except JailUnavailable:
            raise
        except TiltyardError as error:
            if len(pages) == 1:
                raise
            yield Unread(shown, str(error).removeprefix(f"{page.name}: "))


def _examined(page: Page, shown: str, how: How) -> Inspection:
    began = time.perf_counter()
    read = page.read()
    subject = subject_in(read.content, page.name)
    found = found_in(subject, fast=how.fast, threshold=how.needed, trusted=how.trusted)
    said = tuple(_said(cue, trace) for cue, trace in found.evidence.traces)
    return Inspection(
        path=shown, verdict=_verdict(found), probability=round(found.probability, 4), mask=found.mask,
        map=as_grey(found.map), regions=tuple(_regions(found, said)), cues=said, notes=(*read.notes, *subject.notes),
        pixels=subject.pixels, seconds=round(time.perf_counter() - began, 3),
    )  # fmt: skip


def _verdict(found: Found) -> Verdict:
    if found.mask.any():
        return Verdict.FORGED
    return Verdict.CANNOT_TELL if found.evidence.mute else Verdict.NO_EVIDENCE


def _said(cue: Cue, trace: Trace) -> Said:
    return Said(
        cue.name, cue.title, trace.applicable, bool((trace.map >= SPEAKS).any()), trace.sentence, as_grey(trace.map)
    )


def _regions(found: Found, said: tuple[Said, ...]) -> Iterator[Region]:
    """The surest first."""
    speaks, regions = as_grey(np.float32(SPEAKS)), []
    for place in places_of(found.mask):
        outline = max(
            polygons_of(place.mask), key=lambda corners: abs(cv2.contourArea(np.asarray(corners, np.float32)))
        )
        polygon = tuple((x + place.box[1].start, y + place.box[0].start) for x, y in outline)
        cues = tuple(one.name for one in said if (one.map[place.box][place.mask] >= speaks).any())
        highest = round(float(found.map[place.box][place.mask].max()), 4)
        regions.append(Region(polygon, place.pixels, highest, cues))
    yield from sorted(regions, key=lambda region: (-region.probability, -region.pixels))
