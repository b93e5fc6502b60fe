"""Truth in two forms: a mask of pixels and polygons along pixel edges, each made from the other."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import Polygon as Shape

from tiltyard.forensics.picture import Mask

Point = tuple[float, float]
Polygon = tuple[Point, ...]
"""Corners (x, y) without repeating the first; (0, 0) is the outer corner of the first pixel. Whole or half numbers."""

DEVIATION = 0.7
"""How far, in pixels, a simplified polygon may stray from the pixel edges."""
FAITHFUL = 0.97
"""The overlap (IoU) with its own pixels, and the share of their area, below which a polygon is simplified less."""


def polygons_of(mask: Mask, *, deviation: float = DEVIATION) -> tuple[Polygon, ...]:
    """The outer boundary of each 8-connected component of a (h, w) mask, holes filled; from top to bottom.

    A polygon is simple (no edge crosses or touches another) and lies within the picture. With `deviation=0` it follows
    the pixel edges: its area is the number of its pixels, plus an eighth for each corner at which two pixels touch.
    """
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    if not width:
        return ()
    outlines = [_simplified(ring, deviation) for ring in _rings(mask[top : top + height, left : left + width])]
    return tuple(sorted((_moved(outline, left, top) for outline in outlines), key=lambda polygon: polygon[0][::-1]))


def mask_of(polygons: Sequence[Sequence[Point]], size: tuple[int, int]) -> Mask:
    """The (h, w) mask of a picture of `size` (width, height): pixels whose centre lies in one of the polygons."""
    width, height = size
    mask = np.zeros((height, width), np.bool_)
    for polygon in polygons:
        corners = np.asarray(polygon, np.float64)
        left, top = np.clip(np.floor(corners.min(0)), 0, size).astype(int)
        right, bottom = np.clip(np.ceil(corners.max(0)), 0, size).astype(int)
        mask[top:bottom, left:right] |= _filled(corners - (left, top), right - left, bottom - top)
    return mask


def _rings(mask: Mask) -> Iterator[NDArray[np.float64]]:
    """Closed paths along pixel edges. At twice the size each border pixel lies beside exactly one pixel corner."""
    doubled = np.repeat(np.repeat(mask.astype(np.uint8), 2, 0), 2, 1)
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        yield _opened(_without_repeats((contour[:, 0].astype(np.float64) + 1) // 2))


def _without_repeats(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    kept: NDArray[np.float64] = ring[np.any(ring != np.roll(ring, 1, 0), 1)]
    return kept


def _opened(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the path meets a corner a second time (two pixels touch there), it cuts that corner by half a pixel."""
    _, first = np.unique(ring, axis=0, return_index=True)
    again = np.ones(len(ring), np.bool_)
    again[first] = False
    if not again.any():
        return ring
    before, after = (ring + np.roll(ring, 1, 0)) / 2, (ring + np.roll(ring, -1, 0)) / 2
    pieces = [np.stack([before[i], after[i]]) if again[i] else ring[i : i + 1] for i in range(len(ring))]
    return _without_repeats(np.concatenate(pieces))


def _simplified(ring: NDArray[np.float64], deviation: float) -> NDArray[np.float64]:
    """The polygon with the fewest points that still covers its pixels: through pixel corners, which suits upright
    borders, or through the middles of pixel edges, which suits slanted ones."""
    if deviation > 0:
        middles = _halved((ring + np.roll(ring, -1, 0)) / 2)
        outlines = sorted((_reduced(path, deviation) for path in (ring, middles)), key=len)
        for outline in (*outlines, _reduced(ring, deviation / 2)):
            if _faithful(outline, ring):
                return outline
    return _reduced(ring, 0)


def _faithful(outline: NDArray[np.float64], ring: NDArray[np.float64]) -> bool:
    shape, exact = Shape(outline), Shape(ring)
    if not shape.is_valid or abs(shape.area - exact.area) > (1 - FAITHFUL) * exact.area:
        return False
    left, top = ring.min(0)
    width, height = (int(n) for n in ring.max(0) - (left, top))
    one, other = (_filled(path - (left, top), width, height) for path in (outline, ring))
    return bool((one & other).sum() >= FAITHFUL * (one | other).sum())


def _halved(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges cut by half a pixel have middles at quarters: those move to the half before them."""
    return _without_repeats(np.floor(path * 2) / 2)


def _reduced(path: NDArray[np.float64], deviation: float) -> NDArray[np.float64]:
    outline: NDArray[np.float64] = np.asarray(Shape(path).simplify(deviation).exterior.coords)[:-1]
    if len(outline) > 3 and _straight(outline[-1], outline[0], outline[1]):
        outline = outline[1:]
    return outline


def _straight(first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64]) -> bool:
    (ax, ay), (bx, by) = second - first, third - second
    return bool(ax * by == ay * bx)


def _filled(polygon: NDArray[np.float64], width: int, height: int) -> Mask:
    """Even-odd rule on pixel centres: every edge toggles its rows from the first centre at or right of the crossing."""
    ahead = np.roll(polygon, -1, 0)
    first, last = (
        np.clip(np.ceil(side - 0.5), 0, height).astype(np.intp)
        for side in (np.minimum(polygon[:, 1], ahead[:, 1]), np.maximum(polygon[:, 1], ahead[:, 1]))
    )
    edge = np.repeat(np.arange(len(polygon)), last - first)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(last - first) - last, last - first)
    run, rise = (ahead - polygon)[edge].T
    crossing = polygon[edge, 0] + (rows + 0.5 - polygon[edge, 1]) * run / rise
    columns = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.intp)
    toggles = np.bincount(rows * (width + 1) + columns, minlength=height * (width + 1)).reshape(height, width + 1)
    return (np.cumsum(toggles, 1)[:, :width] % 2).astype(np.bool_)


def _moved(outline: NDArray[np.float64], left: int, top: int) -> Polygon:
    return tuple((float(x) + left, float(y) + top) for x, y in outline)
