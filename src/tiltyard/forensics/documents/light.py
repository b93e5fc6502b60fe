"""How unevenly a picture is lit: the lamp's falloff, the lens' vignette, the shadow of a hand or phone."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.documents.geometry import Points
from tiltyard.forensics.picture import Pixels

Light = NDArray[np.float32]
"""(h, w) factors on linear light, about one on average."""
_COARSE = 16


def room_light(rng: Generator, size: tuple[int, int]) -> Light:
    """Light on a desk: a lamp to one side, natural vignetting (cos⁴ law), in part the shadow of who takes the photo."""
    x, y = _plane(size)
    light = _lamp(rng, x, y) * _vignette(x, y, rng.uniform(0.15, 0.55))
    if rng.random() < 0.35:
        light *= _shadow(rng, x, y)
    return _fine(light / light.mean(), size)


def bar_light(rng: Generator, size: tuple[int, int]) -> Light:
    """A scanner's lamp: fading to its ends, and where a sheet stands off the glass at its gutter or upper edge."""
    x, y = _plane(size)
    light = 1 - rng.uniform(0, 0.03) * x**2
    if rng.random() < 0.3:
        edge, depth = rng.choice([-1.0, 1.0]) * (x, y)[rng.integers(2)], rng.uniform(0.1, 0.4)
        light *= 1 - depth * np.exp(-(1 - edge) / rng.uniform(0.05, 0.2))
    return _fine(light, size)


def lit(pixels: Pixels, light: Light) -> Pixels:
    """The pixels under that light, in the picture's own (gamma-coded) values: small changes only."""
    grey = cv2.cvtColor(cv2.convertScaleAbs(light, alpha=200), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.multiply(pixels, grey, scale=1 / 200), np.uint8)


def shaded(ground: Pixels, sheet: Points, rng: Generator, *, reach: float, depth: float) -> Pixels:
    """The ground darkened around the sheet with the given corners, as a raised edge throws its shadow.

    `reach` in pixels; `depth` is the part of the light that is lost where the shadow is full.
    """
    height, width = ground.shape[:2]
    small = np.zeros((-(-height // 4), -(-width // 4)), np.uint8)
    corners = (sheet + rng.uniform(-0.6, 0.6, 2) * reach) * (16 / 4)
    cv2.fillConvexPoly(small, np.rint(corners).astype(np.int32), 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(small, (0, 0), max(reach / 8, 0.5))
    full = cv2.resize(255 - cv2.convertScaleAbs(soft, alpha=depth), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(ground, cv2.cvtColor(full, cv2.COLOR_GRAY2RGB), scale=1 / 255), np.uint8)


def _plane(size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates from -1 to 1 at the nodes of a coarse grid."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, -(-side // _COARSE) + 1) for side in size))
    return x, y


def _fine(light: NDArray[np.float64], size: tuple[int, int]) -> Light:
    return np.asarray(cv2.resize(light.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)


def _lamp(rng: Generator, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """A point source above the plane: inverse square with distance and the cosine of incidence."""
    height = rng.uniform(1.8, 5)
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2.0)
    squared = (x - reach * np.cos(angle)) ** 2 + (y - reach * np.sin(angle)) ** 2 + height**2
    ambient = rng.uniform(0.3, 0.7)
    direct: NDArray[np.float64] = height**3 / squared**1.5
    return ambient + (1 - ambient) * direct


def _vignette(x: NDArray[np.float64], y: NDArray[np.float64], tangent: float) -> NDArray[np.float64]:
    vignette: NDArray[np.float64] = (1 + tangent**2 * (x**2 + y**2) / 2) ** -2
    return vignette


def _shadow(rng: Generator, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    angle, width = rng.uniform(0, 2 * np.pi), rng.uniform(0.03, 0.25)
    edge = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.1, 0.9)
    dark: NDArray[np.float64] = 1 - rng.uniform(0.1, 0.4) / (1 + np.exp(-(edge + 0.1 * np.sin(3 * (x - y))) / width))
    return dark
