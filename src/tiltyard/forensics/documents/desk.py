"""What lies under a photographed sheet: a table of wood, stone or plastic, a cloth."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.documents.noise import gaussian
from tiltyard.forensics.picture import Pixels

Grey = NDArray[np.uint8]
_COLOURS = {
    "wood": ((92, 60, 36), (58, 40, 30), (150, 110, 72)),
    "stone": ((120, 118, 115), (70, 70, 74), (40, 40, 42)),
    "cloth": ((60, 70, 95), (110, 40, 44), (78, 84, 70)),
    "plain": ((170, 168, 162), (60, 62, 66), (120, 128, 136)),
}


def a_desk(rng: Generator, size: tuple[int, int]) -> Pixels:
    """(h, w, 3) pixels of a ground whose pattern is drawn from noise: no photograph is needed."""
    kind = ("wood", "wood", "stone", "cloth", "plain")[rng.integers(5)]
    pattern = _PATTERNS[kind](rng, size)
    colour = np.asarray(_COLOURS[kind][rng.integers(3)]) * rng.uniform(0.8, 1.3) + rng.normal(0, 5, 3)
    shades = colour[None] * np.linspace(0.55, 1.45, 256)[:, None]
    table = np.rint(shades).clip(0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(cv2.cvtColor(pattern, cv2.COLOR_GRAY2RGB), table), np.uint8)


def _wood(rng: Generator, size: tuple[int, int]) -> Grey:
    """Grain: noise stretched along the board, so that it changes quickly across it only."""
    along, across = size if rng.random() < 0.5 else size[::-1]
    board = (along, across)
    grain = _field(rng, (3 + along // 160, 3 + across // 3), board, 24) + _field(rng, (4, 3 + across // 24), board, 30)
    pattern = _grey(grain)
    return pattern if board == size else np.ascontiguousarray(pattern.T)


def _stone(rng: Generator, size: tuple[int, int]) -> Grey:
    width, height = size
    speckle = _field(rng, (width // 2, height // 2), size, 22) + _field(rng, (width // 20, height // 20), size, 18)
    return _grey(speckle)


def _cloth(rng: Generator, size: tuple[int, int]) -> Grey:
    """A weave: threads both ways, each a little different."""
    width, height = size
    pitch = rng.uniform(3.2, 7)
    columns, rows = (np.cos(2 * np.pi * np.arange(side) / pitch) * 14 + rng.normal(0, 5, side) for side in size)
    weave = np.add.outer(rows, columns).astype(np.float32) + _field(rng, (width // 60 + 3, height // 60 + 3), size, 8)
    return _grey(weave)


def _plain(rng: Generator, size: tuple[int, int]) -> Grey:
    return _grey(_field(rng, (6, 6), size, 6))


def _grey(field: NDArray[np.float32]) -> Grey:
    return np.asarray(cv2.convertScaleAbs(field, alpha=1, beta=128), np.uint8)


def _field(rng: Generator, nodes: tuple[int, int], size: tuple[int, int], strength: float) -> NDArray[np.float32]:
    """Smooth noise of the given size with so many nodes (across, down)."""
    values = gaussian(rng, (max(nodes[1], 2), max(nodes[0], 2))) * np.float32(strength)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


_PATTERNS = {"wood": _wood, "stone": _stone, "cloth": _cloth, "plain": _plain}
