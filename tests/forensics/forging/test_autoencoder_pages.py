"""What the auto-encoder is trained on: rendered pages, a folder of pictures, and none of what is held out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging.autoencoder_pages import HELD_OUT, LONG_SIDE, pages_of


def pictures(folder: Path, count: int, *, side: int = 70) -> Path:
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (side, side + number, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def test_rendered_pages_depend_on_the_seed_alone() -> None:
    first, again, other = pages_of(1, seed=1), pages_of(1, seed=1), pages_of(1, seed=2)
    assert np.array_equal(first.training[0], again.training[0])
    assert not np.array_equal(first.training[0], other.training[0])
    assert max(first.training[0].shape) == LONG_SIDE
    assert "1 rendered documents" in first.origin


def test_one_page_in_eight_is_held_out_and_the_origin_counts_what_was_read(tmp_path: Path) -> None:
    found = pages_of(0, seed=0, images=pictures(tmp_path, 2 * HELD_OUT))
    assert len(found.training) == 2 * (HELD_OUT - 1)
    assert len(found.held_out) == 2
    widths = [page.shape[1] for page in found.held_out]
    assert not set(widths) & {page.shape[1] for page in found.training}
    assert "16 pictures of the user's" in found.origin


def test_large_pictures_are_shrunk_to_the_size_that_is_forged(tmp_path: Path) -> None:
    Image.new("RGB", (2 * LONG_SIDE, 300)).save(tmp_path / "wide.jpg")
    assert pages_of(0, seed=0, images=tmp_path).training[0].shape == (150, LONG_SIDE, 3)


def test_a_folder_without_pictures_and_a_broken_picture_are_named(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match="is no folder"):
        pages_of(0, seed=0, images=tmp_path / "absent")
    with pytest.raises(TiltyardError, match="holds no pictures"):
        pages_of(0, seed=0, images=tmp_path)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no")
    with pytest.raises(TiltyardError, match=r"broken\.png"):
        pages_of(0, seed=0, images=tmp_path)
