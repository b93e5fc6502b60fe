"""Faces are found in installed packages, carry licences, and say what to install where they are missing."""

from pathlib import Path

import pytest

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents import fonts
from tiltyard.forensics.documents.faces import CHINESE, FACES, LATIN, Cut, Face

needs_chinese = pytest.mark.skipif(not fonts.has_chinese(), reason="Debian's Chinese fonts are not installed")


def test_every_face_names_its_package_and_licence() -> None:
    known = ("OFL-1.1", "Apache-2.0", "GPL-2.0-only WITH Font-exception-2.0", "Arphic-1999")
    for face in FACES.values():
        assert face.package.startswith(("fontpkg-", "fonts-"))
        assert face.licence.startswith(known)


def test_licences_of_latin_faces_are_those_of_their_packages() -> None:
    from importlib.metadata import metadata

    for face in LATIN:
        assert metadata(face.package)["License-Expression"] == face.licence


@pytest.mark.parametrize("face", LATIN, ids=lambda face: face.name)
def test_latin_cuts_differ_and_have_all_signs_that_pages_use(face: Face) -> None:
    pictures = set()
    for cut in face.cuts:
        font = fonts.loaded(fonts.use(face.name, 30, cut))
        pictures.add(bytes(font.getmask("Rag 34")))
        missing = bytes(font.getmask("\uffff"))
        assert all(bytes(font.getmask(sign)) != missing for sign in "AzéüßñçàÖ€·–'0")
    assert len(pictures) == len(face.cuts)


@needs_chinese
@pytest.mark.parametrize("face", CHINESE, ids=lambda face: face.name)
def test_chinese_faces_have_the_signs_of_amounts(face: Face) -> None:
    font = fonts.loaded(fonts.use(face.name, 30))
    missing = bytes(font.getmask("\uffff"))
    assert all(
        bytes(font.getmask(sign)) != missing
        for sign in "零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整￥¥（）：，。国际货运汇执照"
    )


def test_a_use_of_a_font_is_rounded_so_that_pages_share_it() -> None:
    assert fonts.use("arimo", 14.2) == fonts.use("arimo", 13.8)
    assert fonts.loaded(fonts.use("arimo", 14.2)) is fonts.loaded(fonts.use("arimo", 14.0))


def test_a_missing_latin_package_is_one_line_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Face("gone", "fontpkg-gone", "OFL-1.1", "sans", "latin", {"regular": Cut("Gone.ttf")})
    monkeypatch.setitem(FACES, "gone", gone)
    with pytest.raises(TiltyardError, match=r'pip install "tiltyard\[documents\]"') as caught:
        fonts.use("gone", 12)
    assert "\n" not in str(caught.value)


def test_missing_chinese_fonts_are_one_line_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", dict)
    assert not fonts.has_chinese()
    with pytest.raises(TiltyardError, match=r"apt-get install .*fonts-noto-cjk") as caught:
        fonts.use("uming", 12)
    assert "\n" not in str(caught.value)


def test_the_digest_depends_on_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one, two = tmp_path / "one.ttf", tmp_path / "two.ttf"
    one.write_bytes(b"a")
    two.write_bytes(b"b")
    digests = []
    for files in ({one}, {one, two}):
        monkeypatch.setattr(fonts, "_installed", lambda files=files: files)
        digests.append(fonts.fonts_digest.__wrapped__())
    assert digests[0] != digests[1]
    assert all(len(digest) == 64 for digest in digests)
