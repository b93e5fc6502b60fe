"""Setting other text in a line's own font, size, colour, blur and noise."""

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.forging.blend_in import Floats, changed, grain, mixed, paper_under
from tiltyard.forensics.forging.ink import Ink, hulls, ink_of
from tiltyard.forensics.forging.lettering import Lettering, ink_colour, lettering_of
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import Window, height_of, inside, window_of
from tiltyard.forensics.picture import Mask, Picture, TextLine

OVERLAP = 0.12
"""The share of a region that other content (rules, stamps, neighbours) may take; it stays as it is."""


def rewritten(picture: Picture, line: TextLine, text: str, rng: Generator) -> Change | None:
    """The line with another text; None where its font is not known well enough or the text has no room."""
    margin = round(height_of(line.quad) * 0.6) + 4
    longer = max(len(text) / max(len(line.text), 1), 1.0) * 1.1
    window = _around(line, longer).grown(margin, picture.size)
    ink = ink_of(window.of(picture.pixels), inside(line.quad, window), height_of(line.quad))
    setting = lettering_of(window, ink, line) if ink else None
    if ink is None or setting is None:
        return None
    return _set(picture, window, ink, setting, line, text, rng)


def _around(line: TextLine, longer: float) -> Window:
    corners = np.asarray(line.quad)
    centre = corners.mean(0)
    reach = (corners - centre) * (1 + 2 * (longer - 1)) + centre if longer > 1.1 else corners
    a, b, c, d = ((float(x), float(y)) for x, y in reach)
    return window_of((a, b, c, d))


def _set(
    picture: Picture, window: Window, ink: Ink, setting: Lettering, line: TextLine, text: str, rng: Generator
) -> Change | None:
    pixels = window.of(picture.pixels)
    start, kept, ended = _stretch(setting, line, text)
    old, new = setting.coverage(line.text, window), setting.coverage(text, window, start=start)
    zone = _zone(setting, window, line, kept, max(ended))
    near = cv2.dilate((old > 0.08).astype(np.uint8), np.ones((7, 7), np.uint8)).astype(np.bool_)
    differs = cv2.dilate((np.abs(old - new) > 0.1).astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)
    core = ((ink.content & near) | (new > 0.06)) & zone & differs
    region = hulls(core, 0.5 * height_of(line.quad)) & zone
    foreign = (ink.content & ~near) | ink.rules
    if not region.any() or (region & foreign).sum() > OVERLAP * region.sum() or _runs_out(new):
        return None
    paper = paper_under(pixels, ink.content | near, line=inside(line.quad, window))
    fresh = np.where(foreign[..., None], pixels, paper + grain(pixels, paper, ink.content | near, region, rng))
    shade = ink_colour(pixels, paper, old)
    fresh = fresh + (shade - paper) * new[..., None]
    return changed(picture, window, mixed(pixels, fresh, region.astype(np.float32)), region, f"{line.text} → {text}")


def _stretch(setting: Lettering, line: TextLine, text: str) -> tuple[float, float, tuple[float, float]]:
    """Where the new text begins, from where on it differs, and where the old and the new difference end."""
    old_length, new_length = setting.length(line.text), setting.length(text)
    start = old_length - new_length if line.role == "amount" else 0.0
    same = _common(line.text, text) if abs(start) < 0.3 else 0
    tail = _common(line.text[::-1], text[::-1]) if abs(start + new_length - old_length) < 0.3 else 0
    tail = min(tail, len(line.text) - same, len(text) - same)
    begin = setting.length(text[:same]) if same else min(start, 0.0)
    ends = (setting.length(line.text[: len(line.text) - tail]), start + setting.length(text[: len(text) - tail]))
    return start, begin, ends


def _zone(setting: Lettering, window: Window, line: TextLine, begin: float, end: float) -> Mask:
    """The stretch of the line between two flat positions, as high as any letter; its ends are free at line ends."""
    high = setting.font.size
    slack = 0.25 * high
    first = begin - slack if begin <= 0 else begin
    last = end + slack if end >= setting.length(line.text) - 0.3 else end
    return inside(setting.quad(first, last, 1.2 * high, 0.5 * high), window)


def _common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _runs_out(new: Floats) -> bool:
    """Whether the new text meets the border of its window."""
    border = np.concatenate([new[0], new[-1], new[:, 0], new[:, -1]])
    return bool(border.max() > 0.1)
