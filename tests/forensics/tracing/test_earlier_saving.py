"""An earlier saving is seen in DCT values, whatever its table, and boxes that lack it are told from the rest."""

import numpy as np
import pytest
from tracing_scenes import page, saved

from tiltyard.forensics.tracing.earlier_saving import earlier_saving
from tiltyard.forensics.tracing.left_out import MOST, left_out


def luma(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) - 128, np.float32)


def grey(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(luma(pixels) + 128, np.uint8)


@pytest.mark.parametrize("quality", [60, 80, 92])
def test_blocks_with_an_earlier_saving_speak_for_it_and_others_against(quality: int) -> None:
    pixels = saved(page(1), quality).copy()
    pixels[160:288, 200:368] = page(2)[160:288, 200:368]
    found = earlier_saving(luma(pixels), None)
    assert found.shape == (700 // 8, 560 // 8)
    inside = found[20:36, 25:46].mean()
    assert inside < 0 < found.mean()


def test_what_was_never_saved_speaks_for_nothing() -> None:
    never, once = (earlier_saving(luma(pixels), None).mean() for pixels in (page(1), saved(page(1), 80)))
    assert abs(never) < 3
    assert once > 3 * abs(never)


def test_boxes_are_found_one_by_one_and_many_of_them_not_at_all() -> None:
    honest, other = saved(page(1), 70), page(2)
    for count, expected in ((0, 0), (2, 2), (MOST + 2, 0)):
        forged = honest.copy()
        for top in range(24, 24 + 96 * count, 96):
            forged[top : top + 24, 376:480] = other[top : top + 24, 376:480]
        found = left_out(grey(forged), earlier_saving(luma(forged), None))
        assert len(found) == expected
        columns = [one.where[1] for one in found]
        assert all(abs(across.start - 376) < 24 and across.stop - across.start < 140 for across in columns)


def test_a_picture_smaller_than_a_block_has_no_box() -> None:
    for shape in ((3, 5), (8, 8), (9, 100)):
        assert left_out(np.zeros(shape, np.uint8), earlier_saving(np.zeros(shape, np.float32), None)) == []
