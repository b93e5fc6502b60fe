"""The strict reader of masks and maps: what is taken, and which line names what is not."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tiltyard.errors import EntryError
from tiltyard.vision.masks import decode_map, decode_mask

SIZE = (40, 24)
TRUE = np.zeros((24, 40), np.bool_)
TRUE[5:15, 10:30] = True
GREY = np.where(TRUE, 255, 0).astype(np.uint8)
START = b"\x89PNG\r\n\x1a\n"


def png(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


PLAIN = png(Image.fromarray(GREY))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int, *, depth: int = 8, colour: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """The plain mask with one more chunk after its header."""
    return PLAIN[:33] + chunk(kind, content) + PLAIN[33:]


def refusal(content: bytes, size: tuple[int, int] | None = SIZE) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(EntryError) as caught:
            decode_mask(content, "member 'images/x.png'", size=size)
    message = str(caught.value)
    assert message.startswith("member 'images/x.png': ")
    assert "\n" not in message
    return message


class TestTaken:
    @pytest.mark.parametrize("mode", ["L", "1", "P", "RGB"])
    def test_a_mask_of_each_plain_kind_is_read_exactly(self, mode: str) -> None:
        mask = decode_mask(png(Image.fromarray(GREY).convert(mode)), "a", size=SIZE)
        assert mask.dtype == np.bool_
        assert np.array_equal(mask, TRUE)

    def test_a_mask_of_four_bits_a_sample(self) -> None:
        rows = b"".join(b"\0" + np.packbits(np.repeat(row, 4)).tobytes() for row in TRUE)
        four = START + header(*SIZE, depth=4) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        assert np.array_equal(decode_mask(four, "a", size=SIZE), TRUE)

    def test_text_beside_the_image_does_not_matter(self) -> None:
        info = PngImagePlugin.PngInfo()
        info.add_text("Software", "an editor")
        assert decode_mask(png(Image.fromarray(GREY), pnginfo=info), "a", size=SIZE).any()

    def test_any_size_is_taken_where_none_is_asked_for(self) -> None:
        assert decode_mask(png(Image.new("L", (1, 1))), "a", size=None).shape == (1, 1)

    def test_a_map_keeps_its_grey_values(self) -> None:
        values = np.random.default_rng(0).integers(0, 256, (24, 40), np.uint8)
        for mode in ("L", "RGB"):
            assert np.array_equal(decode_map(png(Image.fromarray(values).convert(mode)), "a", size=SIZE), values)
        assert np.array_equal(decode_map(png(Image.fromarray(GREY).convert("1")), "a", size=SIZE), GREY)


class TestRefused:
    def test_a_value_between_names_its_first_place(self) -> None:
        values = GREY.copy()
        values[7, 3], values[9, 1] = 127, 254
        assert refusal(png(Image.fromarray(values))).endswith(
            "value 127 at (3, 7): a mask holds only 0 and 255"
        )  # fmt: skip

    @pytest.mark.parametrize("value", [1, 2, 128, 254])
    def test_every_other_value_is_found(self, value: int) -> None:
        values = GREY.copy()
        values[-1, -1] = value
        assert f"value {value} at (39, 23)" in refusal(png(Image.fromarray(values)))

    def test_another_size_names_both(self) -> None:
        assert "is 40×24, the test image 24×40" in refusal(PLAIN, (24, 40))

    def test_colours_are_named(self) -> None:
        image = Image.fromarray(GREY).convert("RGB")
        image.putpixel((3, 4), (255, 0, 0))
        assert "colour (255, 0, 0) at (3, 4)" in refusal(png(image))
        assert "colour (255, 0, 0) at (3, 4)" in refusal(png(image.quantize(4)))

    @pytest.mark.parametrize("mode", ["LA", "RGBA"])
    def test_an_alpha_channel(self, mode: str) -> None:
        assert "has an alpha channel" in refusal(png(Image.fromarray(GREY).convert(mode)))

    def test_a_transparent_value(self) -> None:
        assert "has transparency" in refusal(png(Image.fromarray(GREY), transparency=0))

    def test_sixteen_bits(self) -> None:
        assert "has 16 bits a sample" in refusal(png(Image.fromarray(GREY.astype(np.uint16) * 257)))

    def test_exif_data(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        assert "carries EXIF data, which may turn it" in refusal(png(Image.fromarray(GREY), exif=exif))

    def test_an_animation(self) -> None:
        frames = [Image.fromarray(np.roll(GREY, turn)) for turn in range(3)]
        assert "is animated" in refusal(png(frames[0], save_all=True, append_images=frames[1:]))

    def test_another_format(self) -> None:
        buffer = io.BytesIO()
        Image.fromarray(GREY).save(buffer, "BMP")
        for content in (buffer.getvalue(), b"", b"\xff\xd8\xff\xe0"):
            assert "is no PNG: save it as a plain 8-bit grey PNG" in refusal(content)

    @pytest.mark.parametrize("length", [8, 20, 33, 45, len(PLAIN) // 2, len(PLAIN) - 12, len(PLAIN) - 1])
    def test_a_truncated_file(self, length: int) -> None:
        assert "is truncated or broken" in refusal(PLAIN[:length])

    def test_bytes_after_the_end(self) -> None:
        assert "4 bytes follow its end" in refusal(PLAIN + b"more")

    def test_a_wrong_checksum(self) -> None:
        at = PLAIN.index(b"IDAT") + 6
        assert "the checksum of its chunk b'IDAT' is wrong" in refusal(PLAIN[:at] + b"\x55" + PLAIN[at + 1 :])

    def test_image_data_that_are_too_short_in_a_sound_file(self) -> None:
        short = START + header(*SIZE) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
        assert "no readable image" in refusal(short)
        assert "no readable image" in refusal(START + header(*SIZE) + chunk(b"IEND", b""))

    def test_a_second_header_that_says_otherwise(self) -> None:
        assert "has two headers" in refusal(with_chunk(b"IHDR", header(80, 48)[8:-4]))

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ([], [], "has not one palette before its pixels"),
            ([bytes(3), bytes([255] * 6)], [], "has not one palette before its pixels"),
            ([], [bytes([255] * 6)], "has not one palette before its pixels"),
            ([bytes(3)], [], "uses colour 1 of a palette of 1"),
        ],
    )
    def test_a_palette_of_which_readers_see_different_colours(
        self, before: list[bytes], after: list[bytes], told: str
    ) -> None:
        pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in TRUE)))
        palettes = [b"".join(chunk(b"PLTE", colours) for colours in some) for some in (before, after)]
        refused = START + header(*SIZE, colour=3) + palettes[0] + pixels + palettes[1] + chunk(b"IEND", b"")
        assert refusal(refused).endswith(f"{told}: save it as a plain 8-bit grey PNG")

    def test_a_chunk_that_a_reader_must_know_and_none_does(self) -> None:
        assert "has the unknown chunk b'ABCD'" in refusal(with_chunk(b"ABCD", b"x"))
        assert decode_mask(with_chunk(b"aBCD", b"x"), "a", size=SIZE).any()

    @pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
    def test_text_that_swells_beside_the_image(self, kind: bytes) -> None:
        told = refusal(with_chunk(kind, b"a\0\0" + zlib.compress(bytes(50 << 20))))
        assert told.endswith(": save it as a plain 8-bit grey PNG")
        assert "JPEG" not in told

    def test_a_bomb_before_it_is_decoded(self) -> None:
        bomb = START + header(50_000, 50_000) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
        assert "1 to 100 megapixels are decoded" in refusal(bomb, None)
        assert "is 50000×50000, the test image 40×24" in refusal(bomb)
        assert "1 to 100 megapixels" in refusal(START + header(0, 5) + PLAIN[33:], None)

    def test_more_chunks_than_any_mask_needs(self) -> None:
        assert "is truncated or broken" in refusal(PLAIN[:33] + chunk(b"tEXt", b"") * 70_000 + PLAIN[33:])

    def test_image_data_beyond_the_image_are_passed_over(self) -> None:
        rows = b"".join(b"\0" + row.tobytes() for row in GREY)
        more = START + header(*SIZE) + chunk(b"IDAT", zlib.compress(rows + bytes(10 << 20))) + chunk(b"IEND", b"")
        assert np.array_equal(decode_mask(more, "a", size=SIZE), TRUE)


SEEDS = [png(Image.fromarray(GREY).convert(mode)) for mode in ("L", "1", "P", "RGB", "RGBA", "I;16")]
KINDS = st.sampled_from(
    [b"tRNS", b"eXIf", b"acTL", b"fdAT", b"PLTE", b"IHDR", b"IEND", b"IDAT", b"zTXt", b"iCCP", b"gAMA"]
)


@st.composite
def operated(draw: st.DrawFn) -> bytes:
    """A valid PNG after surgery: chunks added, doubled, dropped and moved with right checksums, bits flipped, cut."""
    content = draw(st.sampled_from(SEEDS))
    chunks = split(content)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(chunks)))
        match draw(st.integers(0, 3)):
            case 0:
                chunks.insert(at, chunk(draw(KINDS), draw(st.binary(max_size=30))))
            case 1 if at < len(chunks):
                chunks.insert(at, chunks[at])
            case 2 if at < len(chunks):
                del chunks[at]
            case _:
                width, height = draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 60))
                depth, colour = draw(st.sampled_from([1, 2, 4, 8, 16, 3])), draw(st.integers(0, 7))
                chunks[:1] = [header(draw(st.sampled_from([width, 40])), height, depth=depth, colour=colour)]
    found = bytearray(START + b"".join(chunks))
    if draw(st.booleans()) and found:
        found[draw(st.integers(0, len(found) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(found[: draw(st.integers(0, len(found)))] if draw(st.booleans()) else found)


def split(content: bytes) -> list[bytes]:
    chunks, at = [], len(START)
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        chunks.append(content[at:end])
        at = end
    return chunks


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(operated() | st.binary(max_size=100), st.sampled_from([SIZE, None]))
def test_no_surgery_raises_anything_but_one_line_or_gives_another_size(
    content: bytes, size: tuple[int, int] | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for outcome in (read_or_refused(decode_mask, content, size), read_or_refused(decode_map, content, size)):
            if isinstance(outcome, str):
                assert outcome.startswith("a: ")
                assert "\n" not in outcome
            else:
                assert outcome.ndim == 2
                assert size is None or outcome.shape == (24, 40)


def read_or_refused(decode: object, content: bytes, size: tuple[int, int] | None) -> np.ndarray | str:
    try:
        return decode(content, "a", size=size)  # type: ignore[operator,no-any-return]
    except EntryError as error:
        return str(error)
