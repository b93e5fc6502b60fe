"""PDFs that were made to hang, to fill memory, to reach out or to break their reader: one line, and soon."""

import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from paper import JPEG, POINTS, SCANNED, file_of, image, paper, placed, saved, scan, stream
from PIL import Image

from tiltyard.errors import TiltyardError
from tiltyard.forensics.reading.pages import HOW, PageRead, pages_of
from tiltyard.jail.errand import LIMITS
from tiltyard.jail.limits import MIB
from tiltyard.vision.pictures import decode_picture

pytest.importorskip("pypdfium2", reason='pages of PDFs need pip install "tiltyard[inspect]"')
pytestmark = pytest.mark.usefixtures("jail")

TIGHT = replace(LIMITS, memory=700 * MIB)
SECONDS = 4
"""Of computing: the tests hold on a busy machine too."""
FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 200 300]"


def outcome(content: bytes, folder: Path) -> PageRead | str:
    """The first page, which the bounded reader takes, or the line of an error."""
    (folder / "a.pdf").write_bytes(content)
    try:
        read = next(pages_of(folder / "a.pdf", limits=TIGHT, seconds=SECONDS)).read()
        decode_picture(read.content, "a.pdf, page 1")
    except TiltyardError as error:
        line = str(error)
        assert line.startswith("a.pdf")
        assert "\n" not in line
        assert "PNG" in line or "scale it down" in line
        return line
    return read


def forms_beyond_count() -> bytes:
    forms = []
    for level in range(12):
        names = b"/Resources << /XObject << /N %d 0 R >> >>" % (level + 6)
        forms.append(stream(b"/N Do\n" * 20, FORM + names))
    return paper(b"/X0 Do", *forms, stream(b"0 0 100 100 re f", FORM))


def size(read: PageRead | str) -> tuple[int, ...]:
    assert isinstance(read, PageRead), read
    return decode_picture(read.content, "a").pixels.shape[:2]


class TestSize:
    @pytest.mark.parametrize("side", [14_400, 1_000_000, 3e38])
    def test_a_giant_page_is_drawn_small(self, side: float, tmp_path: Path) -> None:
        assert size(outcome(paper(placed(), SCANNED, size=(side, side)), tmp_path)) == (2500, 2500)

    def test_a_picture_too_small_to_see_does_not_stand_for_its_page(self, tmp_path: Path) -> None:
        assert size(outcome(paper(placed(box=(500, 500, 520, 530)), SCANNED, size=(1000, 2000)), tmp_path)) == (
            2500,
            1250,
        )

    @pytest.mark.parametrize("box", [(1_000_000, 1), (1, 1), (0.001, 9)])
    def test_a_page_that_is_a_line_or_a_dot_is_refused(self, box: tuple[float, float], tmp_path: Path) -> None:
        assert "too narrow to draw" in str(outcome(paper(placed(), SCANNED, size=box), tmp_path))

    def test_a_flate_bomb_of_a_picture(self, tmp_path: Path) -> None:
        bomb = zlib.compress(zlib.compress(bytes(1_000_000_000), 1), 9)
        giant = image(bomb, 60_000, 60_000, filters=b"[/FlateDecode /FlateDecode]")
        assert outcome(paper(placed(), giant), tmp_path)

    def test_a_flate_bomb_of_a_page(self, tmp_path: Path) -> None:
        bomb = zlib.compress(b"0 0 9 9 re f\n" * 30_000_000, 9)
        read = outcome(paper(bomb, head=b"/Filter /FlateDecode"), tmp_path)
        assert "memory limit" in str(read) or "takes more than 4 s" in str(read)

    def test_a_jpeg_that_claims_four_thousand_megapixels(self, tmp_path: Path) -> None:
        at = JPEG.index(b"\xff\xc0") + 5
        giant = JPEG[:at] + b"\xff\xff\xff\xff" + JPEG[at + 4 :]
        read = outcome(paper(placed(), image(giant, 65_535, 65_535)), tmp_path)
        assert isinstance(read, str) or read.notes[0] == HOW["drawn"]


