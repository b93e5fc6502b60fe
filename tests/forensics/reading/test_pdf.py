"""Pages of PDFs: whose bytes become the picture, and what the notes say of it."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from paper import JPEG, SCANNED, file_of, image, paper, placed, saved, scan, stream
from PIL import Image
from PIL.ExifTags import Base

from tiltyard.errors import JailUnavailable, TiltyardError
from tiltyard.forensics.reading.exif import without_exif
from tiltyard.forensics.reading.pages import COVERED, HOW, TURNED, PageRead, pages_of
from tiltyard.forensics.reading.starts import is_pdf
from tiltyard.vision.pictures import decode_picture

pytest.importorskip("pypdfium2", reason='pages of PDFs need pip install "tiltyard[inspect]"')
pytestmark = pytest.mark.usefixtures("jail")
TEXT = b"BT /F 40 Tf 20 120 Td (12 500) Tj ET\n"
UNSEEN_TEXT = b"BT 3 Tr /F 20 Tf 20 120 Td (recognised) Tj ET\n"
FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 200 300]"


def reads(content: bytes, folder: Path, **options: object) -> list[PageRead]:
    path = folder / "scan.pdf"
    path.write_bytes(content)
    return [page.read() for page in pages_of(path, **options)]


def only(content: bytes, folder: Path) -> PageRead:
    (read,) = reads(content, folder)
    return read


def pixels(read: PageRead) -> np.ndarray:
    return decode_picture(read.content, "page").pixels


class TestWhoseBytes:
    def test_a_scanned_page_gives_the_bytes_of_its_jpeg(self, tmp_path: Path) -> None:
        assert only(paper(placed(), SCANNED), tmp_path) == PageRead(JPEG, 1, (HOW["jpeg"],))

    def test_so_does_what_pillow_writes(self, tmp_path: Path) -> None:
        read = only(saved(scan(), "PDF", quality=70), tmp_path)
        assert decode_picture(read.content, "page").format == "JPEG"
        assert np.abs(pixels(read).astype(int) - np.asarray(scan())).mean() < 5

    def test_exif_does_not_turn_a_page(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[Base.Orientation] = 6
        turned = saved(scan(), quality=80, exif=exif)
        assert decode_picture(turned, "it").pixels.shape == (400, 600, 3)
        read = only(paper(placed(), image(turned, 400, 600)), tmp_path)
        assert read == PageRead(saved(scan(), quality=80), 1, (HOW["jpeg"],))

    @pytest.mark.parametrize("cut", [2, 3, 5, 20, 60])
    def test_a_damaged_head_stays_as_it_is(self, cut: int) -> None:
        for content in (JPEG[:cut], b"\xff\xd8\xff\xff\xff" + JPEG[2:cut], b"\xff\xd8\xff\xe1\0\0" + JPEG[:cut]):
            assert without_exif(content) == content

    def test_a_jpeg_that_was_packed_once_more_is_unpacked(self, tmp_path: Path) -> None:
        packed = image(zlib.compress(JPEG), 400, 600, filters=b"[/FlateDecode /DCTDecode]")
        assert only(paper(placed(), packed), tmp_path).content == JPEG

    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    def test_margins_and_turns_of_the_page_do_not_matter(self, turn: int, tmp_path: Path) -> None:
        content = paper(placed(box=(30, 90, 150, 270)), SCANNED, page=b"/Rotate %d" % turn)
        turned = (TURNED,) if turn else ()
        assert only(content, tmp_path) == PageRead(JPEG, 1, (HOW["jpeg"], *turned))

    def test_a_mirrored_jpeg_is_taken_with_a_note(self, tmp_path: Path) -> None:
        read = only(paper(b"q -200 0 0 300 200 0 cm /X0 Do Q", SCANNED), tmp_path)
        assert read == PageRead(JPEG, 1, (HOW["jpeg"], TURNED))

    def test_unseen_text_paths_and_links_do_not_matter(self, tmp_path: Path) -> None:
        link = b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 50 50] >>]"
        content = paper(b"0 0 50 50 re n\n" + placed() + UNSEEN_TEXT, SCANNED, page=link)
        assert only(content, tmp_path).content == JPEG

    def test_unseen_text_of_a_recogniser_does_not_matter_within_a_form_either(self, tmp_path: Path) -> None:
        kind = b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /GlyphLessFont /FontDescriptor 8 0 R /DW 500"
        system = b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
        font = b"<< /Type /Font /Subtype /Type0 /BaseFont /GlyphLessFont /Encoding /Identity-H"
        look = b"<< /Type /FontDescriptor /FontName /GlyphLessFont /Flags 5 /FontBBox [0 0 500 1000] >>"
        layer = stream(b"BT 3 Tr /T 20 Tf 20 120 Td <00610062> Tj ET", FORM + b" /Resources << /Font << /T 7 0 R >> >>")
        things = (SCANNED, kind + system, font + b" /DescendantFonts [6 0 R] >>", look, layer)
        assert only(paper(placed() + b"/X4 Do", *things), tmp_path).content == JPEG

    def test_a_picture_without_jpeg_gives_its_own_pixels(self, tmp_path: Path) -> None:
        raw = image(zlib.compress(scan().tobytes()), 400, 600, filters=b"/FlateDecode")
        read = only(paper(placed(), raw), tmp_path)
        assert np.array_equal(pixels(read), np.asarray(scan()))
        assert read.notes == (HOW["pixels"],)

    def test_a_page_of_text_is_drawn_at_200_dots_an_inch(self, tmp_path: Path) -> None:
        read = only(paper(TEXT), tmp_path)
        assert pixels(read).shape == (834, 556, 3)
        assert (pixels(read) < 64).any()
        assert read.notes == (HOW["drawn"],)

    def test_a_large_page_is_drawn_with_2500_pixels_on_its_long_side(self, tmp_path: Path) -> None:
        assert pixels(only(paper(TEXT, size=(1000, 2000)), tmp_path)).shape == (2500, 1250, 3)


class TestWhatThePageShows:
    """The page as it is seen is examined, whatever an editor laid over a scan or kept from it."""

    def drawn(self, read: PageRead) -> np.ndarray:
        assert read.notes[0] == HOW["drawn"]
        return pixels(read)

    @pytest.mark.parametrize("over", [TEXT, b"1 g 20 120 60 20 re f\n", placed(b"X1", (20, 120, 60, 140))])
    def test_what_lies_over_a_scan_is_seen_and_noted(self, over: bytes, tmp_path: Path) -> None:
        read = only(paper(placed() + over, SCANNED, SCANNED), tmp_path)
        assert COVERED in read.notes
        plain = only(paper(placed() + b"1 g 199 0 1 1 re f\n", SCANNED), tmp_path)
        assert np.abs(self.drawn(read).astype(int) - self.drawn(plain)).max() > 100

    def test_what_an_annotation_adds_is_seen_and_noted(self, tmp_path: Path) -> None:
        stamp = stream(b"0 0 0 rg 0 0 60 20 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 60 20]")
        notes = b"/Annots [<< /Type /Annot /Subtype /Stamp /F 4 /Rect [100 20 160 40] /AP << /N 6 0 R >> >>]"
        read = only(paper(placed(), SCANNED, stamp, page=notes), tmp_path)
        assert read.notes == (HOW["drawn"], COVERED)
        assert self.drawn(read)[-100:-70, 300:420].max() < 40

    @pytest.mark.parametrize("kind", [b"Link", b"Popup"])
    def test_a_link_that_has_a_look_of_its_own_is_seen(self, kind: bytes, tmp_path: Path) -> None:
        look = stream(b".5 g 0 0 3 3 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 3 3]")
        notes = b"/Annots [<< /Type /Annot /Subtype /%s /F 4 /Rect [150 280 153 283] /AP << /N 6 0 R >> >>]" % kind
        read = only(paper(placed(), SCANNED, look, page=notes), tmp_path)
        assert read.notes == (HOW["drawn"], COVERED)

    @pytest.mark.parametrize("level", [3, 7, 14, 20, 39, 100])
    def test_what_lies_deep_within_forms_is_seen_and_noted(self, level: int, tmp_path: Path) -> None:
        around = [
            stream(b"/N Do", FORM + b"/Resources << /XObject << /N %d 0 R >> >>" % (6 + depth))
            for depth in range(1, level)
        ]
        content = paper(placed() + b"/X1 Do", SCANNED, *around, stream(b".5 g 150 280 3 3 re f", FORM))
        assert only(content, tmp_path).notes == (HOW["drawn"], COVERED)

    def test_text_called_unseen_in_a_font_of_drawings_is_noted(self, tmp_path: Path) -> None:
        """Render mode 3 "shall have no effect" there (ISO 32000, 9.3.6), and readers differ."""
        glyph = stream(b"1000 0 d0 .5 g 0 0 900 700 re f")
        font = (
            b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0] "
            b"/CharProcs << /a 6 0 R >> /Encoding << /Type /Encoding /Differences [97 /a] >> /FirstChar 97 "
            b"/LastChar 97 /Widths [1000] /Resources << >> /BaseFont /Helvetica >>"
        )
        text = stream(b"BT 3 Tr /T 4 Tf 150 280 Td (a) Tj ET", FORM + b" /Resources << /Font << /T 7 0 R >> >>")
        read = only(paper(placed() + b"/X3 Do", SCANNED, glyph, font, text), tmp_path)
        assert read.notes == (HOW["drawn"], COVERED)

    def test_what_is_filled_into_a_form_is_seen(self, tmp_path: Path) -> None:
        look = stream(b"0 0 0 rg 0 0 60 20 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 60 20]")
        field = (
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (amount) /V (1) /F 4 /Rect [100 20 160 40] "
            b"/AP << /N 6 0 R >> >>"
        )
        content = paper(
            placed(), SCANNED, look, field, page=b"/Annots [7 0 R]", catalogue=b"/AcroForm << /Fields [7 0 R] >>"
        )
        assert self.drawn(only(content, tmp_path))[-100:-70, 300:420].max() < 40

    @pytest.mark.parametrize(
        "more",
        [b"/Decode [1 0 1 0 1 0]", b"/SMask 6 0 R", b"/Mask [190 210 20 40 20 40]"],
        ids=["inverted", "soft mask", "colour key"],
    )
    def test_a_jpeg_that_the_page_shows_otherwise_is_not_taken(self, more: bytes, tmp_path: Path) -> None:
        hole = Image.new("L", (400, 600), 255)
        hole.paste(0, (300, 150, 308, 158))
        mask = image(zlib.compress(hole.tobytes()), 400, 600, filters=b"/FlateDecode", more=b"/ColorSpace /DeviceGray")
        self.drawn(only(paper(placed(), image(JPEG, 400, 600, more=more), mask), tmp_path))

    def test_a_jpeg_cut_to_a_shape_is_not_taken(self, tmp_path: Path) -> None:
        cut = b"q 0 0 m 200 0 l 200 300 l 106 300 l 106 296 l 100 296 l 100 300 l 0 300 l h W n " + placed() + b"Q"
        self.drawn(only(paper(cut, SCANNED), tmp_path))

    def test_a_jpeg_of_four_inks_is_not_taken(self, tmp_path: Path) -> None:
        inks = image(saved(scan().convert("CMYK")), 400, 600, more=b"/ColorSpace /DeviceCMYK")
        self.drawn(only(paper(placed(), inks), tmp_path))

    def test_a_jpeg_within_a_form_is_drawn(self, tmp_path: Path) -> None:
        head = b"/Type /XObject /Subtype /Form /BBox [0 0 200 300] /Resources << /XObject << /X0 5 0 R >> >>"
        self.drawn(only(paper(placed(b"X1", (0, 0, 1, 1)), SCANNED, stream(placed(), head)), tmp_path))


class TestDocuments:
    def test_pages_come_one_by_one_with_names_and_numbers(self, tmp_path: Path) -> None:
        others = [scan().rotate(180), scan(200, 300)]
        (tmp_path / "scan.pdf").write_bytes(saved(scan(), "PDF", save_all=True, append_images=others))
        pages = list(pages_of(tmp_path / "scan.pdf"))
        assert [page.name for page in pages] == [f"scan.pdf, page {number}" for number in (1, 2, 3)]
        assert [Image.open(io.BytesIO(page.read().content)).size for page in pages[::2]] == [(400, 600), (200, 300)]
        assert [page.read().number for page in pages] == [1, 2, 3]

    @pytest.mark.parametrize(("count", "rest"), [(51, "page 51 is"), (10_000, "pages 51 to 10000 are")])
    def test_of_many_pages_fifty_are_read_and_the_rest_is_a_page_that_fails(
        self, count: int, rest: str, tmp_path: Path
    ) -> None:
        kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
        sheet = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"
        tree = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)]
        (tmp_path / "a.pdf").write_bytes(file_of([*tree, *[sheet] * count]))
        *pages, last = pages_of(tmp_path / "a.pdf")
        assert len(pages) == 50
        assert pages[49].read().notes == (HOW["drawn"],)
        assert last.number == 51
        with pytest.raises(TiltyardError, match=rf"^a\.pdf: {rest} not read: at most 50 .* split the document$"):
            last.read()

    def test_fifty_pages_are_read_and_nothing_is_left(self, tmp_path: Path) -> None:
        (tmp_path / "a.pdf").write_bytes(saved(scan(20, 30), "PDF", save_all=True, append_images=[scan(20, 30)] * 49))
        assert [page.number for page in pages_of(tmp_path / "a.pdf")] == list(range(1, 51))

    def test_a_page_that_cannot_be_read_leaves_the_others_readable(self, tmp_path: Path) -> None:
        line = saved(scan(), "PDF", save_all=True, append_images=[scan()])
        first = line.index(b"/MediaBox")
        end = line.index(b"]", first)
        (tmp_path / "a.pdf").write_bytes(line[:first] + b"/MediaBox [0 0 9 99999" + line[end:])
        narrow, whole = pages_of(tmp_path / "a.pdf")
        with pytest.raises(TiltyardError, match=r"^a\.pdf, page 1: .* too narrow to draw: save the page as PNG, or"):
            narrow.read()
        assert whole.read().notes == (HOW["jpeg"],)

    def test_a_document_that_takes_too_long_in_all_is_left_by_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = [0.0]
        monkeypatch.setattr("tiltyard.forensics.reading.pages.monotonic", lambda: clock[0])
        (tmp_path / "a.pdf").write_bytes(saved(scan(20, 30), "PDF", save_all=True, append_images=[scan(20, 30)] * 2))
        first, second, third = pages_of(tmp_path / "a.pdf", document_seconds=60)
        clock[0] = 59
        assert first.read().number == 1
        clock[0] = 61
        told = "is not read, for the pages before it took too long: split the document$"
        for page in (second, third):
            with pytest.raises(TiltyardError, match=rf"^a\.pdf, page {page.number}: {told}"):
                page.read()

    def test_trusted_reading_gives_the_same(self, tmp_path: Path) -> None:
        content = paper(placed() + TEXT, SCANNED)
        assert reads(content, tmp_path, trust=True) == reads(content, tmp_path)


def test_a_pdf_is_known_by_its_first_bytes() -> None:
    content = paper(TEXT)
    assert is_pdf(content[:20])
    assert is_pdf(b"junk of a mailer\r\n" + content)
    assert not is_pdf(JPEG[:2] + b"\xff\xfe\0\x0a%PDF-1.7" + JPEG[2:])
    assert not is_pdf(bytes(2000) + content)


def test_without_the_package_the_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiltyard.forensics.reading.pages.find_spec", lambda name: None)
    with pytest.raises(TiltyardError, match=r"^scan\.pdf: PDF needs pypdfium2, .*: pip install \"tiltyard\[inspect\]"):
        reads(paper(TEXT), tmp_path)


def test_without_a_jail_nothing_is_read_and_the_line_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiltyard.jail.launch.shutil.which", lambda name: None)
    with pytest.raises(JailUnavailable, match=r"^scan\.pdf: is read in the jail only \(bubblewrap is not installed"):
        reads(paper(TEXT), tmp_path)
