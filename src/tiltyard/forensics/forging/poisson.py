"""Poisson blend: the gradients of another region cloned seamlessly (Pérez, Gangnet and Blake, 2003)."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import Floats, changed
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.patches import UNLIKE, nearest_place, placed_patch, standing_out, thing_in
from tiltyard.forensics.forging.places import Window, blob, blob_size, empty_place, has_room, usable, window_of
from tiltyard.forensics.forging.wording import is_foreign
from tiltyard.forensics.picture import Mask, Picture, Pixels

LARGEST = 112
"""Pixels a side of a cloned region: the solver's time grows faster than its area."""
MARGIN = 4


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Clones a region of the donor or of the picture itself, at times with mixed gradients: a line of text as a box
    onto empty paper where both have text, an irregular region or a thing that stands out elsewhere."""
    has_room(picture)
    own = bool(rng.random() < 0.35) or min(donor.size) < 16
    giver = picture if own else donor
    text = _text_box(picture, giver, rng)
    source = text or _thing_box(picture, giver, rng)
    patch = placed_patch(giver.pixels, source, margin=MARGIN, flip=not giver.lines and bool(rng.random() < 0.3))
    target = _on_paper(picture, patch, rng) if picture.lines else None
    if target is None and not text:
        avoid = source if own else None
        target = nearest_place(picture, patch, rng, avoid=avoid, border=MARGIN, margin=MARGIN)
    if target is None:
        return None
    window = target.grown(MARGIN, picture.size)
    shape = np.ones((source.height, source.width), np.bool_) if text else thing_in(patch, MARGIN)
    region = np.pad(blob(source.width, source.height, rng) if shape is None else shape, MARGIN)
    how = cv2.MIXED_CLONE if rng.random() < (0.7 if picture.lines else 0.3) else cv2.NORMAL_CLONE
    note = f"region of {'this picture' if own else donor.source}"
    return changed(picture, window, _cloned(patch, window.of(picture.pixels), region, how), region, note)


def _cloned(patch: Floats, pixels: Pixels, region: Mask, how: int) -> Pixels:
    """OpenCV puts the middle of the region's box at a given point: at its own, so that nothing moves."""
    left, top, width, height = cv2.boundingRect(region.astype(np.uint8))
    middle = (left + width // 2, top + height // 2)
    area = region.astype(np.uint8) * 255
    cloned = cv2.seamlessClone(patch.astype(np.uint8), np.ascontiguousarray(pixels), area, middle, how)
    return np.asarray(cloned, np.uint8)


def _text_box(picture: Picture, giver: Picture, rng: Generator) -> Window | None:
    if not picture.lines:
        return None
    native = [line for line in usable(giver) if not is_foreign(line.text, picture.lines)]
    boxes = [window_of(line.quad).grown(5, giver.size) for line in native]
    fitting = [box for box in boxes if box.width * box.height <= LARGEST**2 and box.width * 2 < picture.size[0]]
    return fitting[int(rng.integers(len(fitting)))] if fitting else None


def _thing_box(picture: Picture, giver: Picture, rng: Generator) -> Window:
    width, height = blob_size(picture.size, rng, largest=min(LARGEST, min(giver.size) // 2))
    return standing_out(giver.pixels, width, height, rng, tries=16)


def _on_paper(picture: Picture, patch: Floats, rng: Generator) -> Window | None:
    """A place on empty paper like the patch's, not on the dark table under it."""
    height, width = patch.shape[:2]
    empty = empty_place(picture, width, height, rng)
    if empty is None or abs(float(np.median(empty.of(picture.pixels))) - float(np.median(patch))) > UNLIKE:
        return None
    return Window(empty.left + MARGIN, empty.top + MARGIN, empty.right - MARGIN, empty.bottom - MARGIN)


OPERATION = Operation("poisson", "Poisson blend", apply)
