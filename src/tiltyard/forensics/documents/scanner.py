"""The line sensor of a flatbed scanner: noise, streaks along its way, and its driver's levels."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.bands import bands
from tiltyard.forensics.documents.noise import steps, uniform_bytes
from tiltyard.forensics.picture import Pixels

_UNIT = 64
"""Noise is drawn in 1/64 of its standard deviation, so that whole numbers carry it."""


def scanned(pixels: Pixels, rng: Generator, *, noise: float, streaks: float) -> Pixels:
    """The pixels as the sensor counts them; `noise` and `streaks` in grey levels at white.

    All three colours are measured at every place, so that nothing is interpolated. Photon noise in gamma-coded values
    hardly depends on brightness but in the dark, where it fades (Foi et al. 2008). Each of the sensor's elements has
    its own gain; as it travels over the page it draws a faint streak (Gou, Swaminathan and Wu 2009).
    """
    deviation = np.rint(_UNIT * noise * (0.35 + 0.65 * np.sqrt(np.arange(256) / 255))).astype(np.int16)
    gains = np.rint(rng.normal(0, streaks, (1, *pixels.shape[1:]))).astype(np.int16)
    counted = np.empty_like(pixels)
    for band in bands(len(pixels)):
        samples = cv2.LUT(uniform_bytes(rng, pixels[band].shape), steps(_UNIT))
        grain = cv2.multiply(samples, cv2.LUT(pixels[band], deviation), scale=1 / _UNIT**2)
        counted[band] = cv2.add(pixels[band], grain + gains, dtype=cv2.CV_8U)
    return counted


def levelled(pixels: Pixels, *, black: int, white: int) -> Pixels:
    """The driver's black and white points: what is darker or lighter is cut off."""
    values = (np.arange(256) - black) * 255 / (white - black)
    return np.asarray(cv2.LUT(pixels, np.rint(values).clip(0, 255).astype(np.uint8)), np.uint8)


def greyed(pixels: Pixels) -> Pixels:
    """A scan in grey, kept in three channels."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
