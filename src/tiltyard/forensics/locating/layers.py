"""A page told apart into ink, its border, the paper close to it and the paper far from it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Pixels

Values = NDArray[np.float32]
"""(h, w)."""
LEAST_CONTRAST = 18.0
"""Grey levels below the paper at which ink begins."""
WIDEST_STROKE = 17
"""Pixels: what is darker than its surroundings over more than this is ground, not ink."""
STEEP = 0.25
"""Of the steepest slope thereabouts: the border of a stroke."""
AROUND = 16
"""Pixels a side over which things are averaged: the height of a line of text."""
ENOUGH = 0.004
"""A share of the pixels below which a mean of them says little, and fades."""


@dataclass(frozen=True)
class Weight:
    """(h, w) of 0 or 1: the pixels of one kind."""

    values: Values

    @cached_property
    def density(self) -> Values:
        """Their share of what lies around each pixel."""
        return box(self.values, AROUND)

    def mean(self, values: NDArray[Any]) -> Values:
        """Of what (h, w) values are around each pixel, where it is of this kind."""
        return as_values(box(as_values(values * self.values), AROUND) / (self.density + ENOUGH))


@dataclass(frozen=True)
class Layers:
    """Colours 0–255 and slopes in levels a pixel, (h, w) float32; and which pixels are what."""

    luma: Values
    red: Values
    blue: Values
    """Cr and Cb."""
    paper_level: Values
    darkness: Values
    """Levels below the paper; negative where it is lighter."""
    darkest: Values
    """Of what lies thereabouts, at least 1."""
    slope: Values
    ink: Weight
    border: Weight
    """The two pixels around ink."""
    letters: Weight
    """Ink and its border."""
    close: Weight
    """Paper within three to seven pixels of ink."""
    far: Weight
    paper: Weight
    """All but ink and its border."""
    edge: Weight
    """Where strokes are steepest."""


def layers_of(pixels: Pixels) -> Layers:
    """Of (h, w, 3) RGB pixels; on a photograph, what is darker than its surroundings passes for ink."""
    luma, red, blue = (np.ascontiguousarray(channel) for channel in np.moveaxis(_ycc(pixels), 2, 0))
    closed = cv2.morphologyEx(cv2.GaussianBlur(luma, (0, 0), 0.7), cv2.MORPH_CLOSE, _square(WIDEST_STROKE))
    level = box(as_values(closed), 9)
    darkness = level - luma
    darkest = np.maximum(highest(darkness, 15), 1)
    ink = _weight((darkness > 0.5 * darkest) & (darkness > LEAST_CONTRAST))
    near, wide = highest(ink, 5), highest(ink, 15)
    slope = as_values(np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)) / 8)
    steep = (slope > STEEP * highest(slope, 9)) & (darkest > LEAST_CONTRAST)
    return Layers(
        luma=luma, red=red, blue=blue, paper_level=level, darkness=darkness, darkest=darkest, slope=slope,
        ink=Weight(ink), border=Weight(near - ink), letters=Weight(near), close=Weight(wide - highest(ink, 7)),
        far=Weight(1 - wide), paper=Weight(1 - near), edge=Weight(_weight(steep) * highest(near, 3)),
    )  # fmt: skip


def as_values(values: NDArray[Any]) -> Values:
    """The same in single precision."""
    return np.asarray(values, np.float32)


def box(values: Values, side: int) -> Values:
    """Mean over squares of so many pixels."""
    return as_values(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT))


def highest(values: Values, side: int) -> Values:
    """The highest value within squares of so many pixels."""
    return as_values(cv2.dilate(values, _square(side)))


def _ycc(pixels: Pixels) -> Values:
    return as_values(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))


def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def _weight(where: NDArray[np.bool_]) -> Values:
    return where.astype(np.float32)
