"""One picture examined: is it forged, where, how surely, and which evidence says so."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.names import shown_path
from tiltyard.errors import JailUnavailable, TiltyardError
from tiltyard.forensics.forging.truth import Polygon, polygons_of
from tiltyard.forensics.locating.deciding import THRESHOLD
from tiltyard.forensics.locating.finding import Found, found_in
from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.reading.pages import Page, pages_of
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Trace, as_grey, subject_in
from tiltyard.forensics.tracing.regions import places_of


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
    """All that is known of one picture; of a page, where the file is a PDF."""

    path: str
    """As it was given; pages of a PDF have `#page=N` behind it."""
    verdict: Verdict
    probability: float
    """A score in [0, 1], on the scale of the map: one half, where the verdict changes unless a threshold is given, is
    what hardly any of the authentic pictures kept aside in training reaches, .05 what half of them do."""
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


def inspect(path: Path, *, fast: bool = False, threshold: float | None = None) -> Inspection:
    """Examines the picture in a file; TiltyardError names a file that cannot be read, and a PDF of several pages.

    `fast` leaves out copy-move. `threshold`, in (0, 1), is the probability from which
    the verdict is `forged`; without it one half.

    >>> from tiltyard.forensics import inspect
    >>> found = inspect(Path("receipt.jpg"))  # doctest: +SKIP
    >>> found.verdict, found.regions[0].polygon  # doctest: +SKIP
    """
    limit, pages = _checked(threshold), list(pages_of(path))
    if len(pages) != 1:
        raise TiltyardError(
            f"{shown_path(path)}: has {len(pages)} pages: call inspections, which gives one after another"
        )
    return _examined(pages[0], str(path), fast=fast, threshold=limit)


@dataclass(frozen=True)
class Unread:
    """A page of a PDF that cannot be read, while others can."""

    path: str
    reason: str


def inspections(path: Path, *, fast: bool = False, threshold: float | None = None) -> Iterator[Inspection | Unread]:
    """The same for each page of a PDF, lazily; TiltyardError where nothing of the file can be read."""
    limit, pages = _checked(threshold), list(pages_of(path))
    for page in pages:
        shown = str(path) + (f"#page={page.number}" if len(pages) > 1 else "")
        try:
            yield _examined(page, shown, fast=fast, threshold=limit)
        except JailUnavailable:
            raise
        except TiltyardError as error:
            if len(pages) == 1:
                raise
            yield Unread(shown, str(error).removeprefix(f"{page.name}: "))


def _checked(threshold: float | None) -> float:
    limit = THRESHOLD if threshold is None else threshold
    if not 0 < limit < 1:
        raise TiltyardError(f"threshold {limit:g}: write a number between 0 and 1")
    return limit


def _examined(page: Page, shown: str, *, fast: bool, threshold: float) -> Inspection:
    began = time.perf_counter()
    read = page.read()
    subject = subject_in(read.content, page.name)
    found = found_in(subject, fast=fast, threshold=threshold)
    said = tuple(_said(cue, trace) for cue, trace in found.evidence.traces)
    return Inspection(
        path=shown, verdict=_verdict(found, threshold), probability=round(found.probability, 4), mask=found.mask,
        map=as_grey(found.map), regions=tuple(_regions(found, said)), cues=said, notes=(*read.notes, *subject.notes),
        pixels=subject.pixels, seconds=round(time.perf_counter() - began, 3),
    )  # fmt: skip


def _verdict(found: Found, threshold: float) -> Verdict:
    if found.mask.any() and found.probability >= threshold:
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
