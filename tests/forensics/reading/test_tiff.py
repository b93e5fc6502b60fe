"""Pages of a TIFF: each is examined with the bytes that it has there, hostile directories are bounded."""

import io
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiltyard.errors import TiltyardError
from tiltyard.forensics.inspecting import Unread, inspect, inspections
from tiltyard.forensics.reading.pages import MAX_PAGES, pages_of
from tiltyard.forensics.reading.tiff import as_a_file, pages_in
from tiltyard.vision.pictures import decode_picture

SIZES = ((64, 48), (80, 72), (48, 96))


def picture(size: tuple[int, int], seed: int = 0) -> Image.Image:
    rng = np.random.default_rng([seed, *size])
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def several(*pages: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"big_tiff": True}])
def test_every_page_is_a_picture_with_its_own_pixels(options: dict[str, object], tmp_path: Path) -> None:
    pages = [picture(size) for size in SIZES]
    (tmp_path / "fax.tif").write_bytes(several(*pages, **options))
    read = [decode_picture(page.read().content, page.name) for page in pages_of(tmp_path / "fax.tif")]
    assert [(one.pixels.shape[1], one.pixels.shape[0]) for one in read] == list(SIZES)
    if options.get("compression") != "jpeg":
        assert all(np.array_equal(one.pixels, np.asarray(page)) for one, page in zip(read, pages, strict=True))


def test_pages_are_inspected_one_after_another_under_their_numbers(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((64, 64), 40_000, np.uint16))
    (tmp_path / "fax.tif").write_bytes(several(picture((80, 72)), deep, picture((72, 80))))
    found = list(inspections(str(tmp_path / "fax.tif"), fast=True))
    assert [one.path for one in found] == [f"{tmp_path / 'fax.tif'}#page={number}" for number in (1, 2, 3)]
    assert isinstance(found[1], Unread)
    assert "more than 8 bits a sample" in found[1].reason
    with pytest.raises(TiltyardError, match="has 3 pages"):
        inspect(tmp_path / "fax.tif")


def test_a_preview_is_no_page(tmp_path: Path) -> None:
    content = bytearray(several(picture((80, 72)), picture((16, 12))))
    first, second = pages_in(bytes(content))
    marked = with_tag(bytes(content), second.at)
    assert [page.at for page in pages_in(marked)] == [first.at]
    (tmp_path / "photo.tif").write_bytes(marked)
    assert inspect(tmp_path / "photo.tif", fast=True).pixels.shape == (72, 80, 3)


def with_tag(content: bytes, at: int) -> bytes:
    """The directory's first tag becomes NewSubfileType: a reduced picture."""
    changed = bytearray(content)
    struct.pack_into("<HHII", changed, at + 2, 254, 4, 1, 1)
    return bytes(changed)


def test_a_single_page_is_taken_as_it_is(tmp_path: Path) -> None:
    content = several(picture((80, 72)))
    (tmp_path / "one.tif").write_bytes(content)
    (page,) = pages_of(tmp_path / "one.tif")
    assert page.read().content == content
    assert page.name == "one.tif"


def test_more_pages_than_are_read_stand_last_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "long.tif").write_bytes(several(*[picture((8, 8), seed) for seed in range(MAX_PAGES + 3)]))
    pages = list(pages_of(tmp_path / "long.tif"))
    assert len(pages) == MAX_PAGES + 1
    with pytest.raises(TiltyardError, match="pages 51 to 53 are not read"):
        pages[-1].read()


class TestHostileDirectories:
    def test_a_circle_ends(self) -> None:
        content = bytearray(several(picture((16, 16)), picture((24, 24))))
        first, second = pages_in(bytes(content))
        struct.pack_into("<I", content, second.next_at, first.at)
        assert [page.at for page in pages_in(bytes(content))] == [first.at, second.at]

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("big", [False, True])
    def test_what_is_cut_off_or_drawn_by_lot_is_bounded(self, order: str, big: bool, tmp_path: Path) -> None:
        start = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
        rng = np.random.default_rng(3)
        for length in (0, 1, 3, 7, 40, 400):
            content = start + rng.bytes(length)
            for page in pages_in(content):
                assert len(as_a_file(content, page)) == len(content)
            (tmp_path / "odd.tif").write_bytes(content)
            with pytest.raises(TiltyardError, match=r"odd\.tif"):
                inspect(tmp_path / "odd.tif")

    def test_a_million_directories_take_no_long_time(self) -> None:
        count = 1_000_000
        offsets = 8 + 6 * np.arange(1, count + 1, dtype=np.uint32)
        directories = np.zeros(count, [("tags", "<u2"), ("next", "<u4")])
        directories["next"] = offsets
        content = b"II*\0" + struct.pack("<I", 8) + directories.tobytes()
        began = time.process_time()
        assert 0 < len(pages_in(content)) <= 10_000
        assert time.process_time() - began < 5
