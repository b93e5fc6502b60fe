"""The network's answer for a whole picture."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.planes import on_grid
from tiltyard.forensics.locating.view import View, view_of
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.forensics.tracing.earlier_saving import BLOCK
from tiltyard.forensics.tracing.print_boxes import is_written

SMALLEST_SIDE = 64
LARGEST = 16_000_000
"""Pixels of a page that are measured at once, some hundred and fifty bytes each: a larger one is taken in bands, as if
each were a page."""
LESS = 2.0
"""Logits by which what is no page of print is suspected less: half a per cent of authentic pages of print kept aside
reach 4.0, of photographs and handwriting 6."""
NEIGHBOURS = 3
"""Blocks a side over which logits are averaged."""

Logits = NDArray[np.float32]


def heard(network: Locator, subject: Subject) -> Logits:
    """(h, w) logits for a picture of at least 64 pixels a side."""
    blocks = np.concatenate([answer(network, view_of(band)) for band in _bands(on_grid(subject))])
    if not is_written(np.asarray(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY), np.uint8)):
        blocks -= LESS
    return over_the_picture(blocks, subject.shape, subject.grid)


def _bands(page: Subject) -> Iterator[Subject]:
    """A page that begins with a whole block, from the top down; each band but the last ends with one."""
    height, width = page.shape
    count = math.ceil(height * width / LARGEST)
    edges = [int(at) * BLOCK for at in np.linspace(0, height // BLOCK, count + 1)]
    for top, bottom in pairwise([*edges[:-1], height]):
        luma = None if page.decoded_luma is None else page.decoded_luma[top:bottom]
        yield replace(page, pixels=page.pixels[top:bottom], decoded_luma=luma)


def answer(network: Locator, view: View) -> Logits:
    """A logit for each block, averaged with its neighbours': a forgery is seldom a block alone."""
    told = (view.planes, view.sizes, view.steps)
    with torch.inference_mode():
        logits = network(*(torch.from_numpy(np.asarray(values, np.float32))[None] for values in told))[0].numpy()
    return np.asarray(cv2.blur(logits, (NEIGHBOURS, NEIGHBOURS)), np.float32)


def over_the_picture(blocks: Logits, shape: tuple[int, int], grid: tuple[int, int]) -> Logits:
    """(h, w), from block to block without steps; what lies beyond the whole blocks says what its neighbours say."""
    rows, columns = blocks.shape
    smooth = cv2.resize(blocks, (columns * BLOCK, rows * BLOCK), interpolation=cv2.INTER_LINEAR)
    (down, right), (height, width) = grid, shape
    beyond = (down, height - down - rows * BLOCK), (right, width - right - columns * BLOCK)
    return np.asarray(np.pad(smooth, beyond, mode="edge"), np.float32)
