"""What a lens and an unsteady hand take from sharpness, and what sharpening gives back."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.picture import Pixels


def defocused(pixels: Pixels, sigma: float) -> Pixels:
    """The blur of lens, aperture and pixel aperture together, as a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(pixels, (5, 5), sigma), np.uint8)


def shaken(pixels: Pixels, rng: Generator, *, length: float) -> Pixels:
    """The smear of a hand that moved while the shutter was open, along a straight line of `length` pixels up to 3."""
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((5, 5), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    for part in np.linspace(-1, 1, 33):
        column, row = np.rint(2 + part * reach).astype(int)
        kernel[row, column] += 1
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), np.uint8)


def sharpened(pixels: Pixels, *, amount: float, sigma: float = 0.9) -> Pixels:
    """Unsharp masking, which scanners' and phones' software applies: it leaves light rims along dark strokes."""
    soft = cv2.GaussianBlur(pixels, (5, 5), sigma)
    return np.asarray(cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0), np.uint8)
