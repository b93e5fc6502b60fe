"""Pages on disk, as the network is told of them: made once from sets that `tiltyard forge` wrote, part by part."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.executor import Executor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.pages import Page, page_of
from tiltyard.forensics.making.folder import read_description
from tiltyard.forensics.making.paired import PAIRED, forged_beside, is_twin
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import subject_of
from tiltyard.vision.masks import decode_mask

Progress = Callable[[int, int], None]
"""Called with the parts that are done and those that there are."""
FORGED_FILE = "forged.npy"
TWINS = "twins"
"""The folder of pages as nobody forged them; each lies there under the name of the page that shows the forgery."""
VERSION = 6
"""Changes with whatever changes what the network is told."""


@dataclass(frozen=True)
class Part:
    """One part of a set, and the folder into which its pages go."""

    source: Path
    pages: Path

    @property
    def is_done(self) -> bool:
        return self.pages.is_dir()


def prepare(
    sets: Sequence[Path], out: Path, executor: Executor, *, progress: Progress = lambda done, of: None
) -> list[list[Path]]:
    """Measures every part that is not done yet; by set, the folders of pages. TiltyardError names an empty set.

    A set is a folder that `tiltyard forge` wrote. What is made of a part depends on its pictures alone.
    """
    by_set = [parts_of(place, out) for place in sets]
    parts = [part for found in by_set for part in found]
    missing = [part for part in parts if not part.is_done]
    progress(len(parts) - len(missing), len(parts))
    for done, _ in enumerate(executor.submit(make, missing), 1):
        progress(len(parts) - len(missing) + done, len(parts))
    return [[part.pages for part in found] for found in by_set]


def parts_of(place: Path, out: Path) -> list[Part]:
    """The parts of a set; those that are still being written are not seen."""
    found = sorted(path.parent for path in place.glob("part-*/samples.csv"))
    if not found:
        raise TiltyardError(f"{place}: holds no part of a set; make one with tiltyard forge documents --out {place}")
    return [Part(part, out / place.name / f"{part.name}-{_digest(part)}") for part in found]


def _digest(part: Path) -> str:
    """Of what a part holds: its table has the digest of every picture."""
    content = (part / "samples.csv").read_bytes()
    return hashlib.sha256(content + f"{VERSION}".encode()).hexdigest()[:12]


def make(part: Part) -> None:
    """Writes the pages of one part; a kill leaves nothing or all of them."""
    place = part.pages.with_name(f".{part.pages.name}")
    shutil.rmtree(place, ignore_errors=True)
    (place / TWINS).mkdir(parents=True)
    pictures = sorted((part.source / "images").iterdir())
    twins = [picture for picture in pictures if is_twin(picture.stem)] if _is_paired(part) else []
    forged = [_make_page(part, picture, place) for picture in pictures if picture not in twins]
    for picture in twins:
        if _size_of(part, picture.stem) == _size_of(part, forged_beside(picture.stem)):
            _measured(part, picture).save(place / TWINS / f"{forged_beside(picture.stem)}.npz")
    np.save(place / FORGED_FILE, forged)
    place.rename(part.pages)


def _is_paired(part: Part) -> bool:
    return bool(read_description(part.source).get(PAIRED))


def _make_page(part: Part, picture: Path, place: Path) -> bool:
    """Whether it is forged."""
    page = _measured(part, picture)
    page.save(place / f"{picture.stem}.npz")
    return page.forged


def _size_of(part: Part, stem: str) -> tuple[int, ...]:
    """A twin that was cut otherwise has another: a crop is held back where it would lose the forgery."""
    return _mask(part, stem).shape


def _measured(part: Part, picture: Path) -> Page:
    return page_of(subject_of(picture), _mask(part, picture.stem))


def _mask(part: Part, stem: str) -> Mask:
    path = part.source / "masks" / f"{stem}.png"
    return decode_mask(path.read_bytes(), path.name, size=None)


def pages_in(place: Path) -> list[Path]:
    """The pages in a folder that `make` wrote."""
    return sorted(place.glob("*.npz"))


def twin_of(page: Path) -> Path:
    """Where the same page lies as nobody forged it; not every page has such a twin."""
    return page.parent / TWINS / page.name


def forged_in(place: Path) -> NDArray[np.bool_]:
    """Which of them are forged, in the same order."""
    return np.asarray(np.load(place / FORGED_FILE), np.bool_)
