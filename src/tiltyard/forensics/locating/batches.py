"""Batches for training: blocks of all sets, every set by its share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.cells import Cells
from tiltyard.forensics.locating.material import opened


@dataclass(frozen=True)
class Batch:
    """(n, TOLD) of blocks, and 1 for those that are forged (n)."""

    told: Tensor
    forged: Tensor


@dataclass(frozen=True)
class Pool:
    """The blocks of one set."""

    cells: Cells
    names: tuple[str, ...]
    """Of the parts: they follow from what is in them."""

    def __len__(self) -> int:
        return len(self.cells.forged)

    def batch(self, numbers: np.ndarray) -> Batch:
        """Those of these numbers."""
        told, forged = self.cells.told[numbers], self.cells.forged[numbers]
        return Batch(torch.from_numpy(told.astype(np.float32)), torch.from_numpy(forged.astype(np.float32)))


def pool_of(folders: Sequence[Path]) -> Pool:
    """All of a set in memory: 100 KB a picture. TiltyardError where there is not one block of either sort."""
    parts = [opened(folder) for folder in folders]
    forged = np.concatenate([part.forged for part in parts])
    if forged.all() or not forged.any():
        raise TiltyardError(f"{folders[0].parent}: needs forged and authentic places: make a larger set")
    told = np.concatenate([part.told for part in parts])
    return Pool(Cells(told, forged), tuple(folder.name for folder in folders))


def drawn(pools: Sequence[Pool], shares: Sequence[float], *, count: int, rng: Generator) -> Batch:
    """A batch of `count` blocks."""
    counts = rng.multinomial(count, np.asarray(shares) / np.sum(shares))
    batches = [pool.batch(rng.integers(len(pool), size=number)) for pool, number in zip(pools, counts, strict=True)]
    return Batch(torch.cat([one.told for one in batches]), torch.cat([one.forged for one in batches]))
