"""Where something is printed, and what is no page."""

import cv2
import numpy as np
import pytest
from tracing_scenes import letter, page, photograph

from tiltyard.forensics.tracing.print_boxes import is_written, print_boxes


def grey(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(pixels.mean(2), np.uint8)


def test_pages_are_written_and_photographs_are_not() -> None:
    assert is_written(grey(page(1)))
    assert is_written(grey(letter(1)))
    assert not is_written(grey(photograph(1)))


def test_a_line_of_text_has_a_box_of_its_own() -> None:
    boxes = print_boxes(grey(page(1, guilloche=False)))
    left, top, right, bottom = boxes.T
    (width, _), _ = cv2.getTextSize("Amount payable to the bank", cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1)
    for row in range(40, 680, 32):
        line = (abs(left - 24) < 6) & (abs(right - 24 - width) < 8) & (top > row - 22) & (bottom < row + 10)
        assert line.any(), row


@pytest.mark.parametrize("shape", [(1, 1), (8, 300), (64, 64)])
def test_blank_pictures_have_no_box(shape: tuple[int, int]) -> None:
    blank = np.full(shape, 255, np.uint8)
    assert print_boxes(blank).shape == (0, 4)
    assert not is_written(blank)
