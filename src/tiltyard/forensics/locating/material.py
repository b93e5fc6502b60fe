"""Blocks on disk, as the network is told of them: made once from sets that `tiltyard forge` wrote, part by part."""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tiltyard.contest.executor import Executor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.cells import Cells, cells_of
from tiltyard.forensics.tracing.cue import subject_of
from tiltyard.vision.masks import decode_mask

Progress = Callable[[int, int], None]
"""Called with the parts that are done and those that there are."""
TOLD_FILE, FORGED_FILE = "told.npy", "forged.npy"
VERSION = 3
"""Changes with whatever changes what the network is told."""


@dataclass(frozen=True)
class Part:
    """One part of a set, and the folder into which its blocks go."""

    source: Path
    cells: Path
    seed: int

    @property
    def is_done(self) -> bool:
        return self.cells.is_dir()


def prepare(
    sets: Sequence[Path], out: Path, executor: Executor, *, seed: int, progress: Progress = lambda done, of: None
) -> list[list[Path]]:
    """Measures every part that is not done yet; by set, the folders of blocks. TiltyardError names an empty set.

    A set is a folder that `tiltyard forge` wrote. What is made of a part depends on its pictures and the seed alone.
    """
    by_set = [parts_of(place, out, seed) for place in sets]
    parts = [part for found in by_set for part in found]
    missing = [part for part in parts if not part.is_done]
    progress(len(parts) - len(missing), len(parts))
    for done, _ in enumerate(executor.submit(make, missing), 1):
        progress(len(parts) - len(missing) + done, len(parts))
    return [[part.cells for part in found] for found in by_set]


def parts_of(place: Path, out: Path, seed: int) -> list[Part]:
    """The parts of a set; those that are still being written are not seen."""
    found = sorted(path.parent for path in place.glob("part-*/samples.csv"))
    if not found:
        raise TiltyardError(f"{place}: holds no part of a set; make one with tiltyard forge documents --out {place}")
    return [Part(part, out / place.name / f"{part.name}-{_digest(part, seed)}", seed) for part in found]


def _digest(part: Path, seed: int) -> str:
    """Of what a part holds (its table has the digest of every picture) and how blocks are drawn from it."""
    content = (part / "samples.csv").read_bytes()
    return hashlib.sha256(content + f"{seed} {VERSION}".encode()).hexdigest()[:12]


def make(part: Part) -> None:
    """Writes the blocks of one part; a kill leaves nothing or all of them."""
    found = list(_cells(part))
    place = part.cells.with_name(f".{part.cells.name}")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    np.save(place / TOLD_FILE, np.concatenate([cells.told for cells in found]))
    np.save(place / FORGED_FILE, np.concatenate([cells.forged for cells in found]))
    place.rename(part.cells)


def _cells(part: Part) -> Iterable[Cells]:
    for number, picture in enumerate(sorted((part.source / "images").iterdir())):
        mask = part.source / "masks" / f"{picture.stem}.png"
        rng = np.random.default_rng([part.seed, int(part.source.name.rpartition("-")[2]), number])
        yield cells_of(subject_of(picture), decode_mask(mask.read_bytes(), mask.name, size=None), rng)


def opened(place: Path) -> Cells:
    """The blocks in a folder that `make` wrote, mapped into memory: (n, TOLD) and (n)."""
    return Cells(np.load(place / TOLD_FILE, mmap_mode="r"), np.load(place / FORGED_FILE))
