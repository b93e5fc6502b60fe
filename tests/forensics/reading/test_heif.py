"""HEIC: what comes out of the jail, and what a hostile file gets."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from paper import saved, scan
from PIL import Image, ImageDraw

from tiltyard.errors import JailUnavailable, TiltyardError
from tiltyard.forensics.reading.pages import HOW, SEVERAL, PageRead, pages_of
from tiltyard.forensics.reading.starts import is_heif
from tiltyard.vision.pictures import PictureRead, decode_picture

pillow_heif = pytest.importorskip("pillow_heif", reason='HEIC needs pip install "tiltyard[inspect]"')
pytestmark = pytest.mark.usefixtures("jail")


def heic(picture: Image.Image, *others: Image.Image, **options: object) -> bytes:
    file = pillow_heif.from_pillow(picture)
    for other in others:
        file.add_from_pillow(other)
    buffer = io.BytesIO()
    file.save(buffer, **{"quality": 90, **options})
    return buffer.getvalue()


def read(content: bytes, folder: Path, **options: object) -> PageRead:
    path = folder / "a.heic"
    path.write_bytes(content)
    (page,) = pages_of(path, **options)
    assert (page.name, page.number) == ("a.heic", 1)
    return page.read()


def decoded(content: bytes, folder: Path) -> PictureRead:
    return decode_picture(read(content, folder).content, "a.heic")


def refusal(content: bytes, folder: Path) -> str:
    with pytest.raises(TiltyardError) as caught:
        decoded(content, folder)
    line = str(caught.value)
    assert line.startswith("a.heic: ")
    assert "\n" not in line
    return line


def decoded_or_refused(content: bytes, folder: Path) -> PictureRead | str:
    try:
        return decoded(content, folder)
    except TiltyardError as error:
        return str(error)


HONEST = heic(scan())
SIZE_AT = HONEST.index(b"ispe") + 8


class TestTaken:
    def test_a_photograph_gives_its_pixels_and_a_note(self, tmp_path: Path) -> None:
        answer = read(HONEST, tmp_path)
        pixels = decode_picture(answer.content, "a").pixels
        assert np.abs(pixels.astype(int) - np.asarray(scan())).mean() < 4
        assert answer.notes == (HOW["heif"],)

    def test_what_lies_on_its_side_is_turned_upright(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        content = heic(scan(), exif=exif.tobytes())
        pixels = decoded(content, tmp_path).pixels
        assert np.abs(pixels.astype(int) - np.rot90(np.asarray(scan()), -1)).mean() < 4

    def test_of_several_pictures_the_main_one_is_taken_with_a_note(self, tmp_path: Path) -> None:
        answer = read(heic(scan(300, 200), scan(), primary_index=1), tmp_path)
        assert decode_picture(answer.content, "a").pixels.shape == (600, 400, 3)
        assert answer.notes == (HOW["heif"], SEVERAL)

    def test_transparent_parts_lie_on_white(self, tmp_path: Path) -> None:
        layer = scan().convert("RGBA")
        ImageDraw.Draw(layer).rectangle((0, 0, 199, 599), fill=(0, 0, 0, 0))
        picture = decoded(heic(layer, quality=-1), tmp_path)
        assert picture.pixels[:, :190].min() > 250
        assert picture.pixels[:, 210:].min() < 100

    def test_grey_stays_grey(self, tmp_path: Path) -> None:
        pixels = decoded(heic(scan().convert("L")), tmp_path).pixels
        assert (np.ptp(pixels.astype(int), axis=2) == 0).all()
        assert np.abs(pixels[..., 0].astype(int) - np.asarray(scan().convert("L"))).mean() < 4

    def test_ten_bits_a_colour_become_eight(self, tmp_path: Path) -> None:
        deep = np.asarray(scan()).astype(np.uint16) * 257
        file = pillow_heif.from_bytes("RGB;16", (400, 600), deep.tobytes())
        buffer = io.BytesIO()
        file.save(buffer, quality=90)
        pixels = decoded(buffer.getvalue(), tmp_path).pixels
        assert np.abs(pixels.astype(int) - np.asarray(scan())).mean() < 4

    def test_grey_of_ten_bits_is_refused_as_in_other_files(self, tmp_path: Path) -> None:
        deep = Image.fromarray(np.asarray(scan().convert("L")).astype(np.uint16) * 257)
        assert "has more than 8 bits a sample: save it with 8" in refusal(heic(deep), tmp_path)


class TestHostile:
    def test_a_file_that_claims_a_thousand_megapixels(self, tmp_path: Path) -> None:
        giant = HONEST[:SIZE_AT] + struct.pack(">II", 32_000, 32_000) + HONEST[SIZE_AT + 8 :]
        assert "32000×32000 pixels are more than the 100 megapixels" in refusal(giant, tmp_path)

    def test_a_file_that_claims_all_pixels_there_are(self, tmp_path: Path) -> None:
        giant = HONEST[:SIZE_AT] + b"\xff" * 8 + HONEST[SIZE_AT + 8 :]
        assert refusal(giant, tmp_path).endswith(": save it as JPEG or PNG")

    @pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.95])
    def test_a_truncated_file(self, share: float, tmp_path: Path) -> None:
        line = refusal(HONEST[: 12 + int(share * len(HONEST))], tmp_path)
        assert "cannot be read (" in line
        assert line.endswith(": save it as JPEG or PNG")

    def test_noise_behind_the_right_mark(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).bytes(5000)
        assert "cannot be read (" in refusal(b"\0\0\0\x18ftypheic" + noise, tmp_path)

    @pytest.mark.parametrize("content", [b"no picture at all", b"", b"\0" * 12 + b"ftypheic"])
    def test_what_is_no_heic_but_its_name(self, content: bytes, tmp_path: Path) -> None:
        assert "save it again as JPEG or PNG" in refusal(content, tmp_path) or "is empty" in refusal(content, tmp_path)

    def test_a_jpeg_under_the_name_of_a_heic_is_a_jpeg(self, tmp_path: Path) -> None:
        assert read(saved(scan()), tmp_path) == PageRead(saved(scan()), 1)

    def test_damage_anywhere_is_a_picture_or_a_line(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(3)
        for _ in range(12):
            content = bytearray(heic(scan(64, 96)))
            for at in rng.integers(12, len(content), 6):
                content[at] = rng.integers(256)
            told = decoded_or_refused(bytes(content), tmp_path)
            assert isinstance(told, PictureRead) or (told.startswith("a.heic: ") and "\n" not in told)


def test_trusted_reading_gives_the_same(tmp_path: Path) -> None:
    assert read(HONEST, tmp_path, trust=True) == read(HONEST, tmp_path)


def test_heic_is_known_by_its_first_bytes() -> None:
    assert is_heif(HONEST[:12])
    assert not is_heif(saved(scan())[:12])
    assert not is_heif(b"\0\0\0\x1cftypavif")
    assert not is_heif(b"\0\0\0\x1cftypmp42")


def test_without_the_package_the_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiltyard.forensics.reading.pages.find_spec", lambda name: None)
    assert 'pip install "tiltyard[inspect]", or save it as JPEG or PNG' in refusal(HONEST, tmp_path)


def test_without_a_jail_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiltyard.jail.launch.shutil.which", lambda name: None)
    with pytest.raises(JailUnavailable, match=r"^a\.heic: is read in the jail only \(bubblewrap is not installed"):
        read(HONEST, tmp_path)
