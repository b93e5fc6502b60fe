"""Patches of any picture: where one is worth taking, where it would not be noticed, how it is turned and pasted."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.forging.blend_in import Floats, changed, feathered, levelled, mixed, noise_of
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import Window, blob, empty_place, somewhere
from tiltyard.forensics.picture import Mask, Picture, Pixels

BAND = 6
"""Pixels around a patch by which its light is compared with its new surroundings."""
OUTLINED, BLENDED = 0.02, 0.08
"""How soft an edge may be, as a share of the patch's side: of a thing's own outline, and through whatever is there."""
PLACES = 32
"""How many places are looked at for a patch."""
UNLIKE = 70
"""Levels between two papers above which nothing is moved from one to the other."""


def standing_out(pixels: Pixels, width: int, height: int, rng: Generator, *, tries: int = 10) -> Window:
    """The window, of some, with most to see in calm surroundings: something that could be taken away."""
    size = (pixels.shape[1], pixels.shape[0])
    drawn = [somewhere(size, width, height, rng) for _ in range(tries)]
    return max(drawn, key=lambda window: _contents(window.of(pixels)))


def _contents(pixels: Pixels) -> float:
    """Contrast within against contrast along the border."""
    sides = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
    return _variety(pixels) / (float(sides.std()) + 4)


def _variety(pixels: Pixels) -> float:
    """The standard deviation of a sample of about 32 × 32 pixels."""
    step = max(min(pixels.shape[:2]) // 32, 1)
    return float(pixels[::step, ::step].std())


def thing_in(patch: Floats, margin: int) -> Mask | None:
    """The outline of a thing that stands out from what is along the border, inside the margin.

    None if there is none, if the border cuts it, or if it covers too little or too much.

    Pixels far in colour from the border's median, by Otsu's threshold; the largest piece of them, its holes filled.
    """
    inner = patch[margin:-margin, margin:-margin]
    sides = np.concatenate((inner[0], inner[-1], inner[:, 0], inner[:, -1]))
    distance = np.clip(np.abs(inner - np.median(sides, 0)).sum(2), 0, 255).astype(np.uint8)
    limit, raw = cv2.threshold(cv2.blur(distance, (3, 3)), 0, 1, cv2.THRESH_OTSU)
    far = cv2.medianBlur(raw, 7)
    contours, _ = cv2.findContours(far, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if limit < 25 or not contours:
        return None
    largest = max(contours, key=cv2.contourArea)
    shape = cv2.drawContours(np.zeros_like(far), [largest], -1, 1, cv2.FILLED)
    shape = cv2.dilate(shape, np.ones((3, 3), np.uint8)).astype(np.bool_)
    border = np.concatenate((shape[0], shape[-1], shape[:, 0], shape[:, -1]))
    return np.asarray(shape, np.bool_) if 0.12 < shape.mean() < 0.8 and not border.any() else None


def place_for(picture: Picture, patch: Floats, rng: Generator, *, avoid: Window | None = None) -> Window | None:
    """Where to paste a patch with its `BAND`: on empty paper in a picture with text, else where its border fits in."""
    if picture.lines:
        height, width = patch.shape[0] - 2 * BAND, patch.shape[1] - 2 * BAND
        return empty_place(picture, width, height, rng)
    return nearest_place(picture, patch, rng, margin=BAND, avoid=avoid)


def on_like_paper(picture: Picture, place: Window, patch: Floats) -> bool:
    """Whether a place is about as light as the patch's own paper: ink on white would be nothing on black."""
    return float(np.abs(_rim(place.of(picture.pixels)) - _rim(patch)).max()) < UNLIKE


def nearest_place(
    picture: Picture, patch: Floats, rng: Generator, *, margin: int, avoid: Window | None = None, border: int = 0
) -> Window | None:
    """A window for a patch that has a margin around it: of some, the one whose border looks most like it, all around.

    It keeps a `border` from the picture's edge and lies mostly clear of the window to `avoid`.
    """
    height, width = patch.shape[0] - 2 * margin, patch.shape[1] - 2 * margin
    room = (picture.size[0] - 2 * border, picture.size[1] - 2 * border)
    if width > room[0] or height > room[1]:
        return None
    drawn = [somewhere(room, width, height, rng).moved(border, border) for _ in range(PLACES)]
    clear = [window for window in drawn if avoid is None or _apart(window, avoid)]
    wanted = _sides(patch)
    distances = [float(np.abs(_sides(window.of(picture.pixels)) - wanted).sum()) for window in clear]
    return clear[int(np.argmin(distances))] if clear else None


