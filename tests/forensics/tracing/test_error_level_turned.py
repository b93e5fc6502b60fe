"""The error level of a JPEG that EXIF turns upside down: its blocks begin at subject.grid, not at (0, 0)."""

import io

import numpy as np
from PIL import Image

from small_scene import scene
from tiltyard.forensics.tracing.cue import subject_in
from tiltyard.forensics.tracing.error_level import ERROR_LEVEL


def saved(pixels: np.ndarray, orientation: int) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(buffer, "JPEG", quality=60, exif=exif)
    return buffer.getvalue()


def test_it_looks_on_the_grid_of_what_was_turned_upright() -> None:
    pixels = np.ascontiguousarray(scene(3)[:203, :261])
    straight = ERROR_LEVEL.trace(subject_in(saved(pixels, 1), "straight"))
    turned = ERROR_LEVEL.trace(subject_in(saved(pixels, 3), "turned"))
    blocks = np.s_[: 203 // 8 * 8, : 261 // 8 * 8]
    assert np.abs(turned.map[::-1, ::-1][blocks] - straight.map[blocks]).mean() < 0.01
