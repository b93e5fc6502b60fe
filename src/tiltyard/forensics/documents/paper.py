"""What a page is printed on: fibres, the tint of the stock, creases, crumpling; and the dust of a scanner's glass."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.documents.noise import gaussian, uniform_bytes
from tiltyard.forensics.picture import Pixels

Grey = NDArray[np.uint8]
_WHITE = 200
"""The grey of a relief map at which the page stays as it is."""


@dataclass(frozen=True)
class Stock:
    """A kind of paper. Strengths in parts of full reflectance; `folds` is the number of creases across and along."""

    fibres: float
    clouds: float
    crumple: float
    folds: tuple[int, int]
    tint: tuple[float, float, float]


def a_stock(rng: Generator, *, plastic: bool = False) -> Stock:
    """Office paper as people keep it: flat, folded into an envelope, or crumpled; `plastic`: a card."""
    warmth = rng.uniform(0, 0.05)
    tint = (1.0, 1.0 - 0.35 * warmth, 1.0 - warmth)
    if plastic:
        return Stock(rng.uniform(0, 0.004), rng.uniform(0, 0.01), 0.0, (0, 0), tint)
    folds = ((0, 0), (0, 0), (1, 0), (2, 0), (1, 1))[rng.integers(5)]
    crumple = rng.uniform(0.01, 0.05) if rng.random() < 0.3 else 0.0
    return Stock(rng.uniform(0.004, 0.02), rng.uniform(0.005, 0.02), crumple, folds, tint)


def printed(page: Pixels, rng: Generator, *, stock: Stock) -> Pixels:
    """The page as ink on that stock: reflectances multiply, for light passes ink and paper both."""
    height, width = page.shape[:2]
    relief = _fibrous(rng, (height, width), stock)
    if any(stock.folds):
        relief = np.asarray(
            cv2.multiply(relief, _creased(rng, (height, width), stock.folds), dtype=cv2.CV_8U), np.uint8
        )
    tints = np.rint(np.arange(256)[:, None] * np.asarray(stock.tint)[None]).clip(0, 255).astype(np.uint8)
    coloured = cv2.LUT(cv2.cvtColor(relief, cv2.COLOR_GRAY2RGB), tints[None])
    return np.asarray(cv2.multiply(page, coloured, scale=1 / _WHITE), np.uint8)


def dusty(pixels: Pixels, rng: Generator) -> Pixels:
    """Specks and a rare hair on the scanner's glass: in focus, and dark where they hide the lid's light."""
    marked = pixels.copy()
    height, width = marked.shape[:2]
    for _ in range(rng.poisson(8)):
        spot = rng.uniform((0, 0), (width, height))
        grey = int(rng.integers(60, 215))
        cv2.circle(marked, _fixed(spot), int(rng.uniform(4, 14)), (grey, grey, grey), -1, cv2.LINE_AA, 4)
    if rng.random() < 0.2:
        path = rng.uniform((0, 0), (width, height)) + np.cumsum(np.cumsum(rng.normal(0, 1.2, (12, 2)), 0), 0)
        cv2.polylines(marked, [np.rint(path * 16).astype(np.int32)], False, (120, 118, 115), 1, cv2.LINE_AA, 4)
    return marked


def _fibrous(rng: Generator, shape: tuple[int, int], stock: Stock) -> Grey:
    """Fibres a pixel or two wide, clouds of thicker pulp, and the soft dents of a sheet that was once crumpled."""
    height, width = shape
    fibres = cv2.GaussianBlur(uniform_bytes(rng, shape), (5, 5), rng.uniform(0.7, 1.2))
    slow = gaussian(rng, (height // 64 + 3, width // 64 + 3)) * np.float32(stock.clouds)
    if stock.crumple:
        slow += _dents(rng, (slow.shape[1], slow.shape[0])) * np.float32(stock.crumple)
    field = cv2.resize(slow, (width, height), interpolation=cv2.INTER_CUBIC)
    base = cv2.convertScaleAbs(field, alpha=_WHITE, beta=_WHITE - 4)
    weight = _WHITE * stock.fibres / 24
    return np.asarray(cv2.addWeighted(base, 1.0, fibres, weight, -127.5 * weight), np.uint8)


def _dents(rng: Generator, size: tuple[int, int]) -> NDArray[np.float32]:
    heights = cv2.resize(gaussian(rng, (7, 6)), size, interpolation=cv2.INTER_CUBIC)
    slopes = cv2.Sobel(heights, cv2.CV_32F, 1, 1, ksize=3) + cv2.Sobel(heights, cv2.CV_32F, 1, 0, ksize=3)
    return np.asarray(0.5 * slopes / max(float(slopes.std()), 1e-6), np.float32)


def _creased(rng: Generator, shape: tuple[int, int], folds: tuple[int, int]) -> NDArray[np.float32]:
    """(h, w) factors of light: the panels between creases lean to it or away, each crease has a lit and a dark lip."""
    down, across = (_profile(rng, side, count) for side, count in zip(shape, folds, strict=True))
    return np.asarray(down[:, None] * across[None], np.float32)


def _profile(rng: Generator, side: int, count: int) -> NDArray[np.float32]:
    along = np.arange(side, dtype=np.float64)
    light = np.ones(side)
    for place in (np.arange(count) + 1) / (count + 1):
        offset = along - side * (place + rng.normal(0, 0.01))
        lean, worn = rng.normal(0, 0.025), rng.uniform(0.02, 0.10)
        light += lean * np.tanh(offset / 3) * np.exp(-np.abs(offset) / (0.25 * side))
        light -= worn * np.sign(lean) * offset / 1.5 * np.exp(-((offset / 1.8) ** 2))
    return light.astype(np.float32)


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    """A point in OpenCV's coordinates with four binary places."""
    return int(point[0] * 16), int(point[1] * 16)
