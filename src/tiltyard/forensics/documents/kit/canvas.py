"""A page that is drawn on: text as listed lines with their exact boxes, rules, areas and inked masks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.documents.kit.glyphs import Grey, length, rendered
from tiltyard.forensics.picture import FontUse, Picture, Pixels, Quad, TextLine

Colour = tuple[int, int, int]
Point = tuple[float, float]
_SHIFT = 4
_FAINT = 24
"""Coverage below which a pixel does not count as ink."""


@dataclass(frozen=True)
class Pen:
    """A face at a size in layout units (a thousandth of the page's long side), with its colour."""

    face: str
    size: float
    colour: Colour = (20, 20, 20)
    cut: str = "regular"
    tracking: float = 0.0
    """Extra space between letters, in units."""


@dataclass(frozen=True)
class Box:
    """A rectangle in layout units."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def inset(self, by: float) -> "Box":
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)

    def below(self, y: float) -> "Box":
        """The part from y down."""
        return Box(self.x, y, self.width, self.bottom - y)


class Canvas:
    """The page as it grows. Coordinates are layout units: `unit` of them make a pixel column's width."""

    def __init__(self, width: float, height: float, *, long_side: int, paper: Colour) -> None:
        self.unit = long_side / max(width, height)
        self.width, self.height = width, height
        rows, columns = (max(round(side * self.unit), 1) for side in (height, width))
        self.pixels: Pixels = np.empty((rows, columns, 3), np.uint8)
        self.pixels[:] = np.tile(np.array(paper, np.uint8), (columns, 1))
        self.lines: list[TextLine] = []
        self.portraits: list[Quad] = []

    def picture(self, source: str) -> Picture:
        return Picture(self.pixels, tuple(self.lines), tuple(self.portraits), source=source)

    def font(self, pen: Pen) -> FontUse:
        return fonts.use(pen.face, pen.size * self.unit, pen.cut)

    def length(self, text: str, pen: Pen) -> float:
        """How wide the text runs, in units."""
        return length(self.font(pen), text, pen.tracking * self.unit) / self.unit

    def text(
        self, x: float, y: float, text: str, pen: Pen, *, align: str = "left", role: str = "text", listed: bool = True
    ) -> Box:
        """Sets one run with its baseline at y; `listed` runs become lines of the picture. Returns the ink's box."""
        font = self.font(pen)
        x -= {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * self.length(text, pen)
        mask, left, top = rendered(font, text, pen.tracking * self.unit)
        return self._set(
            mask,
            round(x * self.unit) + left,
            round(y * self.unit) + top,
            TextLine(text, _NOWHERE, role, font, pen.colour),
            0 if listed else None,
        )

    def turned_text(self, x: float, y: float, text: str, pen: Pen, *, turns: int, role: str = "text") -> Box:
        """A run turned by quarter turns counter-clockwise, its ink centred on (x, y)."""
        font = self.font(pen)
        mask, _, _ = rendered(font, text, pen.tracking * self.unit)
        mask = np.ascontiguousarray(np.rot90(mask, turns))
        rows, columns = mask.shape
        left, top = round(x * self.unit - columns / 2), round(y * self.unit - rows / 2)
        return self._set(mask, left, top, TextLine(text, _NOWHERE, role, font, pen.colour), turns % 4)

    def _set(self, mask: Grey, left: int, top: int, line: TextLine, turns: int | None) -> Box:
        ink_x, ink_y, columns, rows = cv2.boundingRect((mask > _FAINT).view(np.uint8))
        left, top, mask = left + ink_x, top + ink_y, mask[ink_y : ink_y + rows, ink_x : ink_x + columns]
        self.ink(mask, left, top, line.colour or (0, 0, 0))
        if turns is not None and mask.size:
            quad = _corners(left, top, columns, rows)
            turned = cast(Quad, quad[-turns % 4 :] + quad[: -turns % 4])
            self.lines.append(replace(line, quad=turned))
        return Box(left / self.unit, top / self.unit, columns / self.unit, rows / self.unit)

    def ink(self, mask: Grey, left: int, top: int, colour: Colour, *, soaks: bool = False) -> None:
        """Lays colour through a mask in pixels; ink that `soaks` darkens what lies beneath instead of covering it."""
        rows, columns = self.pixels.shape[:2]
        y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + mask.shape[0], rows), min(left + mask.shape[1], columns)
        if y0 >= y1 or x0 >= x1:
            return
        weight = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.int32)
        below = self.pixels[y0:y1, x0:x1]
        aim = np.array(colour, np.int32)
        target = below.astype(np.int32) * aim // 255 if soaks else aim
        self.pixels[y0:y1, x0:x1] = below + (target - below) * weight // 255

    def paste(self, pixels: Pixels, x: float, y: float) -> None:
        """Puts (h, w, 3) pixels with their corner at (x, y), cut off at the page's edge."""
        left, top = round(x * self.unit), round(y * self.unit)
        target = self.pixels[top : top + pixels.shape[0], left : left + pixels.shape[1]]
        target[:] = pixels[: target.shape[0], : target.shape[1]]

    def area(self, box: Box, colour: Colour) -> None:
        """Fills a rectangle with crisp edges."""
        left, top, right, bottom = self._edges(box)
        if right > left and bottom > top:
            cv2.rectangle(self.pixels, (left, top), (right - 1, bottom - 1), colour, -1)

    def frame(self, box: Box, colour: Colour, thick: float = 1.0) -> None:
        """Draws a rectangle's outline, inside the box."""
        for side in (
            Box(box.x, box.y, box.width, thick),
            Box(box.x, box.bottom - thick, box.width, thick),
            Box(box.x, box.y, thick, box.height),
            Box(box.right - thick, box.y, thick, box.height),
        ):
            self._crisp(side, colour)

    def rule(
        self, x: float, y: float, length: float, colour: Colour, thick: float = 1.0, *, down: bool = False
    ) -> None:
        """A horizontal rule, or one that runs down."""
        self._crisp(Box(x, y, thick, length) if down else Box(x, y, length, thick), colour)

    def dashes(self, x: float, y: float, length: float, colour: Colour, *, dash: float = 4, gap: float = 3) -> None:
        """A dashed horizontal rule."""
        for start in np.arange(x, x + length, dash + gap):
            self.rule(float(start), y, min(dash, x + length - float(start)), colour)

    def rounded(self, box: Box, colour: Colour, radius: float) -> None:
        """Fills a rectangle with round corners."""
        self.polygon(_round_outline(box, min(radius, box.width / 2, box.height / 2)), colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        cv2.circle(
            self.pixels, self._fixed((x, y)), round(radius * self.unit * 2**_SHIFT), colour, -1, cv2.LINE_AA, _SHIFT
        )

    def ring(self, x: float, y: float, radius: float, colour: Colour, thick: float) -> None:
        width = max(round(thick * self.unit), 1)
        cv2.circle(
            self.pixels, self._fixed((x, y)), round(radius * self.unit * 2**_SHIFT), colour, width, cv2.LINE_AA, _SHIFT
        )

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        cv2.fillPoly(self.pixels, [self._points(points)], colour, cv2.LINE_AA, _SHIFT)

    def curve(self, points: Sequence[Point], colour: Colour, thick: float = 1.0, *, closed: bool = False) -> None:
        width = max(round(thick * self.unit), 1)
        cv2.polylines(self.pixels, [self._points(points)], closed, colour, width, cv2.LINE_AA, _SHIFT)

    def _crisp(self, box: Box, colour: Colour) -> None:
        left, top = round(box.x * self.unit), round(box.y * self.unit)
        right, bottom = (max(round(side * self.unit), 1) for side in (box.width, box.height))
        cv2.rectangle(self.pixels, (left, top), (left + right - 1, top + bottom - 1), colour, -1)

    def _edges(self, box: Box) -> tuple[int, int, int, int]:
        return (
            round(box.x * self.unit),
            round(box.y * self.unit),
            round(box.right * self.unit),
            round(box.bottom * self.unit),
        )

    def _fixed(self, point: Point) -> tuple[int, int]:
        return round(point[0] * self.unit * 2**_SHIFT), round(point[1] * self.unit * 2**_SHIFT)

    def _points(self, points: Sequence[Point]) -> NDArray[np.int32]:
        scaled = np.asarray(points, np.float64) * (self.unit * 2**_SHIFT)
        return np.asarray(np.rint(scaled), np.int32)


_NOWHERE: Quad = ((0, 0), (0, 0), (0, 0), (0, 0))


def _corners(left: int, top: int, columns: int, rows: int) -> Quad:
    x0, y0, x1, y1 = float(left), float(top), float(left + columns), float(top + rows)
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def _round_outline(box: Box, radius: float) -> list[Point]:
    turns = np.linspace(0, np.pi / 2, 9)
    centres = (
        (box.right - radius, box.bottom - radius, 0.0),
        (box.x + radius, box.bottom - radius, np.pi / 2),
        (box.x + radius, box.y + radius, np.pi),
        (box.right - radius, box.y + radius, 1.5 * np.pi),
    )
    return [
        (x + radius * float(np.cos(start + turn)), y + radius * float(np.sin(start + turn)))
        for x, y, start in centres
        for turn in turns
    ]
