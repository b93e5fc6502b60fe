"""Batches for training: parts of pages of all sets, every set by its share."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.material import forged_in, pages_in
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.pages import Page, opened, part_of
from tiltyard.forensics.locating.planes import PLANES
from tiltyard.forensics.locating.stored import FREQUENCIES


@dataclass(frozen=True)
class Batch:
    """What the network is told of n pages, see `View`, filled up to the largest; the share of each block that is
    forged and 1 where a page has a block (n, rows, columns)."""

    planes: Tensor
    sizes: Tensor
    steps: Tensor
    shares: Tensor
    seen: Tensor

    def to(self, device: str) -> "Batch":
        """The same on a device."""
        return Batch(*(getattr(self, one.name).to(device) for one in fields(self)))

    def answers(self, network: Locator) -> Tensor:
        """(n, rows, columns) logits."""
        logits: Tensor = network(self.planes, self.sizes, self.steps)
        return logits


@dataclass(frozen=True)
class Pool:
    """The pages of one set, on disk."""

    pages: tuple[Path, ...]
    names: tuple[str, ...]
    """Of the parts: they follow from what is in them."""

    def __len__(self) -> int:
        return len(self.pages)

    def page(self, number: int) -> Page:
        """That one, whole."""
        return opened(self.pages[number])


def pool_of(folders: Sequence[Path]) -> Pool:
    """A set that `material.prepare` measured; TiltyardError where it lacks forged or authentic pages."""
    forged = np.concatenate([forged_in(folder) for folder in folders])
    if forged.all() or not forged.any():
        raise TiltyardError(f"{folders[0].parent}: needs forged and authentic pages: make a larger set")
    pages = tuple(page for folder in folders for page in pages_in(folder))
    return Pool(pages, tuple(folder.name for folder in folders))


def drawn(pools: Sequence[Pool], shares: Sequence[float], *, count: int, rng: Generator) -> Batch:
    """A batch of `count` parts of pages."""
    counts = rng.multinomial(count, np.asarray(shares) / np.sum(shares))
    chosen = [
        (pool, int(rng.integers(len(pool)))) for pool, times in zip(pools, counts, strict=True) for _ in range(times)
    ]
    return batch_of([part_of(pool.page(number), rng) for pool, number in chosen])


def batch_of(pages: Sequence[Page]) -> Batch:
    """Pages side by side."""
    rows, columns = (max(page.shares.shape[axis] for page in pages) for axis in (0, 1))
    planes, sizes = (np.zeros((len(pages), count, rows, columns), np.float32) for count in (PLANES, FREQUENCIES))
    shares, seen = (np.zeros((len(pages), rows, columns), np.float32) for _ in range(2))
    for number, page in enumerate(pages):
        down, right = (slice(side) for side in page.shares.shape)
        planes[number, :, down, right], sizes[number, :, down, right] = page.view.planes, page.view.sizes
        shares[number, down, right], seen[number, down, right] = page.shares, 1
    steps = np.stack([page.view.steps for page in pages]).astype(np.float32)
    return Batch(*(torch.from_numpy(values) for values in (planes, sizes, steps, shares, seen)))
