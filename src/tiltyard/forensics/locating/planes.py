"""Measures against the page: for each JPEG block how its place looks, and how far it is from its like."""

import io
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.locating.layers import Layers, Values, as_values, layers_of
from tiltyard.forensics.locating.measures import by_block, conditions, measures
from tiltyard.forensics.locating.usual import unusual
from tiltyard.forensics.saving import Table
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.forensics.tracing.earlier_saving import BLOCK, FREQUENCIES, Blocks, evidence_by_frequency
from tiltyard.forensics.tracing.error_level import error_level

CONDITIONS, MEASURES, SAVINGS, FACTS, COLOURS = 6, 33, 9, 6, 3
PLANES = CONDITIONS + MEASURES + SAVINGS + FACTS + COLOURS
"""How a place looks; how letters, noise and colours differ from their like, and how traces of saving do; the page; its
colours as they are, by which a stamp is known."""
BANDS = (2, 4, 9)
"""Frequencies u + v up to each of these are taken together."""

Planes = NDArray[np.float16]
"""(PLANES, h // 8, w // 8), each within ±8."""


def planes_of(subject: Subject) -> Planes:
    """The planes of a picture whose blocks begin at (0, 0); sides of at least 8."""
    page = layers_of(subject.pixels)
    look = np.stack([by_block(values) for _, values in conditions(page)], -1)
    evidence = evidence_by_frequency(np.ascontiguousarray(subject.luma), subject.steps)
    found = [(name, by_block(values)) for name, values in measures(page, subject.pixels)]
    noise = float(np.median(dict(found)["noise, paper"]))
    measured = np.stack([*(values for _, values in found), *_savings(subject, evidence)], -1)
    odd = unusual(measured, look)
    facts = np.broadcast_to(_facts(subject.steps, float(evidence.sum(0).mean()), noise), (*odd.shape[:2], FACTS))
    planes = np.concatenate([look, odd, facts, np.stack(list(_colours(page)), -1)], -1).transpose(2, 0, 1)
    return np.asarray(np.clip(planes, -8, 8), np.float16)


def on_grid(subject: Subject) -> Subject:
    """The part of a picture from its first whole block on."""
    down, right = subject.grid
    luma = None if subject.decoded_luma is None else subject.decoded_luma[down:, right:]
    return replace(subject, pixels=subject.pixels[down:, right:], decoded_luma=luma, grid=(0, 0))


def _savings(subject: Subject, evidence: NDArray[np.float32]) -> Iterator[Blocks]:
    """Error level, what the last saving's own tables still lose, and the evidence of an earlier saving."""
    rows, columns = (side // BLOCK * BLOCK for side in subject.shape)
    yield _levels(error_level(subject.pixels[:rows, :columns]), 3)
    own = _own_error(subject.luma, subject.steps)
    yield _levels(own, 1)
    yield _levels(own, 3)
    sums = np.array([u + v for u, v in FREQUENCIES])
    for low, high in zip((0, *BANDS), BANDS, strict=False):
        yield _around(evidence[(sums > low) & (sums <= high)].sum(0), 3)
    together = np.asarray(evidence.sum(0), np.float32)
    yield together
    yield _around(together, 5)
    yield _around(np.minimum(together, 0), 3)


def _own_error(luma: Values, steps: Table | None) -> Values:
    """What is lost by saving once more with the same table: less where that was done before; 0 without a table."""
    if steps is None:
        return np.zeros_like(luma)
    grey = np.clip(np.rint(luma + 128), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", qtables=[list(steps)])
    with Image.open(buffer, formats=("JPEG",)) as image:
        return as_values(cv2.absdiff(grey, np.asarray(image)))


def _levels(error: Values, side: int) -> Blocks:
    return as_values(np.log(_around(as_values(np.minimum(by_block(error), 20)), side) + np.float32(0.07)))


def _around(blocks: Blocks, side: int) -> Blocks:
    return np.asarray(cv2.blur(blocks, (side, side)), np.float32)


def _colours(page: Layers) -> Iterator[Blocks]:
    """Luma, Cr and Cb, about 0."""
    yield as_values(by_block(page.luma) / 64 - 2)
    for colour in (page.red, page.blue):
        yield as_values((by_block(colour) - 128) / 16)


def _facts(steps: Table | None, evidence: float, noise: float) -> NDArray[np.float32]:
    """Whether it is a JPEG, how coarse its low and all its steps are, how plain an earlier saving is, the noise."""
    table = np.log2(np.ones(BLOCK**2) if steps is None else np.asarray(steps, np.float64)).reshape(BLOCK, BLOCK)
    coarse = table[:3, :3].mean() / 2, table.mean() / 2
    return np.array([steps is not None, *coarse, evidence / 2, noise, noise < 0.5], np.float32)
