"""Noise level: places whose noise differs from that of places as bright and as uneven (Mahdian and Saic 2009).

A camera's noise grows with brightness and drowns in texture, and a saving takes part of it away; so no level is right
or wrong by itself. The level of each block (Immerkær 1996) is compared with the usual one of its brightness and
texture, which is fitted to the picture at hand.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Subject, Trace, nothing_to_say, place_of
from tiltyard.forensics.tracing.earlier_saving import BLOCK, Blocks, over_pixels
from tiltyard.forensics.tracing.print_boxes import is_written
from tiltyard.forensics.tracing.regions import regions_of, without_specks

WINDOW = 5
"""Blocks a side over which levels are averaged."""
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
"""Blind to planes and to straight edges along the axes; of white noise it keeps the standard deviation."""
STRONGEST = 12.0
"""Grey levels: what is more is no noise."""
BLACK, WHITE = 4, 251
"""Grey levels beyond which the sensor's noise is cut off."""
FEWEST_BLOCKS = 400
"""Below this many blocks that can be compared a picture does not show what is usual in it."""
GROUPS = 12
FEWEST_LIKE_IT = 40
ROUNDS = 3
LEAST_SPREAD = 0.08
"""Of the logarithm of a level."""
SIGMAS = 12.0
"""Robust deviations from the usual where the cue begins to speak: what is merely out of focus reaches ten."""
FEWEST_IN_A_PLACE = 32
"""Blocks."""
MOST = 4
"""Places; a picture where more stand out is uneven by itself."""
MOST_OF_A_HINT = 0.45
"""Of the map, where it does not speak."""
OF_A_PAGE = "On a page of text print and paper differ as much as forgeries: here the noise is only a hint."


def oddness(luma: NDArray[np.float32]) -> tuple[Blocks, Mask]:
    """Per block, by how many robust deviations its noise exceeds the usual; and which blocks can be compared."""
    height, width = (side // BLOCK * BLOCK for side in luma.shape)
    whole = luma[:height, :width]
    fits = _comparable(whole)
    if fits.sum() < FEWEST_BLOCKS:
        return np.zeros(fits.shape, np.float32), fits
    level = np.log(_averaged(np.minimum(np.abs(_filtered(whole)), STRONGEST), fits) + 0.05)
    likeness = [_averaged(whole, fits), _texture(whole, fits)]
    found = np.zeros_like(level)
    found[fits] = _standardised(level[fits], [values[fits] for values in likeness])
    return found, fits


def _filtered(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.filter2D(luma, cv2.CV_32F, KERNEL, borderType=cv2.BORDER_REFLECT), np.float32)


def _comparable(luma: NDArray[np.float32]) -> Mask:
    """Blocks that are neither cut off nor blank."""
    blocks = luma.reshape(luma.shape[0] // BLOCK, BLOCK, luma.shape[1] // BLOCK, BLOCK) + 128
    low, high = blocks.min((1, 3)), blocks.max((1, 3))
    return np.asarray((low > BLACK) & (high < WHITE) & (high - low > 1))


def _texture(luma: NDArray[np.float32], fits: Mask) -> Blocks:
    """Slopes of the smoothed picture, so that noise itself hardly counts."""
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.5)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return _averaged(np.asarray(np.log1p(slope), np.float32), fits)


def _averaged(values: NDArray[np.float32], fits: Mask) -> Blocks:
    """By block, over those of a window that fit."""
    rows, columns = fits.shape
    means = values.reshape(rows, BLOCK, columns, BLOCK).mean((1, 3)) * fits
    total, count = (cv2.blur(np.asarray(of, np.float32), (WINDOW, WINDOW)) for of in (means, fits))
    return np.asarray(total / np.maximum(count, 1e-6), np.float32)


def _standardised(level: Blocks, likeness: list[Blocks]) -> Blocks:
    """What is left of (n,) levels after their medians by each likeness are taken off in turn, over its spread."""
    left = level - np.median(level)
    for _ in range(ROUNDS):
        for values in likeness:
            left = left - _course(values, left)
    spread = 1.4826 * _course(likeness[1], np.abs(left))
    return np.asarray(left / np.maximum(spread, LEAST_SPREAD), np.float32)


def _course(values: Blocks, levels: Blocks) -> Blocks:
    """For each of (n,) blocks the median level of the blocks with values like its own."""
    groups = np.array_split(np.argsort(values, kind="stable"), max(1, min(GROUPS, len(values) // FEWEST_LIKE_IT)))
    middles, medians = zip(*((np.median(values[group]), np.median(levels[group])) for group in groups), strict=True)
    return np.asarray(np.interp(values, middles, medians), np.float32)


def trace_noise_level(subject: Subject) -> Trace:
    """The map is the distance from the usual over twice SIGMAS; below SPEAKS where the place is small, and on pages."""
    top, left = subject.grid
    luma = subject.luma[top:, left:]
    found, fits = oddness(luma)
    if fits.sum() < FEWEST_BLOCKS:
        return nothing_to_say(subject, "Too little of the picture is neither blank nor blown out to compare its noise.")
    written = is_written(np.asarray(np.clip(luma + 128, 0, 255), np.uint8))
    places = [] if written else odd_places(found)
    level = np.minimum(np.abs(found) * (SPEAKS / SIGMAS), 1)
    held = np.any([np.zeros_like(fits), *places], axis=0)
    marked = np.zeros(subject.shape, np.float32)
    marked[top:, left:] = over_pixels(np.where(held, level, np.minimum(level, MOST_OF_A_HINT)), luma.shape)
    if written:
        return Trace(marked, applicable=True, sentence=OF_A_PAGE)
    return Trace(marked, applicable=True, sentence=_sentence(marked, places, found))


def odd_places(found: Blocks) -> list[Mask]:
    """Places, in blocks, of at least FEWEST_IN_A_PLACE that lie together and are odd in the same way; largest first."""
    odd = [without_specks(side >= SIGMAS, FEWEST_IN_A_PLACE) for side in (found, -found)]
    places = sorted(
        (place for side in odd for place in regions_of(side, most=MOST + 1)), key=lambda place: -int(place.sum())
    )
    return places if len(places) <= MOST else []


def _sentence(marked: NDArray[np.float32], places: list[Mask], found: Blocks) -> str:
    if not places:
        return "Everywhere the noise is what places as bright and as uneven have in this picture."
    how = "more" if found[places[0]].mean() > 0 else "less"
    more = f"; {len(places) - 1} more places are odd too." if len(places) > 1 else "."
    largest = regions_of(marked >= SPEAKS, most=1)[0]
    return f"The place {place_of(largest)} has {how} noise than places as bright and as uneven have elsewhere{more}"


NOISE_LEVEL = Cue(
    "noise_level",
    "noise level",
    "Mahdian and Saic 2009, Using Noise Inconsistencies for Blind Image Forensics; Immerkær 1996",
    trace_noise_level,
)
