"""Error level: what changes when the picture is saved once more (Krawetz 2007, "A Picture's Worth").

What was already saved coarsely, or smoothed, loses little by another saving, what came from elsewhere loses more. Edges
always lose much, so a place is compared with places of the same texture in the same picture; either way it may be odd.

Pages of text are too uneven for that: letters of two sizes differ more than a forged word does. There the map is
no more than a hint.
"""

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Subject, Trace, nothing_to_say, place_of
from tiltyard.forensics.tracing.earlier_saving import BLOCK, Blocks, over_pixels
from tiltyard.forensics.tracing.jpeg_grid import has_jpeg_grid
from tiltyard.forensics.tracing.print_boxes import is_written
from tiltyard.forensics.tracing.regions import places_of, regions_of, without_specks
from tiltyard.forensics.tracing.remembered import remembered

QUALITY = 75
"""libjpeg's scale: coarser than cameras and phones save, so that the last saving does not hide those before."""
WINDOW = 3
"""Blocks a side over which levels are averaged: 24 pixels, the height of a line of text."""
SIGMAS = 7.0
"""Robust standard deviations from the usual where the cue begins to speak. Levels have long tails: four are common."""
FEWEST_LIKE_IT = 50
MOST_TEXTURES = 24
LEAST_SPREAD = 0.05
"""Of the logarithm of a level: differences of 5 per cent are never odd."""
SMALLEST = WINDOW**2 * BLOCK**2
"""Pixels of a place that speaks: what is smaller differs from its like by chance."""
MOST_OF_A_HINT = 0.45
"""Of the map, where it does not speak: small places, and pages of text."""
OF_A_PAGE = "On a page of text honest letters differ as much as forged ones: here the error level is only a hint."
FEWEST_BLOCKS = 200
"""Below this many blocks a picture does not show what is usual in it."""


@remembered
def error_level(pixels: Pixels) -> NDArray[np.float32]:
    """Absolute difference (h, w), in grey levels, between (h, w, 3) RGB pixels and themselves resaved."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    with Image.open(buffer, formats=("JPEG",)) as image:
        again = np.asarray(image.convert("RGB"))
    red, green, blue = cv2.split(cv2.absdiff(pixels, again))
    total = np.asarray(cv2.add(cv2.add(red, green, dtype=cv2.CV_32F), blue, dtype=cv2.CV_32F), np.float32)
    total /= 3
    return total


def excess(pixels: Pixels) -> Blocks | None:
    """Per block, by how many robust standard deviations its error level exceeds that of such texture in the picture.

    None where too little of the picture can be compared; even places (blown out, blank) are 0.
    """
    height, width = (side // BLOCK * BLOCK for side in pixels.shape[:2])
    whole = pixels[:height, :width]
    if height * width < FEWEST_BLOCKS * BLOCK**2:
        return None
    grey = cv2.cvtColor(whole, cv2.COLOR_RGB2GRAY).astype(np.float32)
    uneven = ~_even(grey)
    if uneven.sum() < FEWEST_BLOCKS:
        return None
    level = np.log1p(_averaged(error_level(whole)))
    found = np.zeros_like(level)
    usual, spread = _usual(_texture(grey)[uneven], level[uneven])
    found[uneven] = (level[uneven] - usual) / spread
    return found


def _even(grey: NDArray[np.float32]) -> Mask:
    blocks = grey.reshape(grey.shape[0] // BLOCK, BLOCK, grey.shape[1] // BLOCK, BLOCK)
    return np.asarray(blocks.max((1, 3)) - blocks.min((1, 3)) <= 1)


def _texture(grey: NDArray[np.float32]) -> Blocks:
    """Slopes of the smoothed picture: edges count, and noise, which is part of what is looked for, hardly does."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return _averaged(np.asarray(np.log1p(slope), np.float32))


def _averaged(values: NDArray[np.float32]) -> Blocks:
    blocks = values.reshape(values.shape[0] // BLOCK, BLOCK, values.shape[1] // BLOCK, BLOCK).mean((1, 3))
    return np.asarray(cv2.blur(blocks, (WINDOW, WINDOW)), np.float32)


def _usual(texture: Blocks, level: Blocks) -> tuple[Blocks, Blocks]:
    """For each block the median level of blocks with its texture, and their robust standard deviation."""
    order = np.argsort(texture, kind="stable")
    groups = np.array_split(order, min(MOST_TEXTURES, len(order) // FEWEST_LIKE_IT))
    textures = [np.median(texture[group]) for group in groups]
    medians = [np.median(level[group]) for group in groups]
    spreads = [1.4826 * np.median(np.abs(level[group] - median)) for group, median in zip(groups, medians, strict=True)]
    spread = np.maximum(np.interp(texture, textures, spreads), LEAST_SPREAD)
    return np.interp(texture, textures, medians).astype(np.float32), spread.astype(np.float32)


def trace_error_level(subject: Subject) -> Trace:
    """The map is the distance from the usual over twice SIGMAS, so that 0.5 is where the cue speaks."""
    if subject.format != "jpeg" and not has_jpeg_grid(subject.pixels):
        return nothing_to_say(subject, "No trace of JPEG compression: the error level says nothing about this picture.")
    top, left = subject.grid
    found = excess(np.ascontiguousarray(subject.pixels[top:, left:]))
    if found is None:
        return nothing_to_say(subject, "Too little of the picture has any structure: error levels cannot be compared.")
    marked = _on_picture(np.clip(np.abs(found) * (SPEAKS / SIGMAS), 0, 1), subject)
    if is_written(np.asarray(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY), np.uint8)):
        return Trace(np.minimum(marked, MOST_OF_A_HINT), applicable=True, sentence=OF_A_PAGE)
    places = without_specks(marked >= SPEAKS, SMALLEST)
    marked[~places] = np.minimum(marked[~places], MOST_OF_A_HINT)
    return Trace(marked, applicable=True, sentence=_sentence(places, _on_picture(found, subject) > 0))


def _on_picture(blocks: Blocks, subject: Subject) -> NDArray[np.float32]:
    """(h, w); what lies before the first whole block is 0."""
    (top, left), (height, width) = subject.grid, subject.shape
    laid = np.zeros((height, width), np.float32)
    laid[top:, left:] = over_pixels(blocks, (height - top, width - left))
    return laid


def _sentence(mask: Mask, more: Mask) -> str:
    regions = places_of(mask)
    if not regions:
        return "Everywhere the picture loses what such texture usually loses when it is saved once more."
    largest = regions_of(mask, most=1)[0]
    how = "more" if more[largest].mean() > 0.5 else "less"
    rest = f"; {len(regions) - 1} smaller places are odd too." if len(regions) > 1 else "."
    return f"Saved once more, the place {place_of(largest)} loses {how} than such texture does elsewhere{rest}"


ERROR_LEVEL = Cue(
    "error_level",
    "error level",
    "Krawetz 2007, A Picture's Worth",
    trace_error_level,
)
