"""The bounded reader of pictures: what is taken and how, what is refused and in which words."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tiltyard.errors import TiltyardError
from tiltyard.vision.pictures import MAX_BYTES, PictureRead, decode_picture, read_picture

RAMP = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(kind: str, **options: object) -> bytes:
    return saved(Image.fromarray(RAMP), kind, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, *, depth: int = 8, colour: int = 0, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest


def refusal(content: bytes) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TiltyardError) as caught:
            decode_picture(content, "a.png")
    message = str(caught.value)
    assert message.startswith("a.png: ")
    assert "\n" not in message
    return message


class TestTaken:
    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
    def test_a_lossless_file_gives_its_pixels_without_a_note(self, kind: str) -> None:
        read = decode_picture(picture(kind), "a")
        assert np.array_equal(read.pixels, RAMP)
        assert (read.format, read.notes) == (kind, ())

    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    def test_a_lossy_file_gives_what_pillow_decodes(self, kind: str) -> None:
        content = picture(kind)
        read = decode_picture(content, "a")
        assert np.array_equal(read.pixels, np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
        assert (read.format, read.notes) == (kind, ())

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
    def test_what_lies_on_its_side_is_turned_upright_with_a_note(self, kind: str, orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
        read = decode_picture(picture(kind, exif=exif, **options), "a")
        upright = {
            1: RAMP, 2: RAMP[:, ::-1], 3: RAMP[::-1, ::-1], 4: RAMP[::-1], 5: RAMP.swapaxes(0, 1),
            6: np.rot90(RAMP, -1), 7: np.rot90(RAMP, 2).swapaxes(0, 1), 8: np.rot90(RAMP),
        }[orientation]  # fmt: skip
        assert read.pixels.shape == upright.shape
        assert np.abs(read.pixels.astype(int) - upright).mean() < (3 if kind == "JPEG" else 1e-9)
        assert len(read.notes) == (orientation != 1)

    def test_damaged_exif_leaves_the_picture_as_it_lies(self) -> None:
        read = decode_picture(picture("PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xffgarbage"), "a")
        assert np.array_equal(read.pixels, RAMP)

    def test_grey_and_palettes_lose_nothing(self) -> None:
        grey = Image.fromarray(RAMP[..., 0])
        few = Image.fromarray(RAMP).quantize(16)
        for image in (grey, few, grey.convert("1")):
            read = decode_picture(saved(image, "PNG"), "a")
            assert np.array_equal(read.pixels, np.asarray(image.convert("RGB")))
            assert read.notes == ()

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_what_is_transparent_lies_on_white_with_a_note(self, mode: str) -> None:
        layer = Image.fromarray(RAMP).convert(mode)
        layer.putalpha(Image.fromarray(np.repeat(np.uint8([[0], [255]]), 12, 0).repeat(40, 1)))
        read = decode_picture(saved(layer, "PNG"), "a")
        assert (read.pixels[:12] == 255).all()
        assert np.array_equal(read.pixels[12:], np.asarray(layer.convert("RGB"))[12:])
        assert read.notes == ("transparent parts were laid on white",)

    def test_a_transparent_colour_of_a_palette_lies_on_white(self) -> None:
        image = Image.fromarray(RAMP).quantize(4)
        read = decode_picture(saved(image, "PNG", transparency=0), "a")
        assert (read.pixels[np.asarray(image) == 0] == 255).all()
        assert read.notes

    def test_an_opaque_layer_needs_no_note(self) -> None:
        assert decode_picture(saved(Image.fromarray(RAMP).convert("RGBA"), "PNG"), "a").notes == ()

    def test_a_film_after_the_picture_does_not_matter(self) -> None:
        content = picture("JPEG")
        film = b"ftyp" + b"\xff\xda\0\x08" * 500
        assert np.array_equal(decode_picture(content + film, "a").pixels, decode_picture(content, "a").pixels)

    def test_the_first_of_a_phones_several_pictures_is_taken_with_a_note(self) -> None:
        image = Image.fromarray(RAMP)
        read = decode_picture(saved(image, "MPO", save_all=True, append_images=[image]), "a")
        assert read.format == "JPEG"
        assert read.notes == ("the file holds several pictures; the first was taken",)


class TestRefused:
    def test_an_empty_file(self) -> None:
        assert "is empty: copy" in refusal(b"")

    @pytest.mark.parametrize(
        "content", [b"no picture at all", b"%PDF-1.7", b"GIF89a" + bytes(40), b"\x89PNG\r\n\x1a\n"]
    )
    def test_what_is_no_picture(self, content: bytes) -> None:
        assert "neither JPEG, PNG, WebP, TIFF nor BMP" in refusal(content)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
    def test_a_truncated_file(self, kind: str) -> None:
        content = picture(kind)
        assert "no readable image" in refusal(content[: len(content) * 2 // 3])

    @pytest.mark.parametrize("side", [12_000, 100_000, 2_000_000_000])
    def test_a_giant_before_it_is_decoded(self, side: int) -> None:
        message = refusal(png_of(side, side, data=bytes(1000)))
        assert "more than the 100 megapixels that are decoded: scale it down" in message or "no readable" in message

    def test_a_giant_between_our_bound_and_that_of_pillow_names_its_size(self) -> None:
        assert "12000×12000 pixels are more than" in refusal(png_of(12_000, 12_000))

    @pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 100), (100_000, 10), (65_491, 9)])
    def test_sides_that_are_too_short_or_too_long(self, width: int, height: int) -> None:
        assert f"is {width}×{height}: a picture has 8 to 65490 pixels a side" in refusal(png_of(width, height))

    def test_cmyk(self) -> None:
        assert "is CMYK: convert it to RGB" in refusal(saved(Image.fromarray(RAMP).convert("CMYK"), "JPEG"))

    def test_lab(self) -> None:
        assert "is LAB: convert it to RGB" in refusal(saved(Image.fromarray(RAMP).convert("LAB"), "TIFF"))

    def test_sixteen_bits_a_sample(self) -> None:
        grey = Image.fromarray(RAMP[..., 0].astype(np.uint16) * 257)
        for content in (
            saved(grey, "PNG"), saved(grey, "TIFF"), saved(Image.fromarray(RAMP[..., 0]).convert("I"), "TIFF"),
            png_of(16, 16, depth=16, colour=2, data=bytes(16 * (1 + 16 * 6))),
        ):  # fmt: skip
            assert "more than 8 bits a sample: save it with 8" in refusal(content)

    def test_sixteen_bit_colour_in_a_tiff(self) -> None:
        import cv2

        content = cv2.imencode(".tiff", RAMP.astype(np.uint16) * 257)[1].tobytes()
        assert "more than 8 bits a sample" in refusal(content)

    def test_floating_point_samples(self) -> None:
        image = Image.fromarray(RAMP[..., 0].astype(np.float32))
        assert "floating-point samples: save it with 8 bits" in refusal(saved(image, "TIFF"))

    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
    def test_several_frames_or_pages(self, kind: str) -> None:
        frames = [Image.fromarray(np.roll(RAMP, 5 * turn, 1)) for turn in range(3)]
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert "several frames or pages: save the one you mean" in refusal(content)

    @pytest.mark.parametrize("piece", [b"\xff\xda\0\x08\1\1\0\0\x3f\0", b"\xff\xfe\0\2" * 200])
    def test_a_jpeg_whose_scans_or_segments_never_end(self, piece: bytes) -> None:
        content = picture("JPEG", progressive=True)
        assert "segments: save it as a baseline JPEG" in refusal(content[:-2] + piece * 100)


class TestFiles:
    def test_a_file_is_read_and_named(self, tmp_path: Path) -> None:
        (tmp_path / "a.bmp").write_bytes(picture("BMP"))
        assert isinstance(read_picture(tmp_path / "a.bmp"), PictureRead)
        (tmp_path / "a.bmp").write_bytes(b"")
        with pytest.raises(TiltyardError, match=r"^a\.bmp: is empty"):
            read_picture(tmp_path / "a.bmp")

    @pytest.mark.parametrize("kind", ["folder", "fifo", "loop", "nothing"])
    def test_what_is_no_file_is_refused_without_waiting(self, kind: str, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        if kind == "folder":
            path.mkdir()
        if kind == "fifo":
            os.mkfifo(path)
        if kind == "loop":
            path.symlink_to(path)
        with pytest.raises(TiltyardError, match=r"^a\.png: cannot be read \(.+\): name the file of a picture$"):
            read_picture(path)

    def test_a_file_of_too_many_bytes_is_refused(self, tmp_path: Path) -> None:
        with (tmp_path / "a.png").open("wb") as file:
            file.truncate(MAX_BYTES + 1)
        with pytest.raises(TiltyardError, match="more than the 512 MiB that are read"):
            read_picture(tmp_path / "a.png")


SEEDS = [picture(kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP")] + [
    picture("TIFF", compression="tiff_lzw"), picture("JPEG", progressive=True),
    saved(Image.fromarray(RAMP).quantize(8), "PNG", transparency=1),
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid file with bits flipped, a stretch replaced, repeated or cut out."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, min(len(content), 400) - 1) | st.integers(0, len(content) - 1))
        at = min(at, len(content) - 1)
        match draw(st.integers(0, 3)):
            case 0:
                content[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                content[at : at + 4] = draw(st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\0\0\0\1", b"\1\0\0\0"]))
            case 2:
                content[at:at] = content[at : at + draw(st.integers(1, 60))]
            case _:
                del content[at : at + draw(st.integers(1, 400))]
        if not content:
            break
    return bytes(content)


NOISE = st.binary(max_size=200) | st.sampled_from([b"\x89PNG\r\n\x1a\n", b"II*\0", b"BM"]).map(lambda start: start * 9)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged() | NOISE)
def test_no_damage_raises_anything_but_our_one_line(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = read_or_refused(content)
    assert isinstance(outcome, str) or (outcome.pixels.dtype == np.uint8 and outcome.pixels.shape[2] == 3)
    assert not isinstance(outcome, str) or (outcome and "\n" not in outcome)


def read_or_refused(content: bytes) -> PictureRead | str:
    try:
        return decode_picture(content, "a")
    except TiltyardError as error:
        return str(error)


def test_a_damaged_tiff_writes_nothing_of_its_own_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(picture("TIFF", compression="tiff_lzw"))
    content[20:60] = b"\xff" * 40
    refusal(bytes(content))
    assert capfd.readouterr().err == ""
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


def test_reading_leaves_no_warning_filter_behind() -> None:
    before = list(warnings.filters)
    decode_picture(picture("PNG"), "a")
    assert warnings.filters == before
