"""Letters that look alike, laid over each other at whole pixels: how much they differ then."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.tracing.letters import BORDER, Letters

NEAREST = 8
"""Letters that each is compared with: those that look most like it."""
ALIKE = 0.95
"""Cosine of two letters, softened, from which they are the same letter."""
WHOLE = 2048
"""Softened letters are made whole numbers of this scale: their products' sums are exact in any order."""
REACH = 1
"""Pixels by which the middles of two boxes may miss each other."""
AT_ONCE = 400

Floats = NDArray[np.float64]
Windows = NDArray[np.float32]
"""(n, side, side)."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of letters, each once; all arrays have one entry a pair."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    shift: NDArray[np.intp]
    """(n, 2): x and y from the first to the second, in whole pixels, at which they differ least."""
    difference: Floats
    """Grey levels, root of the mean square, but for a difference in light."""
    off: NDArray[np.float64]
    """(n, 2): x and y, the part of a pixel by which the second would have to be moved to fit better."""
    gain: Floats
    """Contrast of the second over that of the first."""
    pixels: Floats
    """How many were compared."""
    contrast: Floats
    """Standard deviation of the first's grey levels."""

    def __len__(self) -> int:
        return len(self.first)


def pairs_of(letters: Letters) -> Pairs:
    """The pairs of letters that look alike."""
    found = _alike(letters)
    parts = [_compared(letters, found[start : start + AT_ONCE]) for start in range(0, len(found), AT_ONCE)]
    return joined(parts) if parts else _compared(letters, found)


def joined(parts: list[Pairs], ahead: tuple[int, ...] = ()) -> Pairs:
    """Several lists as one; the letters of each are counted on from as many as lie `ahead` of it."""
    ahead = ahead or (0,) * len(parts)
    return Pairs(
        np.concatenate([part.first + more for part, more in zip(parts, ahead, strict=True)]),
        np.concatenate([part.second + more for part, more in zip(parts, ahead, strict=True)]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("shift", "difference", "off", "gain", "pixels", "contrast")
        ),
    )


def _alike(letters: Letters) -> NDArray[np.intp]:
    """(n, 2): the first always comes first in the list of letters."""
    count = min(NEAREST, len(letters) - 1)
    if count < 1:
        return np.empty((0, 2), np.intp)
    looks = np.stack([cv2.GaussianBlur(ink, (0, 0), 1.0).ravel() for ink in letters.ink])
    looks = np.rint(looks * (WHOLE / np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1e-6)))
    likeness = looks @ looks.T
    np.fill_diagonal(likeness, -1)
    nearest = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
    first, second = np.repeat(np.arange(len(letters)), count), nearest.ravel()
    pairs = np.stack([first, second], 1)[likeness[first, second] > ALIKE * WHOLE**2]
    return np.asarray(np.unique(np.sort(pairs, axis=1), axis=0), np.intp).reshape(-1, 2)


def _compared(letters: Letters, pairs: NDArray[np.intp]) -> Pairs:
    first, second = pairs.T
    own = (letters.own[first] | letters.own[second]).astype(np.float32)
    slopes = _with_slopes(letters.pixels[first])
    step, nearest = _laid_over(slopes[0], letters.pixels[second], own)
    moved, parts = _centred(nearest, own), [_centred(part, own) for part in slopes]
    products = np.stack([np.stack([_dot(a, b) for b in parts], 1) for a in parts], 1)
    shared = np.stack([_dot(part, moved) for part in parts], 1)
    fit = np.linalg.solve(products + 1e-3 * np.eye(3), shared[..., None])[..., 0]
    pixels, apart = _dot(own, own), moved - parts[0]
    return Pairs(
        first,
        second,
        letters.middles[second] + step[:, ::-1] - letters.middles[first],
        np.sqrt(_dot(apart, apart) / pixels),
        np.asarray(fit[:, 1:], np.float64),
        shared[:, 0] / np.maximum(products[:, 0, 0], 1e-3),
        pixels,
        np.sqrt(products[:, 0, 0] / pixels),
    )


def _laid_over(here: Windows, there: Windows, own: Windows) -> tuple[NDArray[np.intp], Windows]:
    """(n, 2): rows and columns by which each larger window is moved to differ least from the first; it moved so."""
    count, side = _dot(own, own), here.shape[1]
    least, steps = np.full(len(here), np.inf), np.zeros((len(here), 2), np.intp)
    nearest = np.zeros_like(here)
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            moved = there[:, BORDER + down :, BORDER + right :][:, :side, :side]
            apart = (moved - here) * own
            error = _dot(apart, apart) / count - (_dot(apart, own) / count) ** 2
            better = error < least
            least[better], steps[better], nearest[better] = error[better], (down, right), moved[better]
    return steps, nearest


def _with_slopes(pixels: Windows) -> tuple[Windows, Windows, Windows]:
    """The windows without their borders, and by how much they rise to the right and downwards a pixel."""
    inner, before, after = slice(BORDER, -BORDER), slice(BORDER - 1, -BORDER - 1), slice(BORDER + 1, 1 - BORDER)
    across = np.asarray((pixels[:, inner, after] - pixels[:, inner, before]) / 2, np.float32)
    down = np.asarray((pixels[:, after, inner] - pixels[:, before, inner]) / 2, np.float32)
    return pixels[:, inner, inner], across, down


def _centred(windows: Windows, own: Windows) -> Windows:
    mean = _dot(windows, own) / _dot(own, own)
    return np.asarray((windows - mean[:, None, None]) * own, np.float32)


def _dot(first: Windows, second: Windows) -> Floats:
    return np.asarray(np.einsum("nij,nij->n", first, second), np.float64)
