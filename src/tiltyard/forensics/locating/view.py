"""All that the network is told of a page: measures against the page, and what the file itself holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.locating.planes import Planes, planes_of
from tiltyard.forensics.locating.stored import stored_of
from tiltyard.forensics.tracing.cue import Subject

Cut = tuple[slice, slice]
"""Rows and columns of blocks."""


@dataclass(frozen=True)
class View:
    """Of each of rows × columns blocks."""

    planes: Planes
    """(PLANES, rows, columns)."""
    sizes: NDArray[np.uint8]
    """(FREQUENCIES, rows, columns) of stored DCT values, see `Stored`."""
    steps: NDArray[np.float16]
    """(FREQUENCIES,), the same everywhere."""

    def part(self, cut: Cut) -> "View":
        """Of some blocks; mirrored where a slice runs backwards."""
        return View(self.planes[:, *cut], self.sizes[:, *cut], self.steps)


def view_of(subject: Subject) -> View:
    """A picture whose blocks begin at (0, 0); sides of at least 8."""
    stored = stored_of(subject)
    return View(planes_of(subject), stored.sizes, stored.steps)