class TestHanging:
    def test_forms_that_draw_forms_beyond_count(self, tmp_path: Path) -> None:
        read = str(outcome(forms_beyond_count(), tmp_path))
        assert "memory limit" in read or "takes more than 4 s of computing to read: save the page as PNG" in read

    @pytest.mark.alone
    def test_pages_after_one_that_was_too_slow_are_given_up_at_once(self, tmp_path: Path) -> None:
        twice = forms_beyond_count().replace(b"/Kids [3 0 R] /Count 1", b"/Kids [3 0 R 3 0 R 3 0 R] /Count 3")
        (tmp_path / "a.pdf").write_bytes(twice)
        first, *others = pages_of(tmp_path / "a.pdf", limits=LIMITS, seconds=1)
        with pytest.raises(TiltyardError, match=r"^a\.pdf, page 1: takes more than 1 s of computing to read: save"):
            first.read()
        began = time.perf_counter()
        for page in others:
            with pytest.raises(
                TiltyardError, match=rf"^{page.name}: is not read, for a\.pdf, page 1 was too slow: save"
            ):
                page.read()
        assert time.perf_counter() - began < 0.1

    def test_a_form_that_draws_itself(self, tmp_path: Path) -> None:
        content = paper(b"/X0 Do", stream(b"/X0 Do", FORM + b"/Resources << /XObject << /X0 5 0 R >> >>"))
        assert size(outcome(content, tmp_path)) == (834, 556)

    def test_pages_that_hold_themselves(self, tmp_path: Path) -> None:
        tree = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000 >>"]
        assert isinstance(outcome(file_of(tree), tmp_path), str)

    def test_a_count_of_pages_that_is_a_lie(self, tmp_path: Path) -> None:
        sheet = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"
        tree = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>", sheet]
        assert outcome(file_of(tree), tmp_path)


class TestActions:
    @pytest.mark.parametrize(
        "action",
        [
            b"/S /JavaScript /JS (while \\(true\\) {})",
            b"/S /Launch /F (/bin/sh) /Win << /F (cmd.exe) >>",
            b"/S /URI /URI (http://127.0.0.1:9/)",
            b"/S /SubmitForm /F (http://127.0.0.1:9/)",
        ],
    )
    def test_an_action_does_nothing(self, action: bytes, tmp_path: Path) -> None:
        actions = b"/OpenAction << %s >> /AA << /WC << %s >> >> /AcroForm << /Fields [] >>" % (action, action)
        page = b"/AA << /O << %s >> >>" % action
        read = outcome(paper(placed(), SCANNED, catalogue=actions, page=page), tmp_path)
        assert read == PageRead(JPEG, 1, (HOW["jpeg"],))

    def test_a_stream_kept_in_another_file_is_not_fetched(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.jpg"
        secret.write_bytes(JPEG)
        outside = image(b"", 400, 600, more=b"/F (%s) /FFilter /DCTDecode" % bytes(secret))
        read = outcome(paper(placed(), outside), tmp_path)
        assert isinstance(read, PageRead)
        assert (decode_picture(read.content, "a").pixels == 255).all()


class TestBroken:
    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
    def test_a_truncated_file(self, share: float, tmp_path: Path) -> None:
        content = paper(placed(), SCANNED)
        assert outcome(content[: 9 + int(share * len(content))], tmp_path)

    @pytest.mark.parametrize(
        "content", [b"%PDF-1.7\n", b"%PDF-" + bytes(range(256)) * 40, b"%PDF-1.7\n" + b"[" * 10**6]
    )
    def test_what_is_no_pdf_but_its_mark(self, content: bytes, tmp_path: Path) -> None:
        assert "a.pdf: is no readable PDF: save the page as PNG, or print" in str(outcome(content, tmp_path))

    def test_a_document_without_pages(self, tmp_path: Path) -> None:
        tree = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
        assert "a.pdf: is no readable PDF: save" in str(outcome(file_of(tree), tmp_path))

    def test_a_locked_document(self, tmp_path: Path) -> None:
        lock = b"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]"
        tree = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
        content = file_of(tree, lock % (b"ab" * 32, b"cd" * 32))
        assert "a.pdf: is locked by a password: save" in str(outcome(content, tmp_path))

    def test_damage_anywhere_is_a_page_or_a_line(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(5)
        whole = paper(placed() + b"BT /F 9 Tf (a) Tj ET", image(saved(scan(40, 60)), 40, 60))
        for _ in range(12):
            content = bytearray(whole)
            for at in rng.integers(0, len(content), 12):
                content[at] = rng.integers(256)
            assert outcome(bytes(content), tmp_path)

    def test_an_empty_page_is_white(self, tmp_path: Path) -> None:
        read = outcome(paper(b""), tmp_path)
        assert size(read) == (834, 556)

    def test_a_tiny_picture_does_not_stand_for_its_page(self, tmp_path: Path) -> None:
        dot = image(saved(Image.new("RGB", (2, 2), "red")), 2, 2)
        assert size(outcome(paper(placed(box=(0, 0, *POINTS)), dot), tmp_path)) == (834, 556)
