"""The face of a portrait: skin over an ellipsoid, eyes, brows, nose, mouth, as soft shapes on a plane (u, v)."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from tiltyard.forensics.documents.chance import between, chance
from tiltyard.forensics.documents.kit.canvas import Colour

Floats = NDArray[np.floating[Any]]


def soft(distance: Floats, width: float) -> Floats:
    """0 outside, 1 inside, over an edge of the given width."""
    inside: Floats = np.clip(distance / width + 0.5, 0, 1)
    return inside


def blob(u: Floats, v: Floats, x: float, y: float, width: float, height: float) -> Floats:
    """A Gaussian spot, 1 in its middle."""
    return np.exp(-(((u - x) / width) ** 2 + ((v - y) / height) ** 2))


def painted(image: Floats, cover: Floats, colour: ArrayLike) -> Floats:
    """Lays a colour over the image in place, through the cover."""
    image += (np.asarray(colour, np.float32) - image) * cover[..., None]
    return image


def near(
    image: Floats, u: Floats, v: Floats, x: float, y: float, *, across: float, down: float
) -> tuple[Floats, Floats, Floats]:
    """Views of the image and its plane round a point: a small shape need not be computed everywhere."""
    columns, rows = np.searchsorted(u[0], (x - across, x + across)), np.searchsorted(v[:, 0], (y - down, y + down))
    part = slice(rows[0], rows[1]), slice(columns[0], columns[1])
    return image[part], u[part], v[part]


@dataclass(frozen=True)
class Head:
    """Shape and colouring; lengths on a plane where the face is about 0.9 wide and 1.2 high."""

    x: float
    y: float
    width: float
    height: float
    jaw: float
    skin: Colour
    hair: Colour
    eyes: Colour
    side: float
    """Where the light comes from: -1 left, 1 right."""
    female: bool
    long_hair: bool
    beard: float
    glasses: bool
    top: float
    line: float
    spread: float
    """Half the distance of the eyes."""

    def drawn(self, rng: Generator, image: Floats, u: Floats, v: Floats) -> Floats:
        """The image (h, w, 3) with ears and face laid over it."""
        skin, whole = np.array(self.skin, np.float32), image
        image, u, v = near(image, u, v, 0, 0, across=self.width + 0.12, down=self.height + 0.1)
        for side in (-1.0, 1.0):
            ear = soft(1 - ((u - side * self.width * 1.0) / 0.075) ** 2 - ((v - 0.02) / 0.15) ** 2, 0.35)
            hollow = 0.84 - 0.25 * blob(u, v, side * self.width * 1.02, 0.02, 0.035, 0.08)
            image = painted(image, ear, skin * hollow[..., None])
        taper = 1 - self.jaw * np.clip(v / self.height, 0, 1) ** 1.5
        inside = 1 - (np.abs(u) / (self.width * taper)) ** 2.2 - np.abs(v / self.height) ** 2.3
        image = painted(image, soft(inside, 0.09), self._skin(rng, u, v, taper))
        image = self._bearded(rng, image, u, v, inside)
        for side in (-1.0, 1.0):
            self._eye(*near(image, u, v, side * self.spread, -0.05, across=0.2, down=0.18), side)
        self._nose(*near(image, u, v, 0, 0.05, across=0.17, down=0.26))
        self._mouth(rng, *near(image, u, v, 0, 0.33, across=0.23, down=0.16))
        if self.glasses:
            self._spectacles(*near(image, u, v, 0, -0.05, across=self.width + 0.1, down=0.16))
        return whole

    def _skin(self, rng: Generator, u: Floats, v: Floats, taper: Floats) -> Floats:
        across, down = u / (self.width * taper), v / self.height
        depth = np.sqrt(np.clip(1 - across**2 * 0.85 - down**2 * 0.5, 0.02, 1))
        shade = 0.62 + 0.4 * depth + 0.1 * self.side * across - 0.05 * down
        pores = cv2.GaussianBlur(rng.normal(0, 1, u.shape).astype(np.float32), (0, 0), 1.1) * 0.028
        bright = 0.07 * blob(u, v, 0.0, -0.3, 0.22, 0.12) + 0.05 * blob(u, v, 0.2 * self.side, 0.12, 0.1, 0.09)
        hollows = 0.05 * (blob(u, v, -0.3, 0.28, 0.1, 0.16) + blob(u, v, 0.3, 0.28, 0.1, 0.16))
        chin = 0.1 * blob(u, v, 0, 0.46, 0.12, 0.03) - 0.05 * blob(u, v, 0, 0.54, 0.12, 0.06)
        tone = np.array(self.skin, np.float32) * (shade + pores + bright - hollows - chin)[..., None]
        flush = blob(u, v, -0.22, 0.16, 0.12, 0.1) + blob(u, v, 0.22, 0.16, 0.12, 0.1)
        warm: Floats = tone + flush[..., None] * np.array((9, -5, -4), np.float32)
        return warm

    def _eye(self, image: Floats, u: Floats, v: Floats, side: float) -> Floats:
        x, y, skin = side * self.spread, -0.045, np.array(self.skin, np.float32)
        image = painted(image, 0.34 * blob(u, v, x * 0.93, y - 0.035, 0.12, 0.075), skin * 0.5)
        image = painted(image, 0.2 * blob(u, v, x, y + 0.07, 0.09, 0.025), skin * 0.55)
        bend = 0.22 * ((u - x) / 0.08) ** 2 * 0.035
        opening = soft(1 - ((u - x) / 0.082) ** 2 - np.abs((v - y + bend * 0.6) / 0.034) ** 1.7, 0.5)
        image = painted(image, opening * 0.9, 80 + skin * 0.35 + np.array((46, 54, 58), np.float32))
        iris = soft(1 - ((u - x) / 0.036) ** 2 - ((v - y + 0.004) / 0.038) ** 2, 0.5) * opening
        image = painted(image, iris, self.eyes)
        image = painted(image, blob(u, v, x, y, 0.015, 0.016) * opening, (8, 6, 6))
        image = painted(image, 0.8 * blob(u, v, x + 0.013 * self.side, y - 0.014, 0.008, 0.009), (236, 236, 236))
        lid = np.exp(-(((v - y + 0.032 - bend * 1.3) / 0.012) ** 2)) * soft(0.092 - np.abs(u - x), 0.03)
        image = painted(image, (0.85 if self.female else 0.65) * lid, skin * 0.18)
        crease = np.exp(-(((v - y + 0.062 - bend * 1.5) / 0.012) ** 2)) * soft(0.09 - np.abs(u - x), 0.05)
        image = painted(image, 0.3 * crease, skin * 0.5)
        arch = -0.022 * (1 - ((u - x * 1.06) / 0.12) ** 2)
        brow = np.exp(-(((v - y + 0.118 - arch) / (0.016 if self.female else 0.024)) ** 2)) * soft(
            0.125 - np.abs(u - x * 1.06), 0.07
        )
        return painted(image, 0.72 * brow, np.array(self.hair, np.float32) * 0.6 + skin * 0.1)

    def _nose(self, image: Floats, u: Floats, v: Floats) -> Floats:
        skin = np.array(self.skin, np.float32)
        slope = np.exp(-(((u + self.side * 0.058) / 0.035) ** 2)) * soft(v + 0.1, 0.15) * soft(0.2 - v, 0.1)
        image = painted(image, 0.22 * slope, skin * 0.55)
        image = painted(image, 0.3 * blob(u, v, 0.01 * self.side, 0.06, 0.02, 0.13), np.minimum(skin * 1.18, 250))
        image = painted(image, 0.38 * blob(u, v, 0.0, 0.155, 0.034, 0.03), np.minimum(skin * 1.14, 250))
        image = painted(image, 0.36 * blob(u, v, 0, 0.215, 0.085, 0.02), skin * 0.5)
        for side in (-1, 1):
            image = painted(image, 0.62 * blob(u, v, side * 0.036, 0.196, 0.017, 0.01), skin * 0.2)
            image = painted(image, 0.25 * blob(u, v, side * 0.083, 0.17, 0.014, 0.035), skin * 0.5)
        return image

    def _mouth(self, rng: Generator, image: Floats, u: Floats, v: Floats) -> Floats:
        skin, smile, y = np.array(self.skin, np.float32), between(rng, -0.02, 0.035), 0.325
        width, bend = between(rng, 0.125, 0.155), smile * (u / 0.14) ** 2
        lip = (
            skin * np.array((0.86, 0.58, 0.56), np.float32)
            if self.female
            else skin * np.array((0.84, 0.68, 0.64), np.float32)
        )
        upper = soft(1 - (u / width) ** 2 - np.abs((v - y + 0.016 + bend) / 0.026) ** 2, 0.6)
        lower = soft(1 - (u / (width * 0.86)) ** 2 - np.abs((v - y - 0.022 + bend) / 0.032) ** 2, 0.6)
        image = painted(painted(image, 0.75 * upper, lip * 0.9), 0.7 * lower, lip * 1.05)
        image = painted(image, 0.22 * blob(u, v, 0, y + 0.026, 0.07, 0.012), (246, 226, 218))
        line = np.exp(-(((v - y + bend + 0.004 * np.cos(u * 40)) / 0.0085) ** 2)) * soft(width * 1.04 - np.abs(u), 0.04)
        image = painted(image, 0.72 * line, skin * 0.26)
        return painted(image, 0.25 * blob(u, v, 0, y + 0.08, 0.09, 0.025), skin * 0.55)

    def _bearded(self, rng: Generator, image: Floats, u: Floats, v: Floats, inside: Floats) -> Floats:
        if not self.beard:
            return image
        grain = cv2.GaussianBlur(rng.normal(0, 1, u.shape).astype(np.float32), (0, 0), 0.8) * 0.5
        area = soft(v - 0.2 + 0.9 * np.maximum(0.16 - np.abs(u), 0) * (0 if chance(rng, 0.6) else 1), 0.16) * soft(
            inside, 0.1
        )
        area = area * (1 - 0.85 * blob(u, v, 0, 0.33, 0.12, 0.05)) * soft(0.55 + grain, 0.9)
        return painted(
            image, self.beard * area, np.array(self.hair, np.float32) * 0.8 + np.array(self.skin, np.float32) * 0.12
        )

    def _spectacles(self, image: Floats, u: Floats, v: Floats) -> Floats:
        for side in (-1.0, 1.0):
            reach = ((u - side * self.spread * 1.02) / 0.145) ** 4 + ((v + 0.03) / 0.1) ** 4
            image = painted(image, 0.05 * soft(1 - reach, 0.2), (255, 255, 255))
            image = painted(image, 0.85 * np.exp(-(((reach - 1) / 0.16) ** 2)), (26, 24, 26))
        bridge = np.exp(-(((v + 0.055) / 0.011) ** 2)) * soft(self.spread - 0.13 - np.abs(u), 0.02)
        temples = (
            np.exp(-(((v + 0.06) / 0.012) ** 2))
            * soft(np.abs(u) - self.spread - 0.135, 0.02)
            * soft(self.width * 1.02 - np.abs(u), 0.02)
        )
        return painted(image, 0.85 * np.maximum(bridge, temples), (26, 24, 26))
