"""What is measured around each block of a page: how letters look, what noise lies on them and on the paper beside them.

Forged words differ from their like in sharpness, in the fringes of colour at their strokes, in the noise and the traces
of compression around them; each by little, so all of them are measured.
"""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.locating.layers import Layers, Values, as_values, box, highest
from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.tracing.earlier_saving import BLOCK

AROUND = 16
"""Pixels a side over which things are averaged: the height of a line of text."""
FURTHER = 96
"""Pixels a side to which the paper's own colour is compared."""
ENOUGH = 0.004
"""A share of the pixels below which a mean of them says little, and fades."""
_DIAGONAL = np.array([[1, -1], [-1, 1]], np.float32) / 2

Named = Iterator[tuple[str, Values]]
"""Names and (h, w) values."""


def conditions(page: Layers) -> Named:
    """What a place looks like, forged or not: letters are compared with letters, and paper with paper."""
    density = box(page.ink, AROUND)
    yield "ink", density
    yield "contrast", as_values(_mean(page.darkness, page.ink) * (density > ENOUGH) / 64)
    yield "highest contrast", as_values(np.minimum(highest(page.darkness, 25), 255) / 64)
    yield "edges", box(page.edge, AROUND)
    yield "paper", as_values(box(page.paper_level, AROUND) / 64)
    yield "borders", box(page.border, AROUND)


def measures(page: Layers, pixels: Pixels) -> Named:
    """What may be odd for a place that looks so."""
    yield from _strokes(page)
    yield from _noise(page)
    yield from _colours(page)
    yield from _flatness(page, pixels)


def by_block(values: Values) -> Values:
    """The mean of each whole 8 × 8 block."""
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    whole = values[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(whole.mean((1, 3)), np.float32)


def _mean(values: NDArray[Any], weight: Values) -> Values:
    return as_values(box(as_values(values * weight), AROUND) / (box(weight, AROUND) + ENOUGH))


def _strokes(page: Layers) -> Named:
    bend = np.abs(cv2.Laplacian(page.luma, cv2.CV_32F))
    steepness = page.slope / page.darkest
    yield "sharpness", _mean(steepness, page.edge)
    yield "steepest", _mean(highest(page.slope, 3) / page.darkest, page.edge)
    yield "bend", _mean(bend / (page.slope + 4), page.edge)
    yield "bend everywhere", box(np.minimum(bend, 30), AROUND)
    yield "halo", _mean(np.maximum(-page.darkness, 0), page.border)
    yield "ink's luma", _mean(page.luma, page.ink)
    yield "darkest ink", -highest(-box(page.luma, 2), 25)


def _noise(page: Layers) -> Named:
    diagonal = np.abs(cv2.filter2D(page.luma, cv2.CV_32F, _DIAGONAL))
    fine = _residual(page.luma)
    yield "noise everywhere", box(np.minimum(diagonal, 15), AROUND)
    for name, weight, most in (("ink", page.ink, 20), ("border", page.border, 15), ("close", page.close, 10)):
        yield f"noise, {name}", _mean(np.minimum(diagonal, most), weight)
    yield "noise, far", _mean(np.minimum(diagonal, 10), page.far)
    yield "noise, paper", _mean(np.minimum(diagonal, 10), page.paper)
    yield "residual, paper", _mean(fine, page.paper)
    yield "residual, close", _mean(fine, page.close)
    rest = np.clip(page.luma - box(page.luma, 3), -8, 8)
    for name, weight, steps in (("paper", page.paper, ((1, 1), (1, 0), (2, 1))), ("border", page.border, ((1, 1),))):
        for step, axis in steps:
            likeness = box(rest * np.roll(rest, step, axis) * weight, AROUND)
            yield f"noise repeats, {name} {step} {axis}", likeness / (box(rest * rest * weight, AROUND) + 0.05)


def _colours(page: Layers) -> Named:
    around = 1 - page.paper
    for name, colour in (("red", page.red), ("blue", page.blue)):
        fine = _residual(colour)
        for where, weight in (("paper", page.paper), ("letters", around), ("ink", page.ink)):
            yield f"{name} residual, {where}", _mean(fine, weight)
        on_paper = _mean(colour, page.paper)
        yield f"{name} of ink", _mean(colour, page.ink) - on_paper
        yield f"{name} of paper", on_paper - box(on_paper, FURTHER)
    on_paper = _mean(page.luma, page.paper)
    yield "luma of paper", on_paper - box(on_paper, FURTHER)


def _flatness(page: Layers, pixels: Pixels) -> Named:
    for axis in (1, 0):
        equal = np.abs(page.luma - np.roll(page.luma, 1, axis)) < 0.6
        yield f"equal neighbours {axis}", _mean(equal.astype(np.float32), page.paper)
    darkest = np.minimum(np.minimum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    yield "blown out", box((darkest >= 254).astype(np.float32), AROUND)


def _residual(values: Values) -> Values:
    return as_values(np.minimum(np.abs(values - cv2.GaussianBlur(values, (0, 0), 1.0)), 12))
