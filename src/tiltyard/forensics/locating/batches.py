"""Batches for training: half of the crops authentic, every set by its share, turned, flipped, a little relit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.crops import SIDE, Crop
from tiltyard.forensics.locating.material import Crops, opened
from tiltyard.forensics.locating.planes import OWN
from tiltyard.forensics.tracing.earlier_saving import BLOCK, FREQUENCIES

GAIN, BIAS = 0.12, 0.06
_PLACE = {FREQUENCIES[number]: place for place, number in enumerate(OWN)}
TRANSPOSED = [_PLACE[v, u] for u, v in _PLACE]
"""Where the plane of each frequency goes when rows and columns are exchanged."""


@dataclass(frozen=True)
class Batch:
    """(n, 3, s, s) pixels in [0, 1], (n, PLANES, s / 8, s / 8) planes, (n, s, s) masks of 0 and 1."""

    pixels: Tensor
    planes: Tensor
    masks: Tensor


@dataclass(frozen=True)
class Pool:
    """The crops of one set, and the numbers of its forged and its authentic ones."""

    parts: tuple[Crops, ...]
    forged: NDArray[np.intp]
    authentic: NDArray[np.intp]
    names: tuple[str, ...]
    """Of the parts: they follow from what is in them."""

    def __len__(self) -> int:
        return len(self.forged) + len(self.authentic)

    def __getitem__(self, number: int) -> Crop:
        for part in self.parts:
            if number < len(part):
                return part[number]
            number -= len(part)
        raise IndexError(number)


def pool_of(folders: Sequence[Path]) -> Pool:
    """TiltyardError where there is not one crop of either sort."""
    parts = tuple(opened(folder) for folder in folders)
    forged = np.concatenate([part.forged for part in parts])
    if forged.all() or not forged.any():
        raise TiltyardError(f"{folders[0].parent}: needs forged and authentic crops: make a larger set")
    return Pool(parts, np.flatnonzero(forged), np.flatnonzero(~forged), tuple(folder.name for folder in folders))


def drawn(pools: Sequence[Pool], shares: Sequence[float], *, count: int, side: int, rng: Generator) -> Batch:
    """A batch of `count` crops of `side` pixels, half of them authentic."""
    chances = np.asarray(shares) / np.sum(shares)
    crops = []
    for number in range(count):
        pool = pools[int(rng.choice(len(pools), p=chances))]
        numbers = pool.forged if number % 2 else pool.authentic
        crops.append(_varied(_part_of(pool[int(rng.choice(numbers))], side, rng), rng))
    return batch_of(crops)


def batch_of(crops: Sequence[Crop]) -> Batch:
    """The crops as they are."""
    pixels = torch.from_numpy(np.stack([np.asarray(crop.pixels) for crop in crops])).permute(0, 3, 1, 2)
    planes = torch.from_numpy(np.stack([crop.planes for crop in crops])).float()
    masks = torch.from_numpy(np.stack([crop.mask for crop in crops])).float()
    layout = torch.channels_last
    return Batch(
        (pixels.float() / 255).contiguous(memory_format=layout), planes.contiguous(memory_format=layout), masks
    )


def _part_of(crop: Crop, side: int, rng: Generator) -> Crop:
    """A square on the blocks; one that still shows the forgery where there is one."""
    spare = (SIDE - side) // BLOCK
    if spare == 0:
        return crop
    top, left = (int(start) * BLOCK for start in rng.integers(spare + 1, size=2))
    if crop.mask.any() and not crop.mask[top : top + side, left : left + side].any():
        rows, columns = np.nonzero(crop.mask)
        number = int(rng.integers(len(rows)))
        top, left = (
            min(max(0, int(at) - side // 2), SIDE - side) // BLOCK * BLOCK for at in (rows[number], columns[number])
        )
    first, second = slice(top, top + side), slice(left, left + side)
    blocks = tuple(slice(start // BLOCK, (start + side) // BLOCK) for start in (top, left))
    return Crop(crop.pixels[first, second], crop.planes[:, blocks[0], blocks[1]], crop.mask[first, second])


def _varied(crop: Crop, rng: Generator) -> Crop:
    """The histograms behind the planes know no sign, so that a mirror image has the same values."""
    pixels, planes, mask = crop.pixels, crop.planes, crop.mask
    flips = rng.random(3) < 0.5
    for axis in (0, 1):
        if flips[axis]:
            pixels, planes, mask = np.flip(pixels, axis), np.flip(planes, axis + 1), np.flip(mask, axis)
    if flips[2]:
        order = [*TRANSPOSED, *range(len(TRANSPOSED), len(planes))]
        pixels, planes, mask = pixels.transpose(1, 0, 2), planes[order].transpose(0, 2, 1), mask.T
    return Crop(_relit(pixels, rng), np.ascontiguousarray(planes), np.ascontiguousarray(mask))


def _relit(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    if rng.random() < 0.5:
        return np.ascontiguousarray(pixels)
    gain, bias = 1 + rng.uniform(-GAIN, GAIN, 3), 255 * rng.uniform(-BIAS, BIAS)
    table = np.clip(np.rint(np.arange(256)[:, None] * gain + bias), 0, 255).astype(np.uint8)
    return np.stack([table[:, channel][pixels[..., channel]] for channel in range(3)], -1)
