"""Small pictures to retouch: lines of text and a portrait on noisy paper, or nothing but texture."""

import cv2
import numpy as np

from tiltyard.forensics.picture import Picture, Quad, TextLine


def box(left: float, top: float, right: float, bottom: float) -> Quad:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def page(seed: int, *, width: int = 420, height: int = 301, portraits: int = 1, lines: int = 6) -> Picture:
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), rng.integers(215, 245, 3), np.uint8)
    written = []
    for number in range(lines):
        baseline = 34 + 44 * number
        cv2.putText(
            pixels, f"Total {rng.integers(10**6)}.{number}", (16, baseline), 0, 0.8, (30, 30, 45), 2, cv2.LINE_AA
        )
        quad = box(16, baseline - 24, 235, baseline + 8)
        written.append(TextLine("Total", quad, role=("amount", "label")[number % 2]))
    quads = []
    for number in range(portraits):
        left, top = 290, 30 + 130 * number
        pixels[top : top + 120, left : left + 100] = rng.integers(40, 200, 3, dtype=np.uint8)
        cv2.circle(pixels, (left + 50, top + 50), 30, tuple(rng.integers(90, 220, 3).tolist()), -1)
        quads.append(box(left, top, left + 100, top + 120))
    noisy = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
    return Picture(noisy, tuple(written), tuple(quads))


def texture(seed: int, *, width: int, height: int) -> Picture:
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)), (0, 0), 2.5)
    return Picture(np.clip(128 + 300 * field, 0, 255).astype(np.uint8))
