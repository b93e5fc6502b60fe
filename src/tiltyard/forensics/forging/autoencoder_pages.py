"""What the auto-encoder is trained on: pages rendered here, and pictures from a folder of the user's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.capture import captured
from tiltyard.forensics.documents.catalogue import draw, families, templates
from tiltyard.forensics.documents.fonts import has_chinese
from tiltyard.forensics.picture import Pixels
from tiltyard.vision.pictures import read_picture

LONG_SIDE = 1000
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp")
HELD_OUT = 8
"""One page in so many is only measured."""


@dataclass(frozen=True)
class Pages:
    """Pages to train on, others to measure on, and what a model card says of both."""

    training: tuple[Pixels, ...]
    held_out: tuple[Pixels, ...]
    origin: str


def pages_of(count: int, *, seed: int, images: Path | None = None) -> Pages:
    """`count` rendered pages, each template as often as every other, and all pictures in the folder `images`.

    TiltyardError where the folder holds none or an unreadable one.
    """
    drawn = list(_rendered(count, seed))
    found = list(_read(images)) if images else []
    kinds = [f"{len(drawn)} rendered documents"] * bool(drawn) + [f"{len(found)} pictures of the user's"] * bool(found)
    everything = [*drawn, *found]
    held_out = tuple(everything[HELD_OUT - 1 :: HELD_OUT])
    training = tuple(page for number, page in enumerate(everything) if number % HELD_OUT != HELD_OUT - 1)
    return Pages(training, held_out, f"{' and '.join(kinds)}, one in {HELD_OUT} held out")


def _rendered(count: int, seed: int) -> Iterator[Pixels]:
    scripts = ("latin", "chinese") if has_chinese() else ("latin",)
    designs = [(family, template) for family in families() for template in templates(family, scripts=scripts)]
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        page = draw(*designs[number % len(designs)], rng, long_side=LONG_SIDE)
        yield captured(page, rng, long_side=LONG_SIDE).pixels


def _read(folder: Path) -> Iterator[Pixels]:
    if not folder.is_dir():
        raise TiltyardError(f"{folder}: is no folder")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise TiltyardError(f"{folder}: holds no pictures ({', '.join(SUFFIXES)})")
    for path in paths:
        yield _small_enough(read_picture(path).pixels)


def _small_enough(pixels: Pixels) -> Pixels:
    """Shrunk to the size that is forged: larger letters teach nothing about smaller ones."""
    height, width = pixels.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
