"""What is measured around each block of a page: how letters look, what noise lies on them and on the paper beside them.

Forged words differ from their like in sharpness, in the fringes of colour at their strokes, in the noise and the traces
of compression around them; each by little, so all of them are measured.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from tiltyard.forensics.locating.layers import AROUND, ENOUGH, Layers, Values, as_values, box, highest
from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.tracing.earlier_saving import BLOCK

FURTHER = 96
"""Pixels a side to which the paper's own colour is compared."""
_DIAGONAL = np.array([[1, -1], [-1, 1]], np.float32) / 2

Named = Iterator[tuple[str, Values]]
"""Names and (h, w) values."""


def conditions(page: Layers) -> Named:
    """What a place looks like, forged or not: letters are compared with letters, and paper with paper."""
    density = page.ink.density
    yield "ink", density
    yield "contrast", as_values(page.ink.mean(page.darkness) * (density > ENOUGH) / 64)
    yield "highest contrast", as_values(np.minimum(highest(page.darkness, 25), 255) / 64)
    yield "edges", page.edge.density
    yield "paper", as_values(box(page.paper_level, AROUND) / 64)
    yield "borders", page.border.density


def measures(page: Layers, pixels: Pixels) -> Named:
    """What may be odd for a place that looks so."""
    yield from _strokes(page)
    yield from _noise(page)
    yield from _colours(page)
    yield from _flatness(page, pixels)


def by_block(values: Values) -> Values:
    """The mean of each whole 8 × 8 block; sides of at least 8."""
    rows, columns = (side // BLOCK for side in values.shape)
    whole = values[: rows * BLOCK, : columns * BLOCK]
    return as_values(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))


def _strokes(page: Layers) -> Named:
    bend = np.abs(cv2.Laplacian(page.luma, cv2.CV_32F))
    steepness = page.slope / page.darkest
    yield "sharpness", page.edge.mean(steepness)
    yield "steepest", page.edge.mean(highest(page.slope, 3) / page.darkest)
    yield "bend", page.edge.mean(bend / (page.slope + 4))
    yield "bend everywhere", box(np.minimum(bend, 30), AROUND)
    yield "halo", page.border.mean(np.maximum(-page.darkness, 0))
    yield "ink's luma", page.ink.mean(page.luma)
    yield "darkest ink", -highest(-box(page.luma, 2), 25)


def _noise(page: Layers) -> Named:
    diagonal = np.abs(cv2.filter2D(page.luma, cv2.CV_32F, _DIAGONAL))
    fine = _residual(page.luma)
    yield "noise everywhere", box(np.minimum(diagonal, 15), AROUND)
    for name, weight, most in (("ink", page.ink, 20), ("border", page.border, 15), ("close", page.close, 10)):
        yield f"noise, {name}", weight.mean(np.minimum(diagonal, most))
    yield "noise, far", page.far.mean(np.minimum(diagonal, 10))
    yield "noise, paper", page.paper.mean(np.minimum(diagonal, 10))
    yield "residual, paper", page.paper.mean(fine)
    yield "residual, close", page.close.mean(fine)
    rest = np.clip(page.luma - box(page.luma, 3), -8, 8)
    for name, weight, steps in (("paper", page.paper, ((1, 1), (1, 0), (2, 1))), ("border", page.border, ((1, 1),))):
        for step, axis in steps:
            likeness = box(rest * np.roll(rest, step, axis) * weight.values, AROUND)
            yield f"noise repeats, {name} {step} {axis}", likeness / (box(rest * rest * weight.values, AROUND) + 0.05)


def _colours(page: Layers) -> Named:
    for name, colour in (("red", page.red), ("blue", page.blue)):
        fine = _residual(colour)
        for where, weight in (("paper", page.paper), ("letters", page.letters), ("ink", page.ink)):
            yield f"{name} residual, {where}", weight.mean(fine)
        on_paper = page.paper.mean(colour)
        yield f"{name} of ink", page.ink.mean(colour) - on_paper
        yield f"{name} of paper", on_paper - box(on_paper, FURTHER)
    on_paper = page.paper.mean(page.luma)
    yield "luma of paper", on_paper - box(on_paper, FURTHER)


def _flatness(page: Layers, pixels: Pixels) -> Named:
    for axis in (1, 0):
        equal = np.abs(page.luma - np.roll(page.luma, 1, axis)) < 0.6
        yield f"equal neighbours {axis}", page.paper.mean(equal.astype(np.float32))
    darkest = np.minimum(np.minimum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    yield "blown out", box((darkest >= 254).astype(np.float32), AROUND)


def _residual(values: Values) -> Values:
    return as_values(np.minimum(np.abs(values - cv2.GaussianBlur(values, (0, 0), 1.0)), 12))
