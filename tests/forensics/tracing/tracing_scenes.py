"""Pictures for tests of cues: a photograph-like scene, a printed page, and what is done to them."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def photograph(seed: int, *, height: int = 480, width: int = 640) -> Pixels:
    """Shapes of every size with texture, lit unevenly, and camera noise."""
    rng = np.random.default_rng(seed)
    scene = np.full((height, width, 3), 110, np.float32)
    for size in np.geomspace(160, 6, 260).astype(int):
        x, y = rng.integers(0, width), rng.integers(0, height)
        axes = (int(size), int(max(3, size * rng.uniform(0.3, 1))))
        colour = [float(value) for value in rng.uniform(20, 235, 3)]
        cv2.ellipse(scene, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    texture = cv2.GaussianBlur(rng.normal(0, 14, (height, width, 3)).astype(np.float32), (0, 0), 1.5)
    light = np.linspace(-20, 20, width, dtype=np.float32)[None, :, None]
    return noisy(cv2.GaussianBlur(scene + texture + light, (0, 0), 0.7), rng, 3.0)


def page(seed: int, *, noise: float = 2.5, guilloche: bool = True) -> Pixels:
    """The same words on many lines, an amount in each, over a pattern of waves that repeats every 40 pixels."""
    rng = np.random.default_rng(seed)
    sheet = np.full((700, 560, 3), 236, np.uint8)
    if guilloche:
        xs = np.arange(0, 560)
        for top in range(10, 700, 20):
            for phase in range(4):
                ys = top + 8 * np.sin(2 * np.pi * xs / 40 + phase * np.pi / 2)
                curve = np.stack([xs, ys], 1).round().astype(np.int32)
                cv2.polylines(sheet, [curve], False, (205, 215, 220), 1, cv2.LINE_AA)
    for row, top in enumerate(range(40, 680, 32)):
        _written(sheet, "Amount payable to the bank", (24, top))
        _written(sheet, f"{(row % 5) * 111 + 250}.00 EUR", (380, top))
    return noisy(sheet.astype(np.float32), rng, noise)


TWINS = 82, 338
"""Rows at which two lines of a letter begin that say the same."""


def letter(seed: int, *, noise: float = 2.5) -> Pixels:
    """Lines of different words, but for two that are honestly the same."""
    rng = np.random.default_rng(seed)
    sheet = np.full((700, 560, 3), 236, np.uint8)
    lines = ["".join(chr(int(code)) for code in rng.integers(97, 123, 38)) for _ in range(20)]
    lines[9] = lines[1]
    for row, line in enumerate(lines):
        _written(sheet, line, (20, 72 + 32 * row))
    return noisy(sheet.astype(np.float32), rng, noise)


def _written(sheet: Pixels, text: str, place: tuple[int, int]) -> None:
    cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 60), 1, cv2.LINE_AA)


def noisy(scene: NDArray[np.float32], rng: np.random.Generator, sigma: float) -> Pixels:
    return np.clip(scene + rng.normal(0, sigma, scene.shape), 0, 255).astype(np.uint8)


def saved(pixels: Pixels, quality: int) -> Pixels:
    """After a JPEG of that quality."""
    with Image.open(io.BytesIO(jpeg(pixels, quality))) as image:
        return np.asarray(image.convert("RGB"))


def jpeg(pixels: Pixels, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def overlap(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """F1 of pixels."""
    return 2 * float((found & truth).sum()) / max(1.0, float(found.sum() + truth.sum()))
