"""Marks in the ground and at the head: watermarks, micro-text, invented logos."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.documents.chance import between, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour, Pen
from tiltyard.forensics.documents.kit.glyphs import rendered
from tiltyard.forensics.documents.kit.theme import WHITE, mixed


def watermark(canvas: Canvas, text: str, pen: Pen, box: Box, *, strength: float = 0.08, degrees: float = 24) -> None:
    """Pale slanting text, repeated over the box."""
    mask, _, _ = rendered(canvas.font(pen), text)
    rows, columns = mask.shape
    side_x = round(columns * np.cos(np.deg2rad(degrees)) + rows) + 2
    side_y = round(columns * np.sin(np.deg2rad(degrees)) + rows) + 2
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1.0)
    turn[:, 2] += ((side_x - columns) / 2, (side_y - rows) / 2)
    pale = np.asarray(cv2.warpAffine(mask, turn, (side_x, side_y)) * strength, np.uint8)
    step_x, step_y = side_x * 1.25, side_y * 1.5
    for row, top in enumerate(np.arange(box.y * canvas.unit, box.bottom * canvas.unit - side_y, step_y)):
        shift = (row % 2) * step_x / 2
        for left in np.arange(box.x * canvas.unit + shift, box.right * canvas.unit - side_x, step_x):
            canvas.ink(pale, round(left), round(top), pen.colour)


def micro_text(canvas: Canvas, text: str, pen: Pen, *, x: float, y: float, width: float) -> None:
    """A rule that is a line of tiny text, repeated to the width; no text line is listed for it."""
    length = max(canvas.length(text + " ", pen), 1)
    run = (text + " ") * int(width / length)
    if run:
        canvas.text(x, y, run, pen, listed=False)


def logo(canvas: Canvas, rng: Generator, *, x: float, y: float, side: float, colour: Colour, letter: str = "N") -> None:
    """An abstract mark in a square whose corner is (x, y)."""
    form = pick(rng, (_monogram, _bars, _petals, _facets, _arcs))
    form(canvas, rng, x, y, side, colour, letter)


def _monogram(canvas: Canvas, rng: Generator, x: float, y: float, side: float, colour: Colour, letter: str) -> None:
    canvas.rounded(Box(x, y, side, side), colour, side * pick(rng, (0.12, 0.25, 0.5)))
    face = "noto-serif-sc" if ord(letter) > 0x2E80 else pick(rng, ("montserrat", "pt-serif", "lato", "eb-garamond"))
    ink = WHITE if sum(colour) < 480 else mixed(colour, (40, 40, 40), 0.75)
    font = fonts.use(face, side * 0.62 * canvas.unit, "bold")
    mask, _, _ = rendered(font, letter)
    left = round((x + side / 2) * canvas.unit - mask.shape[1] / 2)
    canvas.ink(mask, left, round((y + side / 2) * canvas.unit - mask.shape[0] / 2), ink)


def _bars(canvas: Canvas, rng: Generator, x: float, y: float, side: float, colour: Colour, _: str) -> None:
    for bar in range(3):
        height = side * (0.45 + 0.27 * bar)
        left, lean = x + bar * side * 0.33, side * 0.1
        canvas.polygon(
            [
                (left, y + side),
                (left + lean, y + side - height),
                (left + lean + side * 0.2, y + side - height),
                (left + side * 0.2, y + side),
            ],
            mixed(colour, WHITE, 0.45 - 0.2 * bar),
        )


def _petals(canvas: Canvas, rng: Generator, x: float, y: float, side: float, colour: Colour, _: str) -> None:
    count, radius = int(rng.integers(3, 7)), side * 0.5
    for petal in range(count):
        turn = 2 * np.pi * petal / count
        middle = (x + radius + np.cos(turn) * radius * 0.5, y + radius + np.sin(turn) * radius * 0.5)
        canvas.disc(*middle, radius * 0.46, mixed(colour, WHITE, 0.5 * petal / count))


def _facets(canvas: Canvas, rng: Generator, x: float, y: float, side: float, colour: Colour, _: str) -> None:
    sides, middle = int(rng.integers(4, 7)), (x + side / 2, y + side / 2)
    start = between(rng, 0, 1)
    corners = [
        (
            middle[0] + np.cos(start + 2 * np.pi * k / sides) * side / 2,
            middle[1] + np.sin(start + 2 * np.pi * k / sides) * side / 2,
        )
        for k in range(sides)
    ]
    for k in range(sides):
        canvas.polygon([middle, corners[k], corners[(k + 1) % sides]], mixed(colour, WHITE, 0.6 * k / sides))


def _arcs(canvas: Canvas, rng: Generator, x: float, y: float, side: float, colour: Colour, _: str) -> None:
    radius = side / 2
    canvas.disc(x + radius, y + radius, radius, colour)
    offset = between(rng, 0.15, 0.3) * side
    canvas.disc(x + radius + offset, y + radius - offset * 0.6, radius * 0.72, mixed(colour, WHITE, 0.75))
    canvas.disc(x + radius + offset * 1.3, y + radius - offset * 0.8, radius * 0.4, colour)
