"""A page scanned on a flatbed: a little askew under a white lid, evenly lit, with dust on the glass."""

import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.geometry import (
    Matrix,
    Points,
    bounds,
    fitted,
    laid,
    outline,
    quad_of,
    trimmed,
    turned,
)
from tiltyard.forensics.documents.lens import defocused, sharpened
from tiltyard.forensics.documents.light import bar_light, lit, shaded
from tiltyard.forensics.documents.paper import a_stock, dusty, printed
from tiltyard.forensics.documents.scanner import greyed, levelled, scanned
from tiltyard.forensics.documents.screen import sized
from tiltyard.forensics.picture import Picture, Pixels


def flatbed(page: Picture, rng: Generator, *, long_side: int, plastic: bool = False) -> Picture:
    """The page as a scanner's driver hands it over, before the file is written."""
    size, homography = _window(page, rng, long_side)
    sheet = printed(page.pixels, rng, stock=a_stock(rng, plastic=plastic))
    lid = _lid(rng, size, quad_of(page.size, homography))
    scene = laid(sheet, lid, homography, rng, bend=0.0 if plastic else rng.uniform(0, 0.6))
    return page.moved(_read_out(scene, rng), homography)


def _read_out(scene: Pixels, rng: Generator) -> Pixels:
    size = (scene.shape[1], scene.shape[0])
    marked = dusty(lit(scene, bar_light(rng, size)), rng)
    counted = scanned(
        defocused(marked, rng.uniform(0.35, 0.65)), rng, noise=rng.uniform(0.6, 3), streaks=rng.uniform(0, 0.8)
    )
    pixels = levelled(counted, black=int(rng.integers(0, 30)), white=int(rng.integers(236, 256)))
    pixels = sharpened(pixels, amount=rng.uniform(0.2, 1.3))
    return greyed(pixels) if rng.random() < 0.12 else pixels


def _window(page: Picture, rng: Generator, long_side: int) -> tuple[tuple[int, int], Matrix]:
    """The part of the glass that was chosen in the preview: the page with some lid around it, or without its edges."""
    turn = turned(page.size, rng.normal(0, 0.7))
    whole = rng.random() < 0.6
    frame = outline(page.size, margin=rng.uniform(0.004, 0.05)) if whole else trimmed(page, at_most=0.04)
    size = sized(bounds(turn, frame), long_side)
    return size, fitted(turn, frame, size, at=(0.5, 0.5))


def _lid(rng: Generator, size: tuple[int, int], sheet: Points) -> Pixels:
    """The lid's inner side, white or now and then dark, with the faint line that the sheet's edge draws on it."""
    white = rng.random() < 0.9
    shade = rng.uniform(225, 250) if white else rng.uniform(20, 60)
    row = np.full((size[0], 3), np.rint(shade + rng.normal(0, 2, 3)).clip(0, 255), np.uint8)
    lid = np.repeat(row[None], size[1], axis=0)
    return shaded(lid, sheet, rng, reach=rng.uniform(2, 8), depth=rng.uniform(0.1, 0.5)) if white else lid
