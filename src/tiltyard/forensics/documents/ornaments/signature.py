"""Signatures: a script face, or one smooth pen stroke that only its owner can read."""

import cv2
import numpy as np
from numpy.random import Generator
from scipy.interpolate import CubicSpline

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.kit.canvas import Canvas, Colour
from tiltyard.forensics.documents.kit.glyphs import Grey, rendered

INKS: tuple[Colour, ...] = ((24, 36, 110), (20, 22, 30), (36, 54, 140), (12, 30, 80), (40, 40, 48))


def signature(canvas: Canvas, rng: Generator, name: str, *, x: float, y: float, width: float) -> None:
    """Signs with the pen's start at (x, y) on the line, at most `width` wide; no text line is listed for it."""
    colour = pick(rng, INKS)
    if name.isascii() and chance(rng, 0.45):
        mask = _written(canvas, rng, name, width, pick(rng, ("caveat", "dancing-script", "great-vibes")))
    elif not name.isascii() and ord(name[0]) > 0x2E80 and chance(rng, 0.6):
        mask = _written(canvas, rng, name, width, pick(rng, ("ukai", "wenkai")))
    else:
        mask = _scrawl(rng, round(width * canvas.unit), len(name))
    canvas.ink(mask, round(x * canvas.unit), round(y * canvas.unit - mask.shape[0] * 0.72), colour, soaks=True)


def _written(canvas: Canvas, rng: Generator, name: str, width: float, face: str) -> Grey:
    size = between(rng, 26, 34)
    font = fonts.use(face, size * canvas.unit)
    mask, _, _ = rendered(font, name)
    rows, columns = mask.shape
    shear, climb = between(rng, 0.08, 0.3), between(rng, -0.07, 0.02)
    room = (columns + rows) / max(width * canvas.unit, 1)
    scale = 1 / max(room, 1.0)
    matrix = np.array([[scale, -shear * scale, shear * rows * scale], [climb, scale, -min(climb, 0) * columns]])
    shape = (round((columns + shear * rows) * scale) + 1, round(rows * scale + abs(climb) * columns) + 1)
    return np.asarray(cv2.warpAffine(mask, matrix, shape), np.uint8)


def _scrawl(rng: Generator, width: int, letters: int) -> Grey:
    """A spline through up- and downstrokes, with a flourish; the pen is thinner where it is faster."""
    height = max(round(width * between(rng, 0.3, 0.45)), 12)
    count = 2 * min(max(letters, 5), 10)
    x = np.linspace(width * 0.06, width * 0.72, count) + rng.normal(0, width * 0.03, count)
    tall = np.where(rng.random(count) < 0.3, 0.42, 0.14)
    y = height * (0.58 + np.where(np.arange(count) % 2, 1, -1) * tall * rng.uniform(0.5, 1.1, count))
    y[0] = height * 0.75
    x, y = np.append(x, width * between(rng, 0.86, 0.95)), np.append(y, height * between(rng, 0.35, 0.7))
    time = np.linspace(0, 1, count * 10)
    knots = np.linspace(0, 1, count + 1)
    points = np.stack([CubicSpline(knots, x)(time), CubicSpline(knots, y)(time)], 1)
    points = np.clip(points, 2, (width - 3, height - 3))
    mask: Grey = np.zeros((height, width), np.uint8)
    thin = max(width // 110, 1)
    fixed = np.rint(points * 16).astype(np.int32)
    slow = np.hypot(*np.diff(points, axis=0).T) < np.median(np.hypot(*np.diff(points, axis=0).T))
    cv2.polylines(mask, [fixed], False, 225, thin, cv2.LINE_AA, 4)
    for place in np.flatnonzero(slow):
        cv2.line(mask, tuple(map(int, fixed[place])), tuple(map(int, fixed[place + 1])), 245, thin + 1, cv2.LINE_AA, 4)
    return mask
