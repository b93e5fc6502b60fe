"""What the network is trained on: square crops of forged and authentic pictures, with planes of the whole picture."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.locating.planes import Planes, planes_of
from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.forensics.tracing.earlier_saving import BLOCK

SIDE = 256
FORGED, BESIDE, AUTHENTIC = 2, 1, 2
"""Crops of a forged picture that show a forgery, of one that show none, and of an authentic picture."""
REDUCED = 0.25
"""The share of crops that show the picture at another scale: what a look at the whole picture sees."""
SCALES = 0.35, 0.85
TRIES = 8


@dataclass(frozen=True)
class Crop:
    """(256, 256, 3) pixels, (PLANES, 32, 32) planes, (256, 256) mask; its own, for the picture is not kept."""

    pixels: Pixels
    planes: Planes
    mask: Mask


@dataclass(frozen=True)
class _Sheet:
    """A picture of at least one crop's size, and its planes."""

    pixels: Pixels
    planes: Planes
    mask: Mask

    def crop(self, top: int, left: int) -> Crop:
        rows, columns = slice(top, top + SIDE), slice(left, left + SIDE)
        blocks = tuple(slice(start // BLOCK, (start + SIDE) // BLOCK) for start in (top, left))
        pixels, mask = self.pixels[rows, columns], self.mask[rows, columns]
        return Crop(pixels.copy(), self.planes[:, blocks[0], blocks[1]].copy(), mask.copy())


def crops_of(subject: Subject, mask: Mask, rng: Generator) -> Iterator[Crop]:
    """Some crops of a picture with its (h, w) mask, on the grid of its blocks."""
    subject, mask = on_grid(subject), mask[subject.grid[0] :, subject.grid[1] :]
    native = _sheet(subject, mask)
    reduced = _sheet(*_reduced(subject, mask, rng)) if rng.random() < 2 * REDUCED else None
    for number in range(FORGED + BESIDE if mask.any() else AUTHENTIC):
        sheet = reduced if reduced is not None and rng.random() < 0.5 else native
        crop = _holding(sheet, rng) if mask.any() and number < FORGED else _without(sheet, rng)
        if crop is not None:
            yield crop


def on_grid(subject: Subject) -> Subject:
    """The part of a picture from its first whole block on."""
    down, right = subject.grid
    luma = None if subject.decoded_luma is None else subject.decoded_luma[down:, right:]
    return replace(subject, pixels=subject.pixels[down:, right:], decoded_luma=luma, grid=(0, 0))


def _sheet(subject: Subject, mask: Mask) -> _Sheet:
    """Cut to whole blocks, and continued by its mirror image where it is smaller than a crop."""
    planes = planes_of(subject)
    rows, columns = planes.shape[1:]
    whole = slice(rows * BLOCK), slice(columns * BLOCK)
    more_rows, more_columns = (max(0, SIDE // BLOCK - count) for count in (rows, columns))
    sides = ((0, more_rows * BLOCK), (0, more_columns * BLOCK))
    return _Sheet(
        np.pad(subject.pixels[whole], (*sides, (0, 0)), mode="symmetric"),
        np.pad(planes, ((0, 0), (0, more_rows), (0, more_columns)), mode="symmetric"),
        np.pad(mask[whole], sides, mode="symmetric"),
    )


def _reduced(subject: Subject, mask: Mask, rng: Generator) -> tuple[Subject, Mask]:
    height, width = mask.shape
    scale = float(rng.uniform(*SCALES))
    size = max(BLOCK, round(width * scale)), max(BLOCK, round(height * scale))
    pixels = np.asarray(cv2.resize(subject.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    return Subject(pixels), np.asarray(small)


def _holding(sheet: _Sheet, rng: Generator) -> Crop | None:
    """A crop around some forged pixel; None where reducing left none."""
    rows, columns = np.nonzero(sheet.mask)
    if not len(rows):
        return None
    number = int(rng.integers(len(rows)))
    return sheet.crop(*(_start(int(at), length, rng) for at, length in zip(
        (rows[number], columns[number]), sheet.mask.shape, strict=True,
    )))  # fmt: skip


def _start(at: int, length: int, rng: Generator) -> int:
    """Where a crop begins that holds a coordinate: on a block, within the picture."""
    first, last = max(0, at - SIDE + BLOCK), min(at, length - SIDE)
    return int(rng.integers(first, max(first, last) + 1)) // BLOCK * BLOCK


def _without(sheet: _Sheet, rng: Generator) -> Crop | None:
    """A crop without a forgery, the busier of two; None where none is found."""
    found: list[Crop] = []
    for _ in range(TRIES):
        top, left = (int(rng.integers(length - SIDE + 1)) // BLOCK * BLOCK for length in sheet.mask.shape)
        crop = sheet.crop(top, left)
        if not crop.mask.any():
            found.append(crop)
        if len(found) == 2:
            break
    return max(found, key=_busy, default=None)


def _busy(crop: Crop) -> float:
    values: NDArray[np.uint8] = crop.pixels
    return float(values.std())
