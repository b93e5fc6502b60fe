"""Local blur: a retouching brush smooths a text line or a patch until it is hard to read."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import changed, mixed
from tiltyard.forensics.forging.brush import Alpha, Place, a_place, blotch, filled, strokes, touched, window_around
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import Window
from tiltyard.forensics.picture import Picture, Pixels


def apply(picture: Picture, _: Picture, rng: Generator) -> Change | None:
    """Smooths a place under a soft brush; the mask is where this changed pixels, small gaps closed."""
    place = a_place(picture, rng)
    if place is None:
        return None
    high = place.height
    soft = float(rng.uniform(0.8, 1.0 + 0.08 * high))
    window = window_around(place.quad, picture, margin=0.2 * high + 3 * soft + 2)
    alpha = _brush(place, window, soft, rng)
    old = window.of(picture.pixels)
    name, smooth = _smoothed(old, high, rng)
    new = mixed(old, smooth.astype(np.float32), alpha)
    return changed(picture, window, new, touched(old, new, alpha), name)


def _brush(place: Place, window: Window, soft: float, rng: Generator) -> Alpha:
    if rng.random() < 0.4:
        return filled(place.quad, window, soft=soft)
    draw = strokes if place.is_line else blotch
    return draw(place.quad, window, rng, soft=soft)


def _smoothed(pixels: Pixels, high: float, rng: Generator) -> tuple[str, Pixels]:
    """The window after one of an editor's smoothing tools, strong enough for content of that height."""
    kind, strength = int(rng.integers(4)), float(rng.uniform(0.08, 0.2))
    reach = max(3, round(2 * strength * high) | 1)
    if kind == 0:
        return "median", np.asarray(cv2.medianBlur(pixels, min(reach, 15)), np.uint8)
    if kind == 1:
        return "box blur", np.asarray(cv2.blur(pixels, (reach, reach)), np.uint8)
    if kind == 2:
        along = max(reach, round(3 * strength * high))
        return "motion blur", np.asarray(cv2.blur(pixels, (along, max(1, reach // 3))), np.uint8)
    return "Gaussian blur", np.asarray(cv2.GaussianBlur(pixels, (0, 0), max(0.9, strength * high)), np.uint8)


OPERATION = Operation("local_blur", "Local blur", apply)
