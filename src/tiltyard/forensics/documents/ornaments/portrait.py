"""Portraits of nobody: a bust shaded like a photograph, from ellipsoids, soft masks and grain."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.ornaments.face import Floats, Head, blob, painted, soft

_ROWS, _COLUMNS = 160, 124
_SKINS = (
    (232, 190, 164),
    (222, 176, 146),
    (206, 156, 122),
    (240, 204, 184),
    (172, 120, 88),
    (120, 80, 58),
    (92, 62, 46),
)
_HAIRS = ((28, 24, 24), (44, 32, 26), (72, 48, 32), (112, 78, 46), (160, 124, 76), (120, 116, 114), (190, 186, 182))
_CLOTHES = (
    (36, 42, 58),
    (52, 52, 56),
    (96, 30, 38),
    (40, 70, 92),
    (196, 192, 186),
    (70, 84, 66),
    (24, 24, 28),
    (150, 130, 110),
)
_GROUNDS = {
    "pale": ((226, 230, 234), (208, 214, 222), (236, 234, 228)),
    "bold": ((70, 130, 200), (200, 40, 44), (236, 238, 240)),
}


@dataclass(frozen=True)
class Sitter:
    """Who is portrayed: what the rest of the page says must not contradict it."""

    female: bool
    chinese: bool = False


def portrait(
    canvas: Canvas, rng: Generator, box: Box, sitter: Sitter, *, ground: str = "pale", grey: bool = False
) -> None:
    """Draws a bust into the box and lists it as a portrait of the page."""
    pixels = bust(rng, sitter, ground=ground)
    columns, rows = max(round(box.width * canvas.unit), 8), max(round(box.height * canvas.unit), 8)
    pixels = _cropped(pixels, columns / rows)
    scaled = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_CUBIC if rows > _ROWS else cv2.INTER_AREA)
    grain = rng.normal(0, between(rng, 1.5, 4.0), (rows, columns, 1)).astype(np.float32)
    photo = np.clip(scaled + grain, 0, 255).astype(np.uint8)
    if grey:
        photo = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    canvas.paste(photo, box.x, box.y)
    left, top = float(round(box.x * canvas.unit)), float(round(box.y * canvas.unit))
    canvas.portraits.append(((left, top), (left + columns, top), (left + columns, top + rows), (left, top + rows)))


def bust(rng: Generator, sitter: Sitter, *, ground: str = "pale") -> NDArray[np.float32]:
    """The bust as (160, 124, 3) floats, 0–255."""
    head = _head(rng, sitter)
    v, u = np.meshgrid(np.linspace(-1.3, 1.3, _ROWS), np.linspace(-1.0, 1.0, _COLUMNS), indexing="ij")
    u, v = (u - head.x).astype(np.float32), (v - head.y).astype(np.float32)
    image = _ground(rng, u, v, pick(rng, _GROUNDS[ground]))
    if head.long_hair:
        image = painted(
            image, soft(1 - (u / 0.6) ** 2 - np.abs((v - 0.22) / 0.92) ** 3, 0.1), _hair_colour(rng, head, u, v)
        )
    image = _clothed(rng, image, head, u, v)
    image = head.drawn(rng, image, u, v)
    image = _haired(rng, image, head, u, v)
    light = 1 + between(rng, -0.12, 0.12) * u[..., None] - 0.05 * v[..., None]
    mottle = cv2.resize(rng.normal(0, 2.0, (_ROWS // 6, _COLUMNS // 6)).astype(np.float32), (_COLUMNS, _ROWS))
    return np.asarray(cv2.GaussianBlur(image * light + mottle[..., None], (0, 0), between(rng, 0.45, 0.75)), np.float32)


def _head(rng: Generator, sitter: Sitter) -> Head:
    skin = pick(rng, _SKINS[:4] if sitter.chinese else _SKINS)
    dark = sitter.chinese or sum(skin) < 420
    hair = pick(rng, _HAIRS[:2] if dark else _HAIRS)
    return Head(
        x=between(rng, -0.03, 0.03),
        y=between(rng, -0.12, 0.0),
        width=between(rng, 0.4, 0.47),
        height=between(rng, 0.57, 0.64),
        jaw=between(rng, 0.16, 0.3) if sitter.female else between(rng, 0.08, 0.22),
        skin=skin,
        hair=hair,
        eyes=(30, 22, 18) if dark else pick(rng, ((40, 28, 20), (70, 84, 96), (60, 70, 50))),
        side=pick(rng, (-1.0, 1.0)),
        female=sitter.female,
        long_hair=sitter.female and chance(rng, 0.88),
        beard=between(rng, 0.2, 0.75) if not sitter.female and chance(rng, 0.3) else 0.0,
        glasses=chance(rng, 0.22),
        top=between(rng, 0.09, 0.2),
        line=between(rng, 0.3, 0.42),
        spread=between(rng, 0.165, 0.195),
    )


def _ground(rng: Generator, u: Floats, v: Floats, colour: tuple[int, int, int]) -> Floats:
    fall = (
        1
        - between(rng, 0.02, 0.1) * (v + 1) / 2
        - between(rng, 0.0, 0.08) * (u**2 + v**2)
        + between(rng, -0.04, 0.04) * u
    )
    return fall[..., None] * np.array(colour, np.float32)


def _clothed(rng: Generator, image: Floats, head: Head, u: Floats, v: Floats) -> Floats:
    top, width = between(rng, 0.92, 1.0), between(rng, 0.86, 1.0)
    slope = top - 0.16 + 0.5 * np.abs(u / width) ** 1.9
    cloth = np.array(pick(rng, _CLOTHES), np.float32)
    folds = cv2.GaussianBlur(rng.normal(0, 1, u.shape).astype(np.float32), (0, 0), 5, sigmaY=12) * 1.4
    shade = (1.02 - 0.3 * np.abs(u) ** 1.5 + 0.1 * head.side * u + folds)[..., None]
    image = painted(image, soft(v - slope, 0.05), cloth * shade)
    neck = (
        soft(0.24 - np.abs(u) - 0.12 * soft(v - 0.72, 0.15), 0.03)
        * soft(v - 0.3, 0.1)
        * soft(1.02 - v - 0.4 * np.abs(u), 0.04)
    )
    tone = 0.86 - 0.26 * blob(u, v, 0.0, 0.66, 0.3, 0.13) - 0.14 * head.side * u
    image = painted(image, neck, np.array(head.skin, np.float32) * tone[..., None])
    return _collar(rng, image, u, v)


def _collar(rng: Generator, image: Floats, u: Floats, v: Floats) -> Floats:
    if chance(rng, 0.3):
        return image
    shirt = np.array(pick(rng, ((238, 238, 240), (206, 218, 234), (246, 244, 238))), np.float32)
    flap = (
        soft(0.3 - np.abs(np.abs(u) * 0.9 - (1.12 - v) * 0.62) * 3.2, 0.05)
        * soft(v - 0.86, 0.03)
        * soft(1.16 - v + 0.3 * np.abs(u), 0.03)
    )
    return painted(image, flap * 0.95, shirt * (0.93 + 0.06 * v)[..., None])


def _haired(rng: Generator, image: Floats, head: Head, u: Floats, v: Floats) -> Floats:
    """Hair over skull and temples, down to a hairline that leans to the parting."""
    outer = 1 - (u / (head.width + 0.05)) ** 2 - np.abs((v + 0.02) / (head.height + head.top * 0.6)) ** 2.5
    brow = -head.line + 0.1 * head.side * u - 0.5 * np.maximum(np.abs(u) - 0.27, 0) * (-1.4 if head.female else -2.2)
    wave = cv2.GaussianBlur(rng.normal(0, 1, u.shape).astype(np.float32), (0, 0), 4) * 0.9
    low = soft(0.02 - v, 0.1) if not head.long_hair else soft(0.75 - v, 0.2)
    hairline = soft(brow - v + wave * 0.12, 0.035)
    temples = soft(np.abs(u) - head.width * (0.93 if head.female else 0.97) + 0.05 * (v + 0.2), 0.02) * low
    cover = soft(outer + wave * 0.12, 0.07) * np.maximum(hairline, temples)
    return painted(image, cover, _hair_colour(rng, head, u, v))


def _hair_colour(rng: Generator, head: Head, u: Floats, v: Floats) -> Floats:
    noise = rng.normal(0, 1, u.shape).astype(np.float32)
    strands = cv2.GaussianBlur(noise, (0, 0), 0.7, sigmaY=6) * 0.7
    gloss = 0.35 * blob(u, v, -0.16 * head.side, -0.5, 0.34, 0.1)
    return (
        np.array(head.hair, np.float32) * (0.95 + strands + gloss - 0.2 * np.abs(u))[..., None] + 10 * gloss[..., None]
    )


def _cropped(pixels: NDArray[np.float32], aspect: float) -> NDArray[np.float32]:
    rows, columns = pixels.shape[:2]
    if columns / rows > aspect:
        width = round(rows * aspect)
        return pixels[:, (columns - width) // 2 : (columns + width) // 2]
    height = round(columns / aspect)
    return pixels[(rows - height) // 3 : (rows - height) // 3 + height]
