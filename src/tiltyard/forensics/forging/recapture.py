"""Recapture: a patch is pasted back as it looks photographed from a screen, or printed and glued on."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.forging.blend_in import Floats
from tiltyard.forensics.forging.brush import a_place, filled, painted, window_around
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.places import height_of
from tiltyard.forensics.picture import Picture, Quad

Plane = NDArray[np.float32]
"""(h, w), a value a pixel."""
ON_A_PORTRAIT = 0.4
"""The share of patches that are portraits, where there are any."""
LARGEST_PATCH = 150
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def apply(picture: Picture, _: Picture, rng: Generator) -> Change | None:
    """Gives a line, a portrait or a patch the look of a screen or of a print; the mask is what was pasted back."""
    place = _a_patch(picture, rng)
    if place is None:
        return None
    window = window_around(place, picture, margin=4)
    if window.width < 4 or window.height < 4:
        return None
    name = tuple(LOOKS)[int(rng.integers(len(LOOKS)))]
    seen = window.of(picture.pixels).astype(np.float32)
    moved = _pasted_askew(seen, rng)
    looked = LOOKS[name](moved, rng)
    alpha = filled(place, window, soft=float(rng.uniform(0.3, 0.8)))
    return painted(picture, window, looked, alpha, name)


def _a_patch(picture: Picture, rng: Generator) -> Quad | None:
    """A portrait, or a line or patch with some of the paper around it."""
    portraits = [quad for quad in picture.portraits if height_of(quad) >= 16]
    if portraits and rng.random() < ON_A_PORTRAIT:
        return portraits[int(rng.integers(len(portraits)))]
    place = a_place(picture, rng, on_a_line=0.8, largest=LARGEST_PATCH)
    if place is None:
        return None
    return _grown(place.quad, by=float(rng.uniform(0.05, 0.3)) * min(place.height, 40.0))


def _grown(quad: Quad, *, by: float) -> Quad:
    """A quad with so many pixels more on each side."""
    corners = np.asarray(quad)
    first, second, _, fourth = corners
    across, down = (edge / max(float(np.linalg.norm(edge)), 1e-6) * by for edge in (second - first, fourth - first))
    moved = corners + np.array([-across - down, across - down, across + down, down - across])
    one, two, three, four = ((float(x), float(y)) for x, y in moved)
    return one, two, three, four


def _pasted_askew(seen: Floats, rng: Generator) -> Floats:
    """By a fraction of a pixel and of a degree: nobody glues exactly, and every recapture resamples."""
    height, width = seen.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, 0.15)), float(rng.uniform(0.995, 1.01)))
    turn[:, 2] = turn[:, 2] + rng.uniform(-0.7, 0.7, 2)
    return np.asarray(
        cv2.warpAffine(seen, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _screen(seen: Floats, rng: Generator) -> Floats:
    """Sub-pixel stripes, row gaps, the moiré between them and the camera, a screen's gamma and bluish white."""
    height, width = seen.shape[:2]
    angle, pitch = float(rng.normal(0, 0.06)), float(rng.uniform(2.1, 3.6))
    across, down = _axes(height, width, angle)
    stripes = np.stack([_wave(across / pitch + channel / 3) for channel in range(3)], 2)
    rows = _wave(down / pitch)[..., None]
    beat = float(rng.uniform(9, 34))
    far, _ = _axes(height, width, float(rng.uniform(0, np.pi)))
    moire = np.stack([_wave(far / beat + channel * float(rng.uniform(0.05, 0.3))) for channel in range(3)], 2)
    depth, fringe = float(rng.uniform(0.03, 0.11)), float(rng.uniform(0.01, 0.035))
    light = (seen / 255) ** float(rng.uniform(0.85, 1.25))
    black = float(rng.uniform(0.0, 0.05))
    light = black + (1 - black) * light
    light *= 1 + depth * (stripes - 0.5) + 0.6 * depth * (rows - 0.5) + fringe * (moire - 0.5)
    tint = np.array([rng.uniform(0.97, 1), rng.uniform(0.98, 1), rng.uniform(0.99, 1.02)], np.float32)
    return np.asarray(255 * light * tint, np.float32)


def _print(seen: Floats, rng: Generator) -> Floats:
    """A halftone of round dots in slightly spread ink on paper of another tint, with its grain."""
    height, width = seen.shape[:2]
    pitch, spread = float(rng.uniform(2.6, 4.5)), float(rng.uniform(0.35, 0.8))
    soft = cv2.GaussianBlur(seen, (0, 0), spread)
    darkness = 1 - (soft @ LUMA) / 255
    across, down = _axes(height, width, np.pi / 4 + float(rng.normal(0, 0.05)))
    dots = 0.5 + 0.25 * (np.cos(2 * np.pi * across / pitch) + np.cos(2 * np.pi * down / pitch))
    ink = 1 / (1 + np.exp(-(darkness - dots) / 0.12))
    strength = float(rng.uniform(0.15, 0.4)) * 4 * darkness * (1 - darkness)
    toned = soft - 255 * (strength * (ink - darkness))[..., None]
    paper = np.array([rng.uniform(0.98, 1.0), rng.uniform(0.975, 1.0), rng.uniform(0.955, 0.995)], np.float32)
    fibres = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 0.8)[..., None]
    lift = float(rng.uniform(0, 14))
    return np.asarray((lift + toned * (255 - lift) / 255) * paper + fibres * float(rng.uniform(0.5, 3)), np.float32)


LOOKS: dict[str, Callable[[Floats, Generator], Floats]] = {"screen": _screen, "print": _print}


def _axes(height: int, width: int, angle: float) -> tuple[Plane, Plane]:
    """How far each pixel lies along a direction, and across it."""
    y, x = np.ogrid[:height, :width]
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return (
        np.asarray(x.astype(np.float32) * cosine + y.astype(np.float32) * sine, np.float32),
        np.asarray(y.astype(np.float32) * cosine - x.astype(np.float32) * sine, np.float32),
    )


def _wave(turns: Plane) -> Plane:
    """Between 0 and 1, once a turn."""
    return np.asarray(0.5 + 0.5 * np.cos(2 * np.pi * turns), np.float32)


OPERATION = Operation("recapture", "Recapture from a screen or a print", apply)
