"""Emblems of no state: a wreath, rays or waves round a simple charge."""

import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.chance import pick
from tiltyard.forensics.documents.kit.canvas import Canvas, Colour
from tiltyard.forensics.documents.kit.theme import WHITE, mixed


def emblem(canvas: Canvas, rng: Generator, *, x: float, y: float, radius: float, colour: Colour) -> None:
    """Draws an invented emblem round (x, y)."""
    pick(rng, (_wreath, _rays, _shield))(canvas, x, y, radius, colour)
    pick(rng, (_tree, _peaks, _compass))(canvas, x, y, radius * 0.5, mixed(colour, WHITE, 0.1))


def _wreath(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    for side in (-1, 1):
        for leaf in range(8):
            turn = np.deg2rad(20 + leaf * 18)
            middle = x + side * np.sin(turn) * radius * 0.85, y + np.cos(turn) * radius * 0.85
            lean = turn + side * 0.0 + 0.6
            along, across = radius * 0.2, radius * 0.075
            tip = np.array((side * np.sin(lean + 1.2), np.cos(lean + 1.2)))
            off = np.array((tip[1], -tip[0])) * across
            points = [
                tuple(middle + tip * along),
                tuple(middle + off),
                tuple(middle - tip * along),
                tuple(middle - off),
            ]
            canvas.polygon(points, colour)


def _rays(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    for ray in range(24):
        turn, reach = 2 * np.pi * ray / 24, radius * (1.0 if ray % 2 else 0.86)
        near = [(x + np.cos(turn + d) * radius * 0.66, y + np.sin(turn + d) * radius * 0.66) for d in (-0.09, 0.09)]
        canvas.polygon([(x + np.cos(turn) * reach, y + np.sin(turn) * reach), *near], colour)
    canvas.ring(x, y, radius * 0.6, colour, 1.6)


def _shield(canvas: Canvas, x: float, y: float, radius: float, colour: Colour) -> None:
    turns = np.linspace(0, np.pi, 16)
    curve = [(x + np.cos(turn) * radius * 0.72, y + np.sin(turn) * radius * 0.95) for turn in turns]
    outline = [
        (x - radius * 0.72, y - radius * 0.8),
        (x, y - radius * 0.9),
        (x + radius * 0.72, y - radius * 0.8),
        *curve,
    ]
    canvas.curve(outline, colour, 2.4, closed=True)


def _tree(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    for level in range(3):
        low, half = y + size * (0.7 - 0.5 * level), size * (0.75 - 0.2 * level)
        canvas.polygon([(x - half, low), (x, low - size * 0.75), (x + half, low)], colour)
    canvas.polygon(
        [
            (x - size * 0.1, y + size),
            (x - size * 0.1, y + size * 0.6),
            (x + size * 0.1, y + size * 0.6),
            (x + size * 0.1, y + size),
        ],
        colour,
    )


def _peaks(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    canvas.polygon(
        [(x - size, y + size * 0.5), (x - size * 0.3, y - size * 0.7), (x + size * 0.3, y + size * 0.5)], colour
    )
    canvas.polygon(
        [(x - size * 0.2, y + size * 0.5), (x + size * 0.45, y - size * 0.35), (x + size, y + size * 0.5)],
        mixed(colour, WHITE, 0.3),
    )
    for line in range(2):
        wave = [
            (x + size * (step / 10 - 1), y + size * (0.68 + 0.2 * line) + np.sin(step) * size * 0.06)
            for step in range(21)
        ]
        canvas.curve(wave, colour, 1.6)


def _compass(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    for point in range(8):
        turn, reach = np.pi * point / 4, size * (1.0 if point % 2 == 0 else 0.6)
        tip = (x + np.cos(turn) * reach, y + np.sin(turn) * reach)
        near = (x + np.cos(turn + 0.4) * size * 0.25, y + np.sin(turn + 0.4) * size * 0.25)
        far = (x + np.cos(turn - 0.4) * size * 0.25, y + np.sin(turn - 0.4) * size * 0.25)
        canvas.polygon([(x, y), near, tip], colour)
        canvas.polygon([(x, y), far, tip], mixed(colour, WHITE, 0.45))
