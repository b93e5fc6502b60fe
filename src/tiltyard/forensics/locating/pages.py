"""A page as the network is told of it, with its truth: on disk, and a part of it in a batch."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.locating.measures import by_block
from tiltyard.forensics.locating.planes import on_grid
from tiltyard.forensics.locating.view import View, view_of
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import Subject

LARGEST = 80
"""Blocks a side of the part that training sees at once."""
ON_WHAT_IS_FORGED = 0.9
"""How often that part holds something forged where the page does."""
SURELY = 0.5
"""The share of a block from which it counts as forged."""


@dataclass(frozen=True)
class Page:
    """What the network is told, and the share of each block that is forged (rows, columns)."""

    view: View
    shares: NDArray[np.float16]

    @property
    def forged(self) -> bool:
        return bool((self.shares > SURELY).any())

    def save(self, path: Path) -> None:
        np.savez(path, **asdict(self.view), shares=self.shares)


def page_of(subject: Subject, mask: Mask) -> Page:
    """A picture with its (h, w) mask, on the grid of its JPEG blocks."""
    down, right = subject.grid
    shares = by_block(mask[down:, right:].astype(np.float32))
    return Page(view_of(on_grid(subject)), shares.astype(np.float16))


def opened(path: Path) -> Page:
    """What `Page.save` wrote."""
    with np.load(path) as content:
        return Page(View(content["planes"], content["sizes"], content["steps"]), content["shares"])


@dataclass(frozen=True)
class Cut:
    """A part of a page, mirrored or not: the same of its twin."""

    here: tuple[slice, slice]
    mirrored: tuple[slice, slice]

    def of(self, page: Page) -> Page:
        view = page.view.part(self.here).part(self.mirrored)
        return Page(view, page.shares[self.here][self.mirrored])


def a_cut(page: Page, rng: Generator) -> Cut:
    """At most LARGEST blocks a side."""
    rows, columns = page.shares.shape
    height, width = min(rows, LARGEST), min(columns, LARGEST)
    top, left = _corner(page, height, width, rng)
    down, right = (slice(None, None, -1 if rng.random() < 0.5 else None) for _ in range(2))
    return Cut((slice(top, top + height), slice(left, left + width)), (down, right))


def _corner(page: Page, height: int, width: int, rng: Generator) -> tuple[int, int]:
    rows, columns = page.shares.shape
    forged = np.argwhere(page.shares > SURELY)
    if not len(forged) or rng.random() >= ON_WHAT_IS_FORGED:
        return int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    row, column = forged[rng.integers(len(forged))]
    top, left = row - rng.integers(height), column - rng.integers(width)
    return int(np.clip(top, 0, rows - height)), int(np.clip(left, 0, columns - width))
