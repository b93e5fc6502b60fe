"""Repaint: a place is painted over with the colours of its surroundings, by a filled bar or by brush strokes."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import Floats, carried_on, noise_of
from tiltyard.forensics.forging.brush import Alpha, Place, a_place, blotch, filled, painted, strokes, window_around
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import Window, inside
from tiltyard.forensics.picture import Mask, Picture, Pixels

LARGEST_MISS = 4.0
"""Levels by which a colour picked by eye is off, at most."""
LARGEST_PATCH = 90
"""Pixels a side: a larger area of paint looks like nothing else."""
QUIETEST, LOUDEST = 0.6, 6.0
"""Standard deviations, in levels, between which noise is painted."""


def apply(picture: Picture, _: Picture, rng: Generator) -> Change | None:
    """Paints over a place; the mask is where the paint covers."""
    place = a_place(picture, rng, on_a_line=0.95, largest=LARGEST_PATCH)
    if place is None:
        return None
    window = window_around(place.quad, picture, margin=max(6.0, 0.5 * place.height))
    is_bar = place.is_line and bool(rng.random() < 0.5)
    alpha = _bar(place, window, rng) if is_bar else _strokes(place, window, rng)
    seen = window.of(picture.pixels)
    paint = _mixed_colour(seen, ~(alpha > 0), is_line=place.is_line, rng=rng)
    if not is_bar and place.is_line and rng.random() < 0.6:
        paint = paint + _bristles(place, window, rng)
    noisy = bool(rng.random() < (0.5 if place.is_line else 0.8))
    if noisy:
        paint = paint + _noise(seen, rng)
    note = f"{'bar' if is_bar else 'brush'}, {'with noise' if noisy else 'smooth'}"
    return painted(picture, window, paint, alpha, note)


def _bar(place: Place, window: Window, rng: Generator) -> Alpha:
    grown = inside(place.quad, window, by=float(rng.uniform(0, 3))).astype(np.float32)
    return grown if rng.random() < 0.5 else filled(place.quad, window, soft=float(rng.uniform(0.4, 1.5)))


def _strokes(place: Place, window: Window, rng: Generator) -> Alpha:
    draw = strokes if place.is_line else blotch
    opacity = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.9, 1))
    return draw(place.quad, window, rng, soft=float(rng.uniform(0.5, 2))) * np.float32(opacity)


def _mixed_colour(seen: Pixels, outside: Mask, *, is_line: bool, rng: Generator) -> Floats:
    """One colour, a gradient, or over a patch the surroundings carried on; always a little off.

    By at least a level and a half in lightness, so that the paint is no copy of a blank page.
    """
    if not outside.any():
        outside = np.ones_like(outside)
    if not is_line:
        soft = np.asarray(cv2.GaussianBlur(seen.astype(np.float32), (0, 0), 1.0), np.float32)
        colour = carried_on(soft, outside)
    else:
        colour = _gradient(seen, outside) if rng.random() < 0.6 else _flat(seen, outside)
    darker = rng.random() < 0.7 or float(colour.mean()) > 255 - LARGEST_MISS
    miss = float(rng.uniform(1.5, LARGEST_MISS)) * (-1 if darker else 1) + rng.uniform(-1, 1, 3)
    return np.asarray(colour + miss, np.float32)


def _flat(seen: Pixels, outside: Mask) -> Floats:
    colour = np.median(seen[outside], 0).astype(np.float32)
    return np.broadcast_to(colour, seen.shape)


def _gradient(seen: Pixels, outside: Mask) -> Floats:
    """The paper's colour in the window's four quarters, joined bilinearly."""
    height, width = outside.shape
    corners = np.empty((2, 2, 3), np.float32)
    for y, rows in enumerate(_halves(height)):
        for x, columns in enumerate(_halves(width)):
            paper = seen[rows, columns][outside[rows, columns]]
            corners[y, x] = np.median(paper if len(paper) else seen[outside], 0)
    return np.asarray(cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _halves(length: int) -> tuple[slice, slice]:
    return slice(0, (length + 1) // 2), slice(length // 2, None)


def _noise(seen: Pixels, rng: Generator) -> Floats:
    """As strong as in the quietest of four strips along the window's borders: the others may show text."""
    found = min(noise_of(strip) for strip in (seen[:6], seen[-6:], seen[:, :6], seen[:, -6:]))
    level = min(max(found, QUIETEST), LOUDEST) * float(rng.uniform(0.6, 1.1))
    common = rng.standard_normal((*seen.shape[:2], 1), np.float32)
    soft = cv2.GaussianBlur(
        common + 0.6 * rng.standard_normal(seen.shape, np.float32), (0, 0), float(rng.uniform(0.4, 0.9))
    )
    return np.asarray(soft * (level / max(float(soft.std()), 1e-6)), np.float32)


def _bristles(place: Place, window: Window, rng: Generator) -> Floats:
    """(h, w, 1) streaks along the stroke: noise drawn out in its direction."""
    first, second = np.asarray(place.quad[0]), np.asarray(place.quad[1])
    along, down = second - first
    angle = float(np.degrees(np.arctan2(down, along)))
    reach = int(np.hypot(window.width, window.height)) + 2
    streaks = cv2.blur(rng.standard_normal((reach, reach), np.float32), (max(9, reach // 6), 1))
    turn = cv2.getRotationMatrix2D((reach / 2, reach / 2), -angle, 1.0)
    turned = cv2.warpAffine(streaks, turn, (reach, reach), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    top, left = (reach - window.height) // 2, (reach - window.width) // 2
    cut = turned[top : top + window.height, left : left + window.width, None]
    return np.asarray(cut / max(float(cut.std()), 1e-6) * rng.uniform(0.8, 2.5), np.float32)


OPERATION = Operation("repaint", "Repaint", apply)
