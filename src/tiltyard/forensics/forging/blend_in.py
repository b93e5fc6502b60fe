"""What a forged region must share with its surroundings: paper, light and noise; all on small windows."""

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import SMALLEST_REGION, Window
from tiltyard.forensics.picture import Mask, Picture, Pixels

Floats = NDArray[np.float32]
"""(h, w, 3) values 0–255; (h, w) weights 0–1."""

OWN_LIGHT = 14.0
"""How far, in levels, light may differ along a border; more comes from content that crosses it."""
OTHER_PAPER, ENOUGH = 60.0, 24
"""Levels from a line's paper at which another one begins; pixels of it that are needed to know its colour."""
VISIBLE = 0.12
"""The share of a region that must differ from what was there; below it nothing was forged."""


def carried_on(values: Floats, known: Mask) -> Floats:
    """Values continued smoothly from where they are known to where they are not (pull-push on a pyramid).

    Gortler et al., The Lumigraph, 1996. Known pixels stay as they are; without any known pixel all are 0.
    """
    weight = known.astype(np.float32)
    return _carried_on(_floats(values * weight[..., None]), _floats(weight))


def _carried_on(sums: Floats, weight: Floats) -> Floats:
    own = _floats(sums / np.maximum(weight, 1e-6)[..., None])
    if min(weight.shape) < 2 or float(weight.min()) >= 1:
        return own
    below = _carried_on(_floats(cv2.pyrDown(sums)), _floats(cv2.pyrDown(weight)))
    coarse = cv2.resize(below, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    trust = np.minimum(weight * (4 if float(weight.max()) < 1 else 1), 1)[..., None]
    return _floats(own * trust + coarse * (1 - trust))


def _floats(values: Any) -> Floats:
    return np.asarray(values, np.float32)


def paper_under(window: Pixels, content: Mask, *, line: Mask) -> Floats:
    """The smooth background of a window, continued below its content and the pixel around it.

    (h, w) `line` is where the content of interest stands: what has another colour than the paper there (the page
    around a coloured bar) says nothing of it.
    """
    known = _of_one_paper(window, ~_widened(content, 1), line)
    soft = cv2.GaussianBlur(window.astype(np.float32) * known[..., None], (0, 0), 1.5)
    share = cv2.GaussianBlur(known.astype(np.float32), (0, 0), 1.5)
    return carried_on(_floats(soft / np.maximum(share, 1e-3)[..., None]), known)


def _of_one_paper(window: Pixels, known: Mask, line: Mask) -> Mask:
    seen = window[known & line]
    if len(seen) < ENOUGH:
        return known
    alike = known & (np.abs(window - np.median(seen, 0)).max(2) < OTHER_PAPER)
    return np.asarray(alike, np.bool_)


def _widened(region: Mask, by: int) -> Mask:
    return cv2.dilate(region.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)).astype(np.bool_)


def grain(window: Pixels, paper: Floats, content: Mask, wanted: Mask, rng: Generator) -> Floats:
    """Noise and fine texture for the wanted pixels, taken from elsewhere in the window where only paper is seen; whole
    pieces move together, so that noise keeps its correlation. 0 where none is wanted."""
    rest = window.astype(np.float32) - paper
    result = np.zeros_like(rest)
    clean = ~_widened(content, 3)
    if clean.mean() < 0.12:
        clean = ~content
    if not clean.any():
        return result
    red, green, blue = (np.abs(rest[..., channel]) for channel in range(3))
    strength = np.maximum(np.maximum(red, green), blue)
    clean &= strength <= max(4.0, 4.5 * float(np.median(strength[clean])))
    height, width = clean.shape
    down, across = np.nonzero(wanted)
    for step_down, step_across in rng.integers(1, (max(height, 2), max(width, 2)), (10, 2)):
        from_down, from_across = (down + step_down) % height, (across + step_across) % width
        found = clean[from_down, from_across]
        result[down[found], across[found]] = rest[from_down[found], from_across[found]]
        down, across = down[~found], across[~found]
    places = np.flatnonzero(clean)
    if len(down) and len(places):
        result[down, across] = rest.reshape(-1, 3)[rng.choice(places, len(down))]
    return result


def noise_of(window: Pixels) -> float:
    """The noise's standard deviation from the median response to a Laplacian mask (after Immerkær, 1996)."""
    green = window[..., 1].astype(np.float32)
    if min(green.shape) < 3:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(green, -1, kernel)[1:-1, 1:-1]))) / (0.6745 * 6)


def levelled(patch: Floats, target: Pixels, region: Mask) -> Floats:
    """A patch whose light meets that of the target along the region's border: the difference found in a band around
    the region is carried into it smoothly, without what content on the border adds to it."""
    band = _widened(region, 2) & ~region
    if not band.any():
        return patch
    difference = target.astype(np.float32) - patch
    typical = np.median(difference[band], 0)
    return patch + carried_on(_floats(np.clip(difference, typical - OWN_LIGHT, typical + OWN_LIGHT)), band)


def feathered(region: Mask, softness: float) -> Floats:
    """Opacity 0–1 that falls to 0 within the region, towards its border."""
    if softness <= 0.3:
        return region.astype(np.float32)
    inner = cv2.GaussianBlur(region.astype(np.float32), (0, 0), softness, borderType=cv2.BORDER_REPLICATE)
    return _floats(np.clip(inner * 2 - 1, 0, 1) * region)


def mixed(below: Pixels, above: Floats, opacity: Floats) -> Pixels:
    """(h, w, 3) pixels of `above` over `below`."""
    weight = opacity[..., None]
    blended = below * (1 - weight) + above * weight
    return np.clip(np.rint(blended), 0, 255).astype(np.uint8)


def changed(picture: Picture, window: Window, pixels: Pixels, region: Mask, note: str) -> Change | None:
    """The change that puts a window's new pixels into a picture where its region is true; None where hardly anything
    differs, or where the region is larger than a third of the picture.

    What comes into a picture without colour loses its own: a grey scan shows nothing else. Where much of a region came
    out as it was (a copy of blank paper on blank paper), the region ends at what differs.
    """
    old = window.of(picture.pixels)
    if _is_grey(picture.pixels):
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(np.uint8)
    unequal = old != pixels
    differs = (unequal[..., 0] | unequal[..., 1] | unequal[..., 2]) & region
    region = _without_holes(_tight(region, differs))
    area = int(region.sum())
    _, _, width, height = cv2.boundingRect(region.astype(np.uint8))
    small = height < SMALLEST_REGION or width < 4 or area < 24
    if small or differs.sum() < VISIBLE * area or area * 3 > picture.size[0] * picture.size[1]:
        return None
    result, mask = picture.pixels.copy(), np.zeros(picture.pixels.shape[:2], np.bool_)
    window.of(result)[region] = pixels[region]
    mask[window.rows, window.columns] = region
    return Change(result, mask, note)


def _is_grey(pixels: Pixels) -> bool:
    """By a sample of its pixels."""
    return int(np.ptp(pixels[::8, ::8], 2).max()) <= 2


def _tight(region: Mask, differs: Mask) -> Mask:
    near = region & _widened(differs, 5)
    return region if near.sum() > 0.8 * region.sum() else region & _without_holes(near)


def _without_holes(region: Mask) -> Mask:
    """The region as its outer boundaries describe it, which is all that polygons can say."""
    outlines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(region.shape, np.uint8), outlines, -1, 1, cv2.FILLED).astype(np.bool_)
