"""Re-synthesis: a window goes through a small auto-encoder of ours and comes back with the traces of a generator."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.forging.blend_in import Floats, changed, mixed
from tiltyard.forensics.forging.brush import a_place, filled, touched
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import Window, height_of, part, somewhere, width_of, window_of
from tiltyard.forensics.picture import Picture, Pixels, Quad

SMALLEST, LARGEST = 48, 256
"""Pixels a side that the network sees, at least where there is room, and at most."""
AREA = 9216
"""Pixels that the network sees at most: it takes about a millisecond for each 1200."""
CONTEXT = 8
"""Pixels around the place that the network sees too: at its borders it is at its worst."""
SMOOTHNESS = 8.0
"""Standard deviation, in pixels, of the blur that leaves light and colour alone."""


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Encodes and decodes a place, as it is, with noise in the latents, or mixed with a place of the donor.

    The mask is the place with its soft border.
    """
    from tiltyard.forensics.forging.autoencoder import decode, encode, shipped

    found = a_place(picture, rng)
    if found is None:
        return None
    place = _bounded(found.quad, picture.size, rng)
    window = _seen(place, picture.size)
    network, old = shipped(), window.of(picture.pixels)
    latents, note = encode(network, old), "through the auto-encoder"
    way = int(rng.integers(3))
    if way == 1:
        latents, note = latents + _some_noise(latents.shape, rng), "noise in the latents"
    elif way == 2:
        share = float(rng.uniform(0.08, 0.25))
        other = encode(network, _of_donor(donor, old, rng))
        latents, note = (1 - share) * latents + share * other, "latents mixed with the donor's"
    decoded = decode(network, latents, height=window.height, width=window.width)
    alpha = filled(place, window, soft=float(rng.uniform(1, 3)))
    new = mixed(old, _coloured_like(old, decoded), alpha)
    return changed(picture, window, new, touched(old, new, alpha), note)


def _bounded(place: Quad, size: tuple[int, int], rng: Generator) -> Quad:
    """A piece of the place that, with its context, is not too large for the network."""
    while not _is_small_enough(_seen(place, size)):
        share = float(rng.uniform(0.7, 0.9))
        start = float(rng.uniform(0, 1 - share))
        if width_of(place) >= height_of(place):
            place = part(place, start, start + share)
        else:
            first, second, third, fourth = place
            right, down, left, up = part((second, third, fourth, first), start, start + share)
            place = up, right, down, left
    return place


def _is_small_enough(window: Window) -> bool:
    return window.width * window.height <= AREA and max(window.width, window.height) <= LARGEST


def _seen(place: Quad, size: tuple[int, int]) -> Window:
    """The place with its context, at least as large as what the network was trained on, where there is room."""
    window = window_of(place)
    lacking = (SMALLEST - min(window.width, window.height) + 1) // 2
    return window.grown(max(CONTEXT, lacking), size)


def _some_noise(shape: tuple[int, ...], rng: Generator) -> NDArray[np.float64]:
    noise: NDArray[np.float64] = float(rng.uniform(0.05, 0.2)) * rng.standard_normal(shape)
    return noise


def _of_donor(donor: Picture, old: Pixels, rng: Generator) -> Pixels:
    """A piece of the donor of the same size as `old` and of the same mean colour, around a place worth looking at."""
    height, width = old.shape[:2]
    place = a_place(donor, rng)
    around = window_of(place.quad) if place else somewhere(donor.size, width, height, rng)
    left = int(np.clip((around.left + around.right - width) // 2, 0, max(donor.size[0] - width, 0)))
    top = int(np.clip((around.top + around.bottom - height) // 2, 0, max(donor.size[1] - height, 0)))
    piece = donor.pixels[top : top + height, left : left + width]
    if piece.shape != old.shape:
        piece = np.asarray(cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    moved = piece.astype(np.float32) + (old.mean((0, 1)) - piece.mean((0, 1)))
    return np.asarray(np.clip(np.rint(moved), 0, 255), np.uint8)


def _coloured_like(old: Pixels, decoded: Pixels) -> Floats:
    """What was decoded, with the light and the colours of what was there."""
    difference = old.astype(np.float32) - decoded
    smooth = cv2.GaussianBlur(difference, (0, 0), SMOOTHNESS, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(decoded + smooth, np.float32)


OPERATION = Operation("resynthesis", "Re-synthesis by an auto-encoder", apply)
