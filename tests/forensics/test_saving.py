"""Files are written with exactly the settings asked for."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from tiltyard.forensics.saving import Saving, decoded, encoded, resaved

LUMA, CHROMA = tuple(range(1, 65)), tuple(range(64, 0, -1))
PIXELS = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)


@pytest.mark.parametrize(("subsampling", "code"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
def test_a_jpeg_file_holds_the_tables_in_the_order_given_and_the_subsampling(subsampling, code):
    content = encoded(PIXELS, Saving("jpeg", LUMA, CHROMA, subsampling))
    with Image.open(io.BytesIO(content)) as image:
        assert (tuple(image.quantization[0]), tuple(image.quantization[1])) == (LUMA, CHROMA)
        assert get_sampling(image) == code


def test_the_first_row_of_a_table_is_for_frequencies_across_the_picture():
    across = tuple(1 if column == 0 else 255 for _ in range(8) for column in range(8))
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2] = 20
    lost = resaved(stripes, Saving("jpeg", across, across, "4:4:4"))
    kept = resaved(stripes.transpose(1, 0, 2), Saving("jpeg", across, across, "4:4:4"))
    assert np.ptp(lost.astype(int)) == 0
    assert np.ptp(kept.astype(int)) > 15


def test_png_loses_nothing():
    assert np.array_equal(decoded(encoded(PIXELS, Saving())), PIXELS)
    assert np.array_equal(resaved(PIXELS, Saving()), PIXELS)


def test_what_is_resaved_is_what_the_file_decodes_to():
    saving = Saving("jpeg", LUMA, CHROMA)
    assert np.array_equal(resaved(PIXELS, saving), decoded(encoded(PIXELS, saving)))


@pytest.mark.parametrize("saving", [Saving(), Saving("jpeg", LUMA, CHROMA)])
def test_a_comment_is_found_in_the_file(saving):
    with Image.open(io.BytesIO(encoded(PIXELS, saving, comment="specimen"))) as image:
        assert image.info.get("comment", b"").decode() or image.info.get("Comment") == "specimen"
