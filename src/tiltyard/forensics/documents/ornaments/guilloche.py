"""Guilloche: rosettes and bands of interlaced waves, as security printing has them."""

import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.chance import between
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour


def rosette(
    canvas: Canvas, rng: Generator, *, x: float, y: float, radius: float, colour: Colour, rings: int = 10
) -> None:
    """Nested closed waves round (x, y) that cross one another."""
    turns = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    petals = int(rng.integers(6, 15))
    depth, twist, inner = between(rng, 0.1, 0.24), between(rng, 0.1, 0.5), between(rng, 0.25, 0.5)
    for ring in range(rings):
        share = inner + (1 - inner - depth) * ring / rings
        wave = share + depth * np.sin(petals * turns + twist * ring) * np.cos(2 * turns * (ring % 2))
        points = np.stack([x + radius * wave * np.cos(turns), y + radius * wave * np.sin(turns)], 1)
        canvas.curve(points, colour, 0.8, closed=True)  # type: ignore[arg-type]


def waves(canvas: Canvas, rng: Generator, box: Box, colours: tuple[Colour, ...], *, count: int = 14) -> None:
    """A band of waves that share their nodes, from edge to edge of the box."""
    x = np.linspace(box.x, box.right, max(int(box.width / 5), 20))
    swing = np.sin((x - box.x) / box.width * np.pi * 2 * between(rng, 0.6, 3.0) + between(rng, 0, 6.3))
    carrier = (x - box.x) / box.width * np.pi * 2 * between(rng, 3, 12)
    drift = between(rng, 0.2, 0.6)
    for line in range(count):
        level = (line / max(count - 1, 1) - 0.5) * 0.5
        y = box.y + box.height * (0.5 + level * swing + 0.24 * np.sin(carrier + line * drift))
        canvas.curve(np.stack([x, y], 1), colours[line % len(colours)], 0.8)  # type: ignore[arg-type]


def mesh(canvas: Canvas, rng: Generator, box: Box, colours: tuple[Colour, ...], *, pitch: float = 11) -> None:
    """A background of parallel waves over the whole box, as on cards and cheques."""
    x = np.linspace(box.x, box.right, max(int(box.width / 8), 20))
    bend = np.sin(x / box.width * between(rng, 4, 14) + between(rng, 0, 6)) * pitch * between(rng, 0.6, 1.6)
    lean = (x - box.x) * between(rng, -0.15, 0.15)
    reach = int(box.height / pitch) + 1
    for line in range(reach):
        beat = np.sin(x / box.width * 9 + line * 0.35) * pitch * 0.45
        y = np.clip(box.y + line * pitch + bend + beat + lean, box.y, box.bottom)
        canvas.curve(np.stack([x, y], 1), colours[line % len(colours)], 0.8)  # type: ignore[arg-type]


def border(canvas: Canvas, box: Box, colour: Colour, *, thick: float = 14, pitch: float = 16) -> None:
    """A frame of two interlaced waves between two rules, as round certificates."""
    canvas.frame(box, colour, 1.6)
    canvas.frame(box.inset(thick), colour, 1.0)
    middle = box.inset(thick / 2)
    for length, across, place in (
        (middle.width, False, middle.y),
        (middle.width, False, middle.bottom),
        (middle.height, True, middle.x),
        (middle.height, True, middle.right),
    ):
        along = np.linspace(0, length, int(length / 3))
        for phase in (0.0, np.pi / 2, np.pi):
            off = place + np.sin(along / (length / max(round(length / pitch), 1)) * 2 * np.pi + phase) * thick * 0.36
            start = middle.y if across else middle.x
            points = np.stack([off, along + start] if across else [along + start, off], 1)
            canvas.curve(points, colour, 0.9)  # type: ignore[arg-type]
