"""Erase: text or a thing removed, and what lies around it carried on over the gap."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import changed, grain, mixed, noise_of
from tiltyard.forensics.forging.ink import hull
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.patches import BAND, pasted, placed_patch, standing_out
from tiltyard.forensics.forging.pieces import Seen, seen, some_words
from tiltyard.forensics.forging.places import Window, blob, blob_size, has_room, inside, usable
from tiltyard.forensics.picture import Mask, Picture, Pixels

TRIES = 4
LARGEST_GAP = 40
"""Pixels a side of a gap that is inpainted; larger ones are covered with what lies beside them."""


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Removes a line or some of its words; an irregular region where no line is known."""
    has_room(picture)
    lines = usable(picture)
    for place in rng.permutation(len(lines))[:TRIES]:
        view = seen(picture, lines[int(place)])
        change = _text(picture, view, rng) if view else None
        if change:
            return change
    return _inpainted(picture, rng) if rng.random() < 0.35 else _covered(picture, rng)


def _text(picture: Picture, view: Seen, rng: Generator) -> Change | None:
    zone = inside(some_words(view, rng), view.window, by=2)
    content = view.ink.content
    gone = content & zone & ~view.ink.rules
    region = hull(gone) & zone & ~(content & ~gone)
    if not gone.any():
        return None
    if rng.random() < 0.35:
        paper = _filled(view.pixels, gone, rng)
        fresh = np.where(gone[..., None], paper, view.pixels).astype(np.float32)
    else:
        fresh = view.paper + grain(view.pixels, view.paper, content, region, rng)
    pixels = mixed(view.pixels, fresh, region.astype(np.float32))
    return changed(picture, view.window, pixels, region, f"text {view.line.text or ''} removed")


def _inpainted(picture: Picture, rng: Generator) -> Change | None:
    width, height = blob_size(picture.size, rng, largest=LARGEST_GAP)
    target = standing_out(picture.pixels, width, height, rng)
    window = target.grown(BAND, picture.size)
    gap = np.zeros((window.height, window.width), np.bool_)
    here = target.moved(-window.left, -window.top)
    gap[here.rows, here.columns] = blob(width, height, rng)
    pixels = window.of(picture.pixels)
    return changed(
        picture, window, mixed(pixels, _filled(pixels, gap, rng), gap.astype(np.float32)), gap, "region inpainted"
    )


def _covered(picture: Picture, rng: Generator) -> Change | None:
    """The region covered with what lies beside it, its light carried over."""
    width, height = blob_size(picture.size, rng)
    target = standing_out(picture.pixels, width, height, rng)
    steps = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    beside = [target.moved(round(1.1 * x * width), round(1.1 * y * height)) for x, y in steps]
    free = [window for window in beside if window.lies_in(picture.size)]
    if not free:
        return None
    source: Window = min(free, key=lambda window: float(window.of(picture.pixels)[::2, ::2].std()))
    patch = placed_patch(picture.pixels, source, margin=BAND)
    return pasted(picture, target, patch, rng, "region covered with its surroundings", level=1.0)


def _filled(pixels: Pixels, gap: Mask, rng: Generator) -> np.ndarray:
    """Inpainted after Telea (2004) or Bertalmio et al. (2001), with the noise of the surroundings."""
    how = cv2.INPAINT_TELEA if rng.random() < 0.5 else cv2.INPAINT_NS
    filled = cv2.inpaint(np.ascontiguousarray(pixels), gap.astype(np.uint8), 3, how).astype(np.float32)
    return filled + rng.standard_normal(filled.shape, np.float32) * np.float32(noise_of(pixels))


OPERATION = Operation("erase", "Erased", apply)
