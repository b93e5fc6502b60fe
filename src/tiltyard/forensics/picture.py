"""A picture and what is known of it: its text lines, its portraits, how it was saved."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.saving import Saving

Pixels = NDArray[np.uint8]
"""(h, w, 3) RGB."""
Mask = NDArray[np.bool_]
"""(h, w), true where something was forged."""
Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Four corners (x, y) in pixels, clockwise from the top left as the content is read; (0, 0) is the outer corner of the
first pixel, so that a line which covers the whole picture has the corners (0, 0), (w, 0), (w, h), (0, h)."""


@dataclass(frozen=True)
class FontUse:
    """The face in which a line is set: a font file, the face within it, axis values of a variable font."""

    path: str
    size: float
    """Pixels an em, on the flat page."""
    index: int = 0
    axes: tuple[float, ...] = ()


@dataclass(frozen=True)
class TextLine:
    """One run of text; what is unknown on a user's own picture is empty or None."""

    text: str
    quad: Quad
    role: str = "text"
    """What it says: `amount`, `date`, `name`, `number`, `address`, `label`, `title`, `text`."""
    font: FontUse | None = None
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Picture:
    """Pixels with what is known of them. `source` names what it was made from: a rendered document, a photograph."""

    pixels: Pixels
    lines: tuple[TextLine, ...] = ()
    portraits: tuple[Quad, ...] = ()
    saved: Saving = field(default_factory=Saving)
    """How the pixels were saved before they were decoded: a forger's editor starts from there."""
    source: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.pixels.shape[:2]
        return width, height

    def moved(self, pixels: Pixels, homography: NDArray[np.float64]) -> "Picture":
        """The picture whose pixels were warped by a (3, 3) homography: lines and portraits go with it."""
        return replace(
            self,
            pixels=pixels,
            lines=tuple(replace(line, quad=warped(line.quad, homography)) for line in self.lines),
            portraits=tuple(warped(quad, homography) for quad in self.portraits),
        )


def warped(quad: Quad, homography: NDArray[np.float64]) -> Quad:
    """The four corners after a (3, 3) homography on coordinates (x, y)."""
    corners = cv2.perspectiveTransform(np.asarray(quad, np.float64)[None], homography)[0]
    first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
    return first, second, third, fourth
