"""Crops on disk: made once from sets that `tiltyard forge` wrote, part by part, and read without loading them."""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.executor import Executor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.crops import SIDE, Crop, crops_of
from tiltyard.forensics.locating.planes import PLANES
from tiltyard.forensics.tracing.cue import subject_of
from tiltyard.forensics.tracing.earlier_saving import BLOCK
from tiltyard.vision.masks import decode_mask

Progress = Callable[[int, int], None]
"""Called with the parts that are done and those that there are."""
BLOCKS = SIDE // BLOCK
PIXELS, PLANES_FILE, MASKS = "pixels.npy", "planes.npy", "masks.npy"
VERSION = 1
"""Changes with whatever changes the crops."""


@dataclass(frozen=True)
class Part:
    """One part of a set, and the folder into which its crops go."""

    source: Path
    crops: Path
    seed: int

    @property
    def is_done(self) -> bool:
        return self.crops.is_dir()


@dataclass(frozen=True)
class Crops:
    """The crops of one part, mapped into memory: (n, 256, 256, 3), (n, PLANES, 32, 32) and masks, packed by rows."""

    pixels: NDArray[np.uint8]
    planes: NDArray[np.float16]
    packed: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, number: int) -> Crop:
        mask = np.unpackbits(self.packed[number], axis=-1).astype(np.bool_)
        return Crop(np.asarray(self.pixels[number]), np.asarray(self.planes[number]), mask)

    @cached_property
    def forged(self) -> NDArray[np.bool_]:
        """(n,), true where a crop shows a forgery."""
        return np.asarray(self.packed.any((1, 2)))


def prepare(
    sets: Sequence[Path], out: Path, executor: Executor, *, seed: int, progress: Progress = lambda done, of: None
) -> list[list[Path]]:
    """Makes the crops of every part that has none yet; by set, the folders of crops. TiltyardError names an empty set.

    A set is a folder that `tiltyard forge` wrote. What is made of a part depends on its pictures and the seed alone.
    """
    by_set = [parts_of(place, out, seed) for place in sets]
    parts = [part for found in by_set for part in found]
    missing = [part for part in parts if not part.is_done]
    progress(len(parts) - len(missing), len(parts))
    for done, _ in enumerate(executor.submit(make, missing), 1):
        progress(len(parts) - len(missing) + done, len(parts))
    return [[part.crops for part in found] for found in by_set]


def parts_of(place: Path, out: Path, seed: int) -> list[Part]:
    """The parts of a set; those that are still being written are not seen."""
    found = sorted(path.parent for path in place.glob("part-*/samples.csv"))
    if not found:
        raise TiltyardError(f"{place}: holds no part of a set; make one with tiltyard forge documents --out {place}")
    return [Part(part, out / place.name / f"{part.name}-{_digest(part, seed)}", seed) for part in found]


def _digest(part: Path, seed: int) -> str:
    """Of what a part holds (its table has the digest of every picture) and how crops are taken from it."""
    content = (part / "samples.csv").read_bytes()
    return hashlib.sha256(content + f"{seed} {VERSION}".encode()).hexdigest()[:12]


def make(part: Part) -> None:
    """Writes the crops of one part; a kill leaves nothing or all of them."""
    found = list(_crops(part))
    place = part.crops.with_name(f".{part.crops.name}")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    count = len(found)
    np.save(place / PIXELS, np.array([crop.pixels for crop in found], np.uint8).reshape(count, SIDE, SIDE, 3))
    np.save(place / PLANES_FILE, np.array([c.planes for c in found], np.float16).reshape(count, PLANES, BLOCKS, BLOCKS))
    masks = np.array([crop.mask for crop in found], np.bool_).reshape(count, SIDE, SIDE)
    np.save(place / MASKS, np.packbits(masks, axis=-1))
    place.rename(part.crops)


def _crops(part: Part) -> Iterable[Crop]:
    for number, picture in enumerate(sorted((part.source / "images").iterdir())):
        mask = part.source / "masks" / f"{picture.stem}.png"
        rng = np.random.default_rng([part.seed, int(part.source.name.rpartition("-")[2]), number])
        yield from crops_of(subject_of(picture), decode_mask(mask.read_bytes(), mask.name, size=None), rng)


def opened(place: Path) -> Crops:
    """The crops in a folder that `make` wrote."""
    pixels, planes, packed = (np.load(place / name, mmap_mode="r") for name in (PIXELS, PLANES_FILE, MASKS))
    return Crops(pixels, planes, packed)
