"""Portrait exchange: another face, or another picture, in the place of a portrait."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import Floats, noise_of
from tiltyard.forensics.forging.brush import filled, painted, window_around
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import Window, height_of, inside, width_of
from tiltyard.forensics.picture import Mask, Picture, Pixels, Quad

SMALLEST = 16.0
"""Pixels a side below which a portrait is not worth exchanging."""
STEP, SAMPLE = 3, 96
"""Colours are compared on every third row and column, noise on that many pixels a side in the middle."""
LEAST = 0.1
"""Variance, in squared levels, below which lacking noise is not seen."""


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Warps a portrait of the donor, or else the mirrored portrait, into a portrait's place.

    The mask is the portrait's area with its soft border.
    """
    places = [quad for quad in picture.portraits if _is_usable(quad, picture)]
    if not places:
        return None
    place = places[int(rng.integers(len(places)))]
    window = window_around(place, picture, margin=4)
    area = inside(place, window)
    origin, quad, note = _replacement(picture, donor, place, rng)
    face = _warped(origin.pixels, quad, place, window)
    old = window.of(picture.pixels)
    toned = _toned(face, old, area, agreement=float(rng.uniform(0.3, 0.9)))
    grainy = _with_noise_of(old, toned, rng)
    return painted(picture, window, grainy, filled(place, window, soft=float(rng.uniform(0.3, 0.9))), note)


def _is_usable(quad: Quad, picture: Picture) -> bool:
    window = window_around(quad, picture, margin=0)
    return min(width_of(quad), height_of(quad)) >= SMALLEST and min(window.width, window.height) >= SMALLEST


def _replacement(picture: Picture, donor: Picture, place: Quad, rng: Generator) -> tuple[Picture, Quad, str]:
    """The picture that the new portrait comes from, where it lies there, and what to call it."""
    faces = [quad for quad in donor.portraits if _is_usable(quad, donor)]
    if faces:
        return donor, faces[int(rng.integers(len(faces)))], "donor's portrait"
    first, second, third, fourth = place
    return picture, (second, first, fourth, third), "mirrored portrait"


def _warped(pixels: Pixels, quad: Quad, place: Quad, window: Window) -> Floats:
    """The window as it is when what lies in `quad` is laid over `place`; a large portrait is shrunk by area first."""
    source = window_around(quad, Picture(pixels), margin=2)
    scale = min(1.0, 1.5 * height_of(place) / height_of(quad), 1.5 * width_of(place) / width_of(quad))
    part = source.of(pixels)
    if scale < 1:
        size = max(2, round(source.width * scale)), max(2, round(source.height * scale))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    shrunk = np.array([part.shape[1] / source.width, part.shape[0] / source.height])
    corners = (np.asarray(quad) - (source.left, source.top)) * shrunk - 0.5
    targets = np.asarray(place) - (window.left, window.top) - 0.5
    homography = cv2.getPerspectiveTransform(corners.astype(np.float32), targets.astype(np.float32))
    warped = cv2.warpPerspective(
        part, homography, (window.width, window.height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return warped.astype(np.float32)


def _toned(face: Floats, old: Pixels, area: Mask, *, agreement: float) -> Floats:
    """The face with the mean and spread of the old portrait's channels, to a degree."""
    sparse = np.s_[::STEP, ::STEP]
    new, before = face[sparse][area[sparse]], old[sparse][area[sparse]].astype(np.float32)
    gain = np.clip(before.std(0) / np.maximum(new.std(0), 1), 0.6, 1.6)
    factor = 1 + agreement * (gain - 1)
    shift = agreement * (before.mean(0) - gain * new.mean(0))
    return np.asarray(face * np.float32(factor) + np.float32(shift), np.float32)


def _with_noise_of(old: Pixels, face: Floats, rng: Generator) -> Floats:
    top, left = (max(0, (side - SAMPLE) // 2) for side in old.shape[:2])
    middle = np.s_[top : top + SAMPLE, left : left + SAMPLE]
    lacking = noise_of(old[middle]) ** 2 - noise_of(np.clip(face[middle], 0, 255).astype(np.uint8)) ** 2
    if lacking <= LEAST:
        return face
    noise = cv2.GaussianBlur(rng.standard_normal(face.shape[:2], np.float32), (0, 0), 0.5)
    noise = noise * np.float32(np.sqrt(lacking) / max(float(noise.std()), 1e-6))
    return np.asarray(face + noise[..., None], np.float32)


OPERATION = Operation("portrait_exchange", "Portrait exchange", apply, needs="portrait")
