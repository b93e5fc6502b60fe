"""A page photographed with a phone: it lies on a desk, unevenly lit, and is seen at an angle."""

import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.camera import a_development, a_sensor, finished, interpolated, recorded
from tiltyard.forensics.documents.desk import a_desk
from tiltyard.forensics.documents.geometry import Matrix, fitted, laid, outline, quad_of, tilted, trimmed
from tiltyard.forensics.documents.lens import defocused, shaken
from tiltyard.forensics.documents.light import room_light, shaded
from tiltyard.forensics.documents.paper import a_stock, printed
from tiltyard.forensics.picture import Picture, Pixels

_SHAPES = (4 / 3, 4 / 3, 1.5, 16 / 9)
"""Long side to short side of common sensors; the first is the most common."""


def photographed(page: Picture, rng: Generator, *, long_side: int, plastic: bool = False) -> Picture:
    """The page as a phone's camera shows it, before the file is written."""
    size = _canvas(page.size, rng, long_side)
    homography = _view(page, rng, size)
    sheet = printed(page.pixels, rng, stock=a_stock(rng, plastic=plastic))
    desk = shaded(
        a_desk(rng, size), quad_of(page.size, homography), rng, reach=rng.uniform(8, 40), depth=rng.uniform(0.2, 0.7)
    )
    scene = laid(sheet, desk, homography, rng, bend=0.0 if plastic else rng.uniform(0.2, 1.2))
    return page.moved(_taken(scene, rng), homography)


def _taken(scene: Pixels, rng: Generator) -> Pixels:
    blurred = defocused(scene, rng.uniform(0.35, 0.8))
    if rng.random() < 0.12:
        blurred = shaken(blurred, rng, length=rng.uniform(1.2, 3))
    light = room_light(rng, (scene.shape[1], scene.shape[0])) * np.float32(rng.uniform(0.65, 0.95))
    sensor, development = a_sensor(rng), a_development(rng)
    mosaic = recorded(blurred, light, rng, sensor=sensor, development=development)
    return finished(interpolated(mosaic, sensor=sensor), development=development)


def _canvas(size: tuple[int, int], rng: Generator, long_side: int) -> tuple[int, int]:
    """A camera's picture, held upright or across as the page is; long ones only for long pages."""
    longest = max(_SHAPES[0], 1.25 * max(size) / min(size))
    shapes = [shape for shape in _SHAPES if shape <= longest]
    short_side = round(long_side / shapes[rng.integers(len(shapes))])
    return (long_side, short_side) if size[0] > size[1] else (short_side, long_side)


def _view(page: Picture, rng: Generator, size: tuple[int, int]) -> Matrix:
    degrees = (rng.normal(0, 9), rng.normal(0, 7), rng.normal(0, 2.5))
    homography = tilted(page.size, degrees=degrees, distance=rng.uniform(1.3, 2.2))
    whole = rng.random() < 0.75
    frame = outline(page.size, margin=rng.uniform(0.01, 0.08)) if whole else trimmed(page, at_most=0.08)
    return fitted(homography, frame, size, at=(rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8)))
