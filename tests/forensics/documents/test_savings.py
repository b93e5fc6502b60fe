"""JPEG settings of authentic users' files: drawn, written, and read back from the file."""

import io

import numpy as np
import pytest
from PIL import Image

from tiltyard.forensics.documents.savings import a_saving, libjpeg, saving_of
from tiltyard.forensics.saving import Saving, encoded

WAYS = ("camera", "phone", "scanner", "library", "messenger", "screenshot")


def _noise(height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("quality", [1, 30, 49, 50, 75, 92, 100])
def test_libjpegs_tables_are_those_that_pillow_writes_at_the_same_quality(quality):
    buffer = io.BytesIO()
    Image.fromarray(_noise()).save(buffer, "JPEG", quality=quality)
    written = saving_of(buffer.getvalue())
    assert (written.luma, written.chroma) == (libjpeg(quality).luma, libjpeg(quality).chroma)


@pytest.mark.parametrize("like", WAYS)
def test_what_is_drawn_is_what_a_file_written_with_it_says(like):
    for seed in range(12):
        saving = a_saving(np.random.default_rng(seed), like=like)
        read = saving_of(encoded(_noise(), saving))
        assert (read.format, read.luma, read.chroma) == (
            ("jpeg", saving.luma, saving.chroma) if saving.format == "jpeg" else ("png", (), ())
        )
        assert read.subsampling == saving.subsampling


@pytest.mark.parametrize("like", WAYS)
def test_a_drawn_saving_has_whole_tables_and_a_maker(like):
    makers = set()
    for seed in range(40):
        saving = a_saving(np.random.default_rng(seed), like=like)
        makers.add(saving.maker)
        for table in (saving.luma, saving.chroma) if saving.format == "jpeg" else ():
            assert len(table) == 64
            assert all(1 <= step <= 255 for step in table)
    assert "" not in makers
    assert len(makers) >= (1 if like == "screenshot" else 6)


def test_cameras_do_not_use_scaled_library_tables():
    scaled = {libjpeg(quality).luma for quality in range(1, 101)}
    assert not any(a_saving(np.random.default_rng(seed), like="camera").luma in scaled for seed in range(40))


def test_messengers_save_at_lower_quality_than_phones():
    def coarseness(like):
        return np.median([sum(a_saving(np.random.default_rng(seed), like=like).luma) for seed in range(40)])

    assert coarseness("messenger") > 3 * coarseness("phone")


def test_a_grey_jpeg_has_its_one_table_for_both():
    buffer = io.BytesIO()
    Image.fromarray(_noise()[..., 0]).save(buffer, "JPEG", quality=80)
    saving = saving_of(buffer.getvalue())
    assert saving.luma == saving.chroma == libjpeg(80).luma


def test_what_is_no_jpeg_gives_the_default():
    buffer = io.BytesIO()
    Image.fromarray(_noise()).save(buffer, "GIF")
    for content in (b"", b"\xff\xd8", b"no picture", buffer.getvalue(), encoded(_noise(), Saving())):
        assert saving_of(content) == Saving()


def test_a_broken_jpeg_never_raises():
    whole, rng = encoded(_noise(), libjpeg(80)), np.random.default_rng(7)
    for length in range(0, 700, 7):
        saving_of(whole[:length])
    for _ in range(1500):
        broken = bytearray(whole)
        for place in rng.integers(0, 640, rng.integers(1, 12)):
            broken[place] = rng.integers(256)
        saving = saving_of(bytes(broken))
        assert saving == Saving() or (len(saving.luma) == len(saving.chroma) == 64)


def test_a_jpeg_that_claims_to_be_enormous_is_not_decoded():
    whole = bytearray(encoded(_noise(), libjpeg(80)))
    frame = whole.index(b"\xff\xc0")
    whole[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    assert saving_of(bytes(whole)) == Saving()
