"""What may happen to a picture after forging: nothing, or one of crop, smooth, downsample, resend and recompress."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.savings import a_saving
from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.saving import Saving, resaved

NONE = "none"
LEFT_ALONE = 0.35
"""The share of pictures without a post-process; the others are equally frequent."""
MARGIN = 0.12
"""The largest share of a side that a crop takes from it."""
KERNELS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
GRID = 8


@dataclass(frozen=True)
class Posted:
    """Pixels, (h, w) mask of the same size, how they are to be saved now, and what was done."""

    pixels: Pixels
    mask: Mask
    saving: Saving
    name: str = NONE


PostProcess = Callable[[Posted, Generator, int], Posted]
"""Takes the picture, randomness and the longest side that the set's pictures have."""


def post_processed(pixels: Pixels, mask: Mask, saving: Saving, rng: Generator, *, long_side: int) -> Posted:
    """The picture after none or one post-process, and its mask moved along by nearest neighbours.

    `saving` is how the forger saves: what another program did to that file starts from its decoded pixels. What is
    drawn does not depend on the mask, so that authentic pictures (an empty mask) get the same treatment; only a crop
    that would lose more than half of the mask is held back. A mask that was not empty does not become so.
    """
    posted = Posted(pixels, mask, saving)
    if rng.random() < LEFT_ALONE:
        return posted
    name = tuple(POST_PROCESSES)[int(rng.integers(len(POST_PROCESSES)))]
    return replace(POST_PROCESSES[name](posted, rng, long_side), name=name)


def _crop(posted: Posted, rng: Generator, _: int) -> Posted:
    height, width = posted.mask.shape
    left, right = (int(rng.integers(max(1, int(width * MARGIN)))) for _ in range(2))
    top, bottom = (int(rng.integers(max(1, int(height * MARGIN)))) for _ in range(2))
    return _cut(posted, (left, top, width - right, height - bottom))


def _smooth(posted: Posted, rng: Generator, _: int) -> Posted:
    kind, sigma = int(rng.integers(3)), float(rng.uniform(0.5, 1.1))
    if kind == 0:
        pixels = cv2.medianBlur(posted.pixels, 3)
    elif kind == 1:
        pixels = cv2.blur(posted.pixels, (3, 3))
    else:
        pixels = cv2.GaussianBlur(posted.pixels, (0, 0), sigma)
    return replace(posted, pixels=np.asarray(pixels, np.uint8))


def _downsample(posted: Posted, rng: Generator, long_side: int) -> Posted:
    target = min(long_side, max(posted.mask.shape)) * float(rng.uniform(0.55, 0.9))
    return _shrunk(posted, target, KERNELS[int(rng.integers(len(KERNELS)))])


def _resend(posted: Posted, rng: Generator, long_side: int) -> Posted:
    """A messenger limits the long side and saves with few bytes."""
    target, saving = long_side * float(rng.uniform(0.6, 0.95)), a_saving(rng, like="messenger")
    received = replace(posted, pixels=resaved(posted.pixels, posted.saving), saving=saving)
    return _shrunk(received, target, cv2.INTER_LINEAR)


def _recompress(posted: Posted, rng: Generator, _: int) -> Posted:
    """The first save's 8×8 grid no longer lies on the second one's."""
    first = posted.saving if posted.saving.format == "jpeg" else a_saving(rng, like="library")
    second = a_saving(rng, like="library")
    while second.luma == first.luma:
        second = a_saving(rng, like="library")
    height, width = posted.mask.shape
    left, top = (min(int(rng.integers(1, GRID)), side - 1) for side in (width, height))
    opened = replace(posted, pixels=resaved(posted.pixels, first), saving=second)
    return _cut(opened, (left, top, width, height))


POST_PROCESSES: dict[str, PostProcess] = {
    "crop": _crop,
    "smooth": _smooth,
    "downsample": _downsample,
    "resend": _resend,
    "recompress": _recompress,
}


def _cut(posted: Posted, box: tuple[int, int, int, int]) -> Posted:
    """The part within (left, top, right, bottom), widened where most of the mask would be lost."""
    left, top, right, bottom = box
    mask = posted.mask[top:bottom, left:right]
    if 2 * np.count_nonzero(mask) < np.count_nonzero(posted.mask):
        x, y, width, height = cv2.boundingRect(posted.mask.view(np.uint8))
        left, top, right, bottom = min(left, x), min(top, y), max(right, x + width), max(bottom, y + height)
    part = (slice(top, bottom), slice(left, right))
    return replace(
        posted, pixels=np.ascontiguousarray(posted.pixels[part]), mask=np.ascontiguousarray(posted.mask[part])
    )


def _shrunk(posted: Posted, long_side: float, kernel: int) -> Posted:
    height, width = posted.mask.shape
    scale = long_side / max(height, width)
    if scale >= 1:
        return posted
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.asarray(cv2.resize(posted.pixels, size, interpolation=kernel), np.uint8)
    return replace(posted, pixels=pixels, mask=_shrunk_mask(posted.mask, size))


def _shrunk_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Nearest neighbours; a region that would fall between them keeps one pixel."""
    small = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.bool_)
    if mask.any() and not small.any():
        y, x = np.argwhere(mask)[0]
        small[y * size[1] // mask.shape[0], x * size[0] // mask.shape[1]] = True
    return small
