"""Batches for training: parts of pages drawn from all sets, every set by its share of the draws."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.material import forged_in, pages_in, twin_of
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.pages import Page, a_cut, opened

BESIDE = 0.6
"""How often a page is drawn beside itself as nobody forged it, where it has such a twin."""


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
    forged: tuple[bool, ...]
    """Of the pages."""

    def __len__(self) -> int:
        return len(self.pages)

    @cached_property
    def with_twins(self) -> int:
        """Pages and twins."""
        return len(self) + sum(twin_of(page).is_file() for page in self.pages)

    def page(self, number: int) -> Page:
        """That one, whole."""
        return opened(self.pages[number])

    def twin(self, number: int) -> Page | None:
        """The same as nobody forged it, where there is such a page."""
        path = twin_of(self.pages[number])
        return opened(path) if path.is_file() else None


def pool_of(folders: Sequence[Path]) -> Pool:
    """A set that `material.prepare` measured; TiltyardError where it lacks forged or authentic pages."""
    forged = np.concatenate([forged_in(folder) for folder in folders])
    if forged.all() or not forged.any():
        raise TiltyardError(f"{folders[0].parent}: needs forged and authentic pages: make a larger set")
    pages = tuple(page for folder in folders for page in pages_in(folder))
    return Pool(pages, tuple(folder.name for folder in folders), tuple(map(bool, forged)))


def drawn(pools: Sequence[Pool], shares: Sequence[float], *, count: int, rng: Generator) -> Batch:
    """A batch of `count` parts of pages, some beside the same part as nobody forged it; the last one always alone."""
    chances, parts = np.asarray(shares) / np.sum(shares), list[Page]()
    while len(parts) < count:
        pool = pools[int(rng.choice(len(pools), p=chances))]
        parts += _with_twin(pool, int(rng.integers(len(pool))), rng)
    return batch_of(parts[:count])


def _with_twin(pool: Pool, number: int, rng: Generator) -> list[Page]:
    page = pool.page(number)
    cut = a_cut(page, rng)
    twin = pool.twin(number) if rng.random() < BESIDE else None
    return [cut.of(page), *([cut.of(twin)] if twin else [])]


def batch_of(pages: Sequence[Page]) -> Batch:
    """Pages side by side; what fills one up mirrors it, so that its places are compared with nothing else."""
    rows, columns = (max(page.shares.shape[axis] for page in pages) for axis in (0, 1))
    views, shares = [page.view for page in pages], [page.shares for page in pages]

    def together(values: Iterable[NDArray[Any]], how: Literal["symmetric", "constant"]) -> Tensor:
        filled = [_filled(one, rows, columns, how) for one in values]
        return torch.from_numpy(np.stack(filled).astype(np.float32))

    return Batch(
        planes=together((view.planes for view in views), "symmetric"),
        sizes=together((view.sizes for view in views), "symmetric"),
        steps=torch.from_numpy(np.stack([view.steps for view in views]).astype(np.float32)),
        shares=together(shares, "constant"),
        seen=together((np.ones_like(one) for one in shares), "constant"),
    )


def _filled(values: NDArray[Any], rows: int, columns: int, how: Literal["symmetric", "constant"]) -> NDArray[Any]:
    """(…, rows, columns)."""
    height, width = values.shape[-2:]
    beyond = [(0, 0)] * (values.ndim - 2) + [(0, rows - height), (0, columns - width)]
    return np.pad(values, beyond, mode=how)