def turned_patch(pixels: Pixels, source: Window, rng: Generator, *, margin: int, flips: bool) -> Floats:
    """The source with a margin around it, at times flipped, turned by up to 12 degrees or scaled by up to a fifth."""
    flip, turn, scale = (bool(rng.random() < share) for share in (0.2 * flips, 0.3, 0.3))
    angle = float(rng.uniform(-12, 12)) if turn else 0.0
    factor = float(rng.uniform(0.83, 1.2)) if scale else 1.0
    return placed_patch(pixels, source, margin=margin, angle=angle, factor=factor, flip=flip)


def placed_patch(
    pixels: Pixels, source: Window, *, margin: int, angle: float = 0.0, factor: float = 1.0, flip: bool = False
) -> Floats:
    """(height + 2 margin, width + 2 margin, 3) of the source turned about its middle; mirrored at the edge."""
    middle = ((source.left + source.right - 1) / 2, (source.top + source.bottom - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, angle, factor)
    matrix[:, 2] -= (source.left - margin, source.top - margin)
    size = (source.width + 2 * margin, source.height + 2 * margin)
    how = cv2.INTER_NEAREST if angle == 0 and factor == 1 else cv2.INTER_LINEAR
    patch = cv2.warpAffine(pixels, matrix, size, flags=how, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(patch[:, ::-1] if flip else patch, np.float32)


def pasted(
    picture: Picture,
    target: Window,
    patch: Floats,
    rng: Generator,
    note: str,
    *,
    level: float,
    shape: Mask | None = None,
    margin: int = BAND,
) -> Change | None:
    """A shape (by default an irregular one as large as the target) of the patch laid over the target, its edge soft.

    `level` is how far (0–1) its light follows the new surroundings; noise that it lacks against them is added.
    """
    window = target.grown(margin, picture.size)
    cut_left, cut_top = window.left - target.left + margin, window.top - target.top + margin
    patch = patch[cut_top : cut_top + window.height, cut_left : cut_left + window.width]
    pixels = window.of(picture.pixels)
    region = np.zeros(pixels.shape[:2], np.bool_)
    here = target.moved(-window.left, -window.top)
    region[here.rows, here.columns] = blob(target.width, target.height, rng) if shape is None else shape
    above = patch + level * (levelled(patch, pixels, region) - patch) + _missing_noise(pixels, patch, rng)
    softest = OUTLINED if shape is not None else BLENDED
    softness = float(rng.uniform(0.0, softest) * min(target.width, target.height) + 0.5)
    opacity = feathered(region, softness)
    return changed(picture, window, mixed(pixels, above, opacity), opacity > 0, note)


def _missing_noise(pixels: Pixels, patch: Floats, rng: Generator) -> Floats:
    lacking = noise_of(pixels) ** 2 - noise_of(np.clip(patch, 0, 255).astype(np.uint8)) ** 2
    if lacking < 0.3:
        return np.zeros_like(patch)
    return np.asarray(rng.standard_normal(patch.shape, np.float32) * np.sqrt(lacking), np.float32)


def _rim(pixels: Pixels | Floats) -> NDArray[np.float32]:
    """The mean colour (3,) of the outermost rows and columns."""
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return np.asarray(np.concatenate(sides).mean(0), np.float32)


def _sides(pixels: Pixels | Floats) -> NDArray[np.float32]:
    """The colours (4, 8, 3) along the outermost rows and columns, each in eight stretches."""
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    stretches = [cv2.resize(np.asarray(side, np.float32)[None], (8, 1), interpolation=cv2.INTER_AREA) for side in sides]
    return np.concatenate(stretches)


def _apart(one: Window, other: Window) -> bool:
    across, down = abs(one.left - other.left), abs(one.top - other.top)
    return across >= 0.6 * other.width or down >= 0.6 * other.height
