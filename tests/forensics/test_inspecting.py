"""One picture examined from its file to a verdict, by the shipped network."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tiltyard.forensics
from small_scene import scene
from tiltyard.errors import TiltyardError
from tiltyard.forensics import Inspection, Verdict, inspect, inspections


def cloned(seed: int) -> np.ndarray:
    """A place of the scene laid down twice."""
    pixels = scene(seed)
    pixels[130:220, 190:310] = pixels[20:110, 30:150]
    return pixels


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    place = tmp_path / "scene.jpg"
    Image.fromarray(scene(1)).save(place, quality=92)
    return place


def test_a_copied_place_is_found_told_and_outlined(tmp_path: Path) -> None:
    place = tmp_path / "cloned.png"
    Image.fromarray(cloned(2)).save(place)
    found = inspect(place)
    assert found.verdict is Verdict.FORGED
    assert found.probability >= 0.5
    assert found.mask.shape == found.map.shape == (240, 320)
    assert found.mask[130:220, 190:310].mean() > 0.7
    speaking = {cue.name for cue in found.cues if cue.speaks}
    assert "copy_move" in speaking
    assert any("copy_move" in region.cues for region in found.regions)
    assert sum(region.pixels for region in found.regions) == found.mask.sum()
    assert all(0 <= x <= 320 and 0 <= y <= 240 for region in found.regions for x, y in region.polygon)


def test_what_is_not_forged_has_no_mask(picture: Path) -> None:
    found = inspect(picture, threshold=0.999)
    assert found.verdict is Verdict.NO_EVIDENCE
    assert not found.mask.any()
    assert found.regions == ()
    assert found.seconds > 0


def test_the_same_file_gives_the_same_answer(picture: Path) -> None:
    first, second = inspect(picture), inspect(picture)
    assert first.probability == second.probability
    assert np.array_equal(first.map, second.map)


def test_that_a_picture_is_large_is_no_warning(
    picture: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 240 * 320 - 1)
    inspect(picture, fast=True)
    assert not [told for told in recwarn if issubclass(told.category, Image.DecompressionBombWarning)]


def test_a_path_may_be_plain_text_and_a_cue_be_named_alone(tmp_path: Path) -> None:
    place = tmp_path / "cloned.png"
    Image.fromarray(cloned(2)).save(place)
    assert inspect(str(place)).verdict is Verdict.FORGED
    assert inspect(str(place), distrust="copy_move").regions == inspect(place, distrust=("copy_move",)).regions
    with pytest.raises(TiltyardError, match="sniffing: no trusted cue is called so"):
        inspect(place, distrust="sniffing")


def test_a_quick_look_leaves_copy_move_out(picture: Path) -> None:
    assert "copy_move" not in {cue.name for cue in inspect(picture, fast=True).cues}


@pytest.mark.parametrize("size", [(20, 300), (300, 300)])
def test_where_nothing_could_show_it_cannot_tell(tmp_path: Path, size: tuple[int, int]) -> None:
    """Too small, or blank."""
    place = tmp_path / "blank.png"
    Image.new("RGB", size, (250, 250, 248)).save(place)
    found = inspect(place)
    assert found.verdict is Verdict.CANNOT_TELL
    assert not found.mask.any()


def test_bad_files_and_thresholds_are_named(tmp_path: Path, picture: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(picture.read_bytes()[:200])
    with pytest.raises(TiltyardError, match=r"broken\.jpg"):
        inspect(broken)
    with pytest.raises(TiltyardError, match="threshold 1: write a number between 0 and 1"):
        inspect(picture, threshold=1)


def test_the_map_of_a_turned_photograph_lies_upright(tmp_path: Path) -> None:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scene(3)[:203, :261]).save(buffer, "JPEG", quality=90, exif=exif)
    place = tmp_path / "turned.jpg"
    place.write_bytes(buffer.getvalue())
    found = inspect(place)
    assert found.map.shape == (261, 203)
    assert any("upright" in note for note in found.notes)


def test_pages_come_one_after_another(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2", reason='needs pypdfium2: pip install "tiltyard[inspect]"')
    place = tmp_path / "two.pdf"
    pages = [Image.fromarray(scene(seed)) for seed in (4, 5)]
    pages[0].save(place, "PDF", save_all=True, append_images=pages[1:])
    found = [one for one in inspections(place) if isinstance(one, Inspection)]
    assert [one.path.rpartition("#")[2] for one in found] == ["page=1", "page=2"]
    with pytest.raises(TiltyardError, match="has 2 pages"):
        inspect(place)


def test_names_are_exported_and_no_others() -> None:
    for name in tiltyard.forensics.__all__:
        assert getattr(tiltyard.forensics, name).__module__ == "tiltyard.forensics.inspecting"
    with pytest.raises(AttributeError):
        _ = tiltyard.forensics.nothing
