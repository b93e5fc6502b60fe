"""Polygons of many files in flat arrays, and what makes one fit to be scored."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

BLOCK = 50_000
"""Polygons that exist as objects of GEOS at the same time."""
CROSSES = "crosses or touches itself"
NO_AREA = "has no area"


@dataclass(frozen=True)
class Regions:
    """The polygons of n files, one after another.

    Polygon j has the corners `points[rings[j] : rings[j + 1]]`, (x, y) in pixels, with or without the first one again
    at the end; file i has the polygons `files[i]` to `files[i + 1] - 1`.
    """

    points: NDArray[np.float64]
    """(p, 2)."""
    rings: NDArray[np.int64]
    """(r + 1,), from 0 to p."""
    files: NDArray[np.int64]
    """(n + 1,), from 0 to r."""

    def __len__(self) -> int:
        return len(self.files) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """(n,) polygons of each file."""
        return np.diff(self.files)

    def take(self, chosen: NDArray[np.int64]) -> "Regions":
        """The files with these indices, in this order."""
        rings, files = gathered(self.files, chosen)
        points, corners = gathered(self.rings, rings)
        return Regions(self.points[points], corners, files)

    def geometries(self) -> NDArray[np.object_]:
        """(r,) shapely polygons, valid or not."""
        made: NDArray[np.object_] = shapely.polygons(
            shapely.linearrings(self.points, indices=np.repeat(np.arange(len(self.rings) - 1), np.diff(self.rings)))
        )
        return made

    def file_of(self, polygon: int) -> int:
        """The index of the file that a polygon belongs to."""
        return int(np.searchsorted(self.files, polygon, side="right")) - 1


def gathered(starts: NDArray[np.int64], chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Members of the chosen groups of a ragged array, and the bounds of the groups among them."""
    sizes = starts[chosen + 1] - starts[chosen]
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    members = np.repeat(starts[chosen] - bounds[:-1], sizes) + np.arange(bounds[-1])
    return members, bounds


def first_fault(regions: Regions) -> tuple[int, str] | None:
    """The index of the first polygon that cannot be scored and why: it crosses or touches itself, or has no area.

    Every polygon must have three corners or more, of finite coordinates. What may not touch itself is its boundary
    (OGC simple features): there is then one answer to what lies inside.
    """
    for start, block in _blocks(regions):
        geometries = block.geometries()
        faulty = np.flatnonzero(~shapely.is_valid(geometries) | ~(shapely.area(geometries) > 0))
        if len(faulty):
            first = int(faulty[0])
            return start + first, _fault(block.points[block.rings[first] : block.rings[first + 1]], geometries[first])
    return None


def _blocks(regions: Regions) -> Iterator[tuple[int, Regions]]:
    for start in range(0, len(regions.rings) - 1, BLOCK):
        rings = regions.rings[start : start + BLOCK + 1]
        yield start, Regions(regions.points[rings[0] : rings[-1]], rings - rings[0], np.array([0, len(rings) - 1]))


def _fault(corners: NDArray[np.float64], geometry: shapely.Polygon) -> str:
    if shapely.is_valid(geometry) or _on_a_line(corners):
        return NO_AREA
    where = shapely.is_valid_reason(geometry).partition("[")[2].rstrip("]").split()
    return f"{CROSSES} at ({where[0]}, {where[1]})" if len(where) == 2 else CROSSES


def _on_a_line(corners: NDArray[np.float64]) -> bool:
    ways = corners - corners[0]
    farthest = ways[np.argmax((ways**2).sum(1))]
    return bool(np.all(ways[:, 0] * farthest[1] == ways[:, 1] * farthest[0]))
