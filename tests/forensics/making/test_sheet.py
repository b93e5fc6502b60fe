"""A contact sheet shows picture, mask and kind side by side."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_series import ToySeries

from tiltyard.contest.executor import Here
from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.folder import Shard, write_set
from tiltyard.forensics.making.listed import Row
from tiltyard.forensics.making.sheet import in_turn, sheet_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_set(ToySeries(), tmp_path / "set", Here())
    return tmp_path / "set"


def test_a_png_shows_what_was_forged_in_red(folder: Path, tmp_path: Path) -> None:
    assert sheet_of(folder, tmp_path / "sheet.png", items=6) == 6
    pixels = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB")).astype(int)
    red = (pixels[..., 0] > 180) & (pixels[..., 1] < 130) & (pixels[..., 2] < 140)
    assert red.sum() > 500


def test_html_stands_alone_and_names_kinds(folder: Path, tmp_path: Path) -> None:
    assert sheet_of(folder, tmp_path / "sheet.html", items=4) == 4
    text = (tmp_path / "sheet.html").read_text()
    assert text.count("<figure>") == 4
    assert text.count("data:image/png;base64,") == 8
    assert "box" in text
    assert "authentic" in text
    assert "http" not in text


def test_a_set_that_is_not_whole_has_a_sheet_too(tmp_path: Path) -> None:
    write_set(ToySeries(), tmp_path / "set", Here(), shard=Shard(2, 2))
    assert sheet_of(tmp_path / "set", tmp_path / "sheet.png", items=3) == 3


def test_each_kind_comes_in_turn() -> None:
    rows = [Row(str(n), "", "", "", kind, "", "") for n, kind in enumerate("aaaaabbc")]
    assert [row.kind for row in in_turn(rows, 6)] == ["a", "b", "c", "a", "b", "a"]


def test_other_files_and_empty_folders_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match=r"\.png or \.html"):
        sheet_of(folder, tmp_path / "sheet.pdf", items=3)
    with pytest.raises(TiltyardError, match=r"holds no recipe\.json"):
        sheet_of(tmp_path, tmp_path / "sheet.png", items=3)
