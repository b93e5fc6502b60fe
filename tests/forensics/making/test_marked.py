"""Every file says that it is a specimen, and decodes as before."""

import io

import numpy as np
import pytest
from PIL import Image

from tiltyard.forensics.documents.savings import libjpeg
from tiltyard.forensics.making.marked import SOFTWARE, mark_of, marked
from tiltyard.forensics.saving import Saving, decoded, encoded

MARK = mark_of("documents", recipe="ab" * 32, seed=3, index=12)
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("saving", [libjpeg(90), Saving()])
def test_the_mark_is_in_every_place_and_the_pixels_are_as_before(saving: Saving) -> None:
    plain = encoded(PIXELS, saving, comment=MARK)
    content = marked(plain, MARK)
    assert np.array_equal(decoded(content), decoded(plain))
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        exif, info = image.getexif(), image.info
    assert (exif[0x010E], exif[0x0131]) == (MARK, SOFTWARE)
    if saving.format == "jpeg":
        assert info["comment"].decode() == MARK
    else:
        assert (info["Comment"], info["Description"], info["Software"]) == (MARK, MARK, SOFTWARE)


def test_the_words_tell_recipe_seed_and_index() -> None:
    assert MARK.startswith("SPECIMEN")
    assert "recipe abababababababab, seed 3, index 12" in MARK
    assert MARK.isascii()
