"""Rewritten text stands where the old text stood, in its font, and nothing of the old text is left."""

import cv2
import numpy as np
import pytest
from forging_pages import page, photographed
from PIL import Image, ImageDraw

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.forging.digit_swap import swapped
from tiltyard.forensics.forging.rewriting import rewritten
from tiltyard.forensics.forging.text_edit import OPERATION
from tiltyard.forensics.picture import Picture, TextLine


def line_of(picture: Picture, text: str) -> TextLine:
    return next(line for line in picture.lines if line.text == text)


def test_on_a_clean_page_the_result_is_what_the_program_would_have_drawn() -> None:
    picture, old, new = page(), "1,250.00 EUR", "1,860.00 EUR"
    line = line_of(picture, old)
    change = rewritten(picture, line, new, np.random.default_rng(0))
    assert change
    image = Image.fromarray(picture.pixels)
    draw = ImageDraw.Draw(image)
    (left, top), (right, bottom) = line.quad[0], line.quad[2]
    draw.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill=(250, 249, 245))
    draw.text((50, 70 + 55 * 4), new, fill=(25, 30, 60), font=fonts.loaded(line.font), anchor="ls")
    around = np.s_[int(top) - 3 : int(bottom) + 3, int(left) - 3 : int(right) + 3]
    off = np.abs(np.asarray(image)[around].astype(int) - change.pixels[around])
    assert np.mean(off > 24) < 0.01


def test_text_that_stays_is_not_touched() -> None:
    picture = page()
    line = line_of(picture, "1,250.00 EUR")
    change = rewritten(picture, line, "1,950.00 EUR", np.random.default_rng(0))
    assert change
    x, _, width, _ = cv2.boundingRect(change.mask.astype(np.uint8))
    font = fonts.loaded(line.font)
    assert x >= line.quad[0][0] + font.getlength("1,") - 3
    assert x + width <= line.quad[0][0] + font.getlength("1,2") + 3


@pytest.mark.parametrize("new", ["Maria Brandt", "Nina Weber", "Ida Fox"])
def test_on_a_photographed_page_new_text_is_as_dark_and_the_old_is_gone(new: str) -> None:
    picture = photographed()
    line = line_of(picture, "Maria Weber")
    change = rewritten(picture, line, new, np.random.default_rng(1))
    assert change
    region = change.mask
    old, now = picture.pixels[region].mean(1), change.pixels[region].mean(1)
    assert abs(np.percentile(old, 3) - np.percentile(now, 3)) < 20
    assert abs(np.median(old) - np.median(now)) < 25


def test_a_font_that_is_not_the_one_seen_is_refused() -> None:
    picture = page()
    line = line_of(picture, "Account No. 4420 1187 3395")
    wrong = TextLine(line.text, line.quad, line.role, fonts.use("great-vibes", 18.0), line.colour)
    assert rewritten(picture, wrong, "Account No. 4420 1187 3390", np.random.default_rng(0)) is None


def test_text_that_would_run_off_the_picture_is_refused() -> None:
    picture = page()
    line = line_of(picture, "Account No. 4420 1187 3395")
    assert rewritten(picture, line, line.text + " and much that has no room here", np.random.default_rng(0)) is None


def test_new_glyphs_differ_from_old_ones() -> None:
    for seed in range(5):
        change = OPERATION.apply(photographed(), page(), np.random.default_rng(seed))
        if change:
            off = np.abs(change.pixels.astype(int) - photographed().pixels).max(2)
            assert (off > 60).sum() >= 6


def test_copied_digits_are_the_digits_of_the_picture() -> None:
    picture = page(face="ibm-plex-mono", known_fonts=False)
    line = line_of(picture, "Total 968.50")
    change = swapped(picture, line, "Total 988.50", np.random.default_rng(0))
    assert change
    assert change.note == "Total 968.50: 6 → 8"
    step = fonts.loaded(fonts.use("ibm-plex-mono", 18.0)).getlength("0")
    left, top = line.quad[0]
    height = int(line.quad[2][1] - top)
    six, eight = (change.pixels[int(top) : int(top) + height, round(left + step * i) :][:, : int(step)] for i in (7, 8))
    assert np.abs(six.astype(int) - eight).mean() < 12


def test_nothing_but_digits_is_swapped() -> None:
    picture = page()
    assert swapped(picture, line_of(picture, "Total 968.50"), "Sum 968.50", np.random.default_rng(0)) is None
