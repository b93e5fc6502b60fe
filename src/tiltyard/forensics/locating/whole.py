"""The network's answer for a whole picture: tiles at its own resolution, blended with a look at the whole of it."""

from collections.abc import Iterator

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tiltyard.forensics.locating.crops import on_grid
from tiltyard.forensics.locating.network import STRIDE, Locator
from tiltyard.forensics.locating.planes import planes_of
from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.forensics.tracing.earlier_saving import BLOCK

TILE, OVERLAP = 512, 64
"""Pixels; both multiples of the network's stride."""
ENTIRE = 640
"""Pixels of the longer side at which the whole picture is looked at."""
WEIGHT = 0.3
"""Of the look at the whole picture, where there is one."""
SMALLEST_SIDE = 64

Logits = NDArray[np.float32]


def heard(network: Locator, subject: Subject, *, fast: bool = False) -> Logits:
    """(h, w) logits for a picture of at least 64 pixels a side.

    `fast`: tiles hardly overlap, nothing looks at the whole of it.
    """
    part = on_grid(subject)
    logits = _tiled(network, part, overlap=STRIDE if fast else OVERLAP)
    if not fast and max(part.shape) > TILE:
        logits = (1 - WEIGHT) * logits + WEIGHT * entire(network, part)
    return put_back(logits, subject)


def put_back(logits: Logits, subject: Subject) -> Logits:
    """What lies before the first whole block says what its neighbours say."""
    down, right = subject.grid
    return np.asarray(np.pad(logits, ((down, 0), (right, 0)), mode="edge"), np.float32)


def _tiled(network: Locator, subject: Subject, *, overlap: int) -> Logits:
    planes = planes_of(subject).astype(np.float32)
    height, width = subject.shape
    total, weights = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for top, bottom in _spans(height, overlap):
        for left, right in _spans(width, overlap):
            blocks = planes[:, top // BLOCK : -(-bottom // BLOCK), left // BLOCK : -(-right // BLOCK)]
            logits = _answer(network, subject.pixels[top:bottom, left:right], blocks)
            window = _window(bottom - top, overlap)[:, None] * _window(right - left, overlap)[None]
            total[top:bottom, left:right] += window * logits
            weights[top:bottom, left:right] += window
    return total / weights


def _spans(length: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Tiles of equal length that cover a side and begin on blocks."""
    if length <= TILE:
        yield 0, length
        return
    count = -(-(length - overlap) // (TILE - overlap))
    for number in range(count):
        start = round(number * (length - TILE) / (count - 1)) // BLOCK * BLOCK
        yield start, min(length, start + TILE + (BLOCK if number == count - 1 else 0))


def _window(length: int, overlap: int) -> NDArray[np.float32]:
    """Falls towards the ends of a tile, where it sees little around a pixel."""
    from_end = np.minimum(np.arange(length), np.arange(length)[::-1]).astype(np.float32)
    return np.asarray(np.clip((from_end + 1) / overlap, 0, 1), np.float32)


def entire(network: Locator, subject: Subject) -> Logits:
    height, width = subject.shape
    scale = min(1.0, ENTIRE / max(height, width))
    size = max(SMALLEST_SIDE, round(width * scale)), max(SMALLEST_SIDE, round(height * scale))
    small = Subject(np.asarray(cv2.resize(subject.pixels, size, interpolation=cv2.INTER_AREA), np.uint8))
    logits = _answer(network, small.pixels, planes_of(small).astype(np.float32))
    return np.asarray(cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _answer(network: Locator, pixels: Pixels, planes: NDArray[np.float32]) -> Logits:
    """(h, w) logits of pixels, continued by their mirror image to the network's stride."""
    height, width = pixels.shape[:2]
    down, right = -height % STRIDE, -width % STRIDE
    image = torch.from_numpy(np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="symmetric"))
    rows, columns = (height + down) // BLOCK, (width + right) // BLOCK
    missing = (0, max(0, rows - planes.shape[1])), (0, max(0, columns - planes.shape[2]))
    blocks = torch.from_numpy(np.pad(planes, ((0, 0), *missing), mode="symmetric")[:, :rows, :columns])
    with torch.inference_mode():
        answer = network(_batch(image.permute(2, 0, 1).float() / 255), _batch(blocks))
        logits = F.interpolate(answer.mask[:, None], scale_factor=2.0, mode="bilinear", align_corners=False)
    return np.asarray(logits[0, 0, :height, :width].numpy(), np.float32)


def _batch(values: Tensor) -> Tensor:
    return values[None].contiguous(memory_format=torch.channels_last)
