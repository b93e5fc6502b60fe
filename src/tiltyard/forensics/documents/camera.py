"""From the light that falls on a colour sensor to the picture of a phone or camera."""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.documents.bands import bands
from tiltyard.forensics.documents.light import Light
from tiltyard.forensics.documents.noise import gaussian
from tiltyard.forensics.picture import Pixels

Mosaic = NDArray[np.float32]
"""(h, w) linear light behind the colour filters, 0–1."""
_LEVELS = 4096
_PATTERNS = {
    ((0, 1), (1, 2)): (cv2.COLOR_BayerRGGB2RGB, cv2.COLOR_BayerRGGB2RGB_EA),
    ((2, 1), (1, 0)): (cv2.COLOR_BayerBGGR2RGB, cv2.COLOR_BayerBGGR2RGB_EA),
    ((1, 0), (2, 1)): (cv2.COLOR_BayerGRBG2RGB, cv2.COLOR_BayerGRBG2RGB_EA),
    ((1, 2), (0, 1)): (cv2.COLOR_BayerGBRG2RGB, cv2.COLOR_BayerGBRG2RGB_EA),
}
"""The channel at each place of a 2 × 2 cell, and OpenCV's interpolations of it: bilinear and edge-aware."""


@dataclass(frozen=True)
class Sensor:
    """A sensor at one setting. Noise after Foi et al. 2008: variance = `shot` · light + `dark`²."""

    shot: float
    dark: float
    cell: tuple[tuple[int, int], tuple[int, int]]
    response: tuple[float, float, float]
    """What red, green and blue pixels make of white light before white balance; green is one."""
    edge_aware: bool


@dataclass(frozen=True)
class Development:
    """What the phone makes of the interpolated picture."""

    cast: tuple[float, float, float]
    """What white balance left over."""
    contrast: float
    smooth_colour: int
    """Side of the box over which colour noise is averaged; 1: not at all."""
    sharpen: float


def a_sensor(rng: Generator) -> Sensor:
    cells = tuple(_PATTERNS)
    return Sensor(
        shot=float(np.exp(rng.uniform(np.log(5e-5), np.log(6e-4)))),
        dark=rng.uniform(0.001, 0.004),
        cell=cells[rng.integers(len(cells))],
        response=(rng.uniform(0.5, 0.75), 1.0, rng.uniform(0.5, 0.75)),
        edge_aware=bool(rng.random() < 0.6),
    )


def a_development(rng: Generator) -> Development:
    red, blue = rng.normal(1, 0.035, 2)
    return Development(
        cast=(float(red), 1.0, float(blue)),
        contrast=rng.uniform(0.0, 0.35),
        smooth_colour=int(rng.choice([1, 3, 5])),
        sharpen=rng.uniform(0.2, 1.1),
    )


def recorded(
    scene: Pixels, light: Light, rng: Generator, *, sensor: Sensor, development: Development
) -> NDArray[np.uint8]:
    """The (h, w) mosaic of gamma-coded values that the sensor and its amplifier give for a scene in that light."""
    coded = np.empty(scene.shape[:2], np.uint8)
    for band in bands(len(scene)):
        counts = exposed(scene[band], light[band], rng, sensor=sensor)
        coded[band] = balanced(counts, sensor=sensor, development=development)
    return coded


def exposed(scene: Pixels, light: Light, rng: Generator, *, sensor: Sensor) -> Mosaic:
    """What the pixels behind their filters count, one colour each (Bayer 1976), with noise that grows with the light.

    The noise enters before white balance: red and blue, which are amplified after it, are the noisier ones.
    """
    mosaic = _filtered(scene, sensor)
    mosaic *= light
    spread = mosaic * np.float32(sensor.shot)
    spread += np.float32(sensor.dark**2)
    mosaic += np.sqrt(spread, out=spread) * gaussian(rng, spread.shape)
    return mosaic


def balanced(mosaic: Mosaic, *, sensor: Sensor, development: Development) -> NDArray[np.uint8]:
    """White balance and tone curve, still one colour a pixel."""
    levels = mosaic * np.float32(_LEVELS - 1)
    for (row, column), channel in _places(sensor):
        levels[row::2, column::2] *= np.float32(development.cast[channel] / sensor.response[channel])
    np.clip(levels, 0, _LEVELS - 1, out=levels)
    return np.take(_tone(development.contrast), levels.astype(np.uint16))


def interpolated(mosaic: NDArray[np.uint8], *, sensor: Sensor) -> Pixels:
    """The two missing colours of every pixel from its neighbours, bilinear or along edges as OpenCV does it.

    Interpolating after the tone curve costs a third and leaves the same periodic trace (Popescu and Farid 2005;
    Gallagher and Chen 2008).
    """
    return np.asarray(cv2.demosaicing(mosaic, _PATTERNS[sensor.cell][int(sensor.edge_aware)]), np.uint8)


def finished(pixels: Pixels, *, development: Development) -> Pixels:
    """Colour noise averaged away, brightness sharpened, as phones do in luma and chroma."""
    luma, red, blue = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    if development.smooth_colour > 1:
        box = (development.smooth_colour, development.smooth_colour)
        red, blue = cv2.blur(red, box), cv2.blur(blue, box)
    soft = cv2.GaussianBlur(luma, (5, 5), 1.0)
    luma = cv2.addWeighted(luma, 1 + development.sharpen, soft, -development.sharpen, 0)
    return np.asarray(cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB), np.uint8)


def _filtered(scene: Pixels, sensor: Sensor) -> Mosaic:
    seen = np.empty(scene.shape[:2], np.uint8)
    for (row, column), channel in _places(sensor):
        seen[row::2, column::2] = scene[row::2, column::2, channel]
    mosaic = np.asarray(cv2.LUT(seen, _linear()), np.float32)
    for (row, column), channel in _places(sensor):
        if channel != 1:
            mosaic[row::2, column::2] *= np.float32(sensor.response[channel])
    return mosaic


def _places(sensor: Sensor) -> list[tuple[tuple[int, int], int]]:
    return [((row, column), sensor.cell[row][column]) for row in (0, 1) for column in (0, 1)]


@functools.cache
def _linear() -> NDArray[np.float32]:
    """Light for each of the 256 values of sRGB (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _tone(contrast: float) -> NDArray[np.uint8]:
    """sRGB's curve, bent towards an S by `contrast`."""
    light = np.arange(_LEVELS) / (_LEVELS - 1)
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    bent = (1 - contrast) * value + contrast * value**2 * (3 - 2 * value)
    return np.asarray(np.rint(255 * bent), np.uint8)
