"""What is learnt from a user's own pictures: a threshold for the network, and which trusted cues misfire there."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from small_scene import scene
from tiltyard.errors import TiltyardError
from tiltyard.forensics import Verdict, calibrating, inspect
from tiltyard.forensics.calibrating import calibrated
from tiltyard.forensics.documents.catalogue import draw
from tiltyard.forensics.locating.deciding import THRESHOLD


def cloned(seed: int) -> np.ndarray:
    """A place of the scene laid down twice."""
    pixels = scene(seed)
    pixels[130:220, 190:310] = pixels[20:110, 30:150]
    return pixels


def own(folder: Path, *pictures: np.ndarray) -> Path:
    """A plain folder of them."""
    folder.mkdir(exist_ok=True)
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def page(seed: int) -> np.ndarray:
    """A page of text with a scanner's noise."""
    rng = np.random.default_rng(seed)
    pixels = draw("invoice", "modern", rng, long_side=400).pixels
    return np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pages() -> list[np.ndarray]:
    return [page(seed) for seed in range(5)]


@pytest.fixture
def forged(tmp_path: Path) -> Path:
    place = tmp_path / "forged.png"
    Image.fromarray(cloned(30)).save(place)
    return place


def test_the_threshold_lies_above_what_the_network_says_of_authentic_pages(
    tmp_path: Path, pages: list[np.ndarray]
) -> None:
    folder = own(tmp_path / "own", *pages)
    found = calibrated(folder, fast=True)
    assert (found.authentic, found.asked, found.forged) == (5, 5, 0)
    assert found.threshold != THRESHOLD
    probabilities = [inspect(path, fast=True).probability for path in folder.iterdir()]
    assert found.threshold > max(probabilities)


def test_blank_pictures_leave_the_network_s_threshold_where_it_is(tmp_path: Path, pages: list[np.ndarray]) -> None:
    """It is not asked about them: what it does not say is no measure."""
    blank = np.full((200, 300, 3), 240, np.uint8)
    found = calibrated(own(tmp_path / "own", *[blank] * 4, pages[0]), fast=True)
    assert (found.authentic, found.asked) == (5, 1)
    assert found.threshold == THRESHOLD


class TestATrustedCueThatMisfires:
    def test_on_one_picture_is_named_and_silences_nothing(self, tmp_path: Path, forged: Path) -> None:
        folder = own(tmp_path / "own", *map(scene, range(20, 25)), cloned(2))
        found = calibrated(folder)
        assert found.misfires["copy_move"] == (str(folder / "5.png"),)
        assert found.misfires["double_jpeg"] == ()
        assert found.distrusted == ()
        assert inspect(forged, threshold=found.threshold, distrust=found.distrusted).verdict is Verdict.FORGED

    def test_on_several_is_distrusted_and_the_network_heard_as_before(
        self, tmp_path: Path, forged: Path, pages: list[np.ndarray]
    ) -> None:
        folder = own(tmp_path / "own", *pages, cloned(2), cloned(3))
        found = calibrated(folder)
        assert "copy_move" in found.distrusted
        assert found.threshold == calibrated(folder, fast=True).threshold
        answer = inspect(forged, threshold=found.threshold, distrust=found.distrusted)
        assert answer.verdict is Verdict.NO_EVIDENCE
        assert not answer.mask.any()
        assert "copy_move" in {cue.name for cue in answer.cues if cue.speaks}

    def test_is_believed_below_a_threshold_of_the_network(self, forged: Path) -> None:
        assert inspect(forged, threshold=0.99).verdict is Verdict.FORGED


def test_with_masks_the_threshold_is_the_best_one_above_the_authentic() -> None:
    best_late = tuple(float(number == 20) for number in range(len(calibrating.STEPS)))
    best_early = tuple(1.0 - number / 100 for number in range(len(calibrating.STEPS)))
    low = [calibrating._Seen(str(number), -2.0, (), None) for number in range(20)]
    late, early = (calibrating._Seen("forged", 5.0, (), f1s) for f1s in (best_late, best_early))
    assert calibrating._logit(calibrating._threshold([*low, late])) == pytest.approx(calibrating.STEPS[20])
    above = calibrating._logit(calibrating._threshold([*low, early]))
    assert -2 <= above < -2 + calibrating.STEPS[1] - calibrating.STEPS[0]


def test_few_authentic_pictures_lower_the_threshold_by_their_share_of_the_way() -> None:
    def needed(count: int) -> float:
        low = [calibrating._Seen(str(number), -4.0, (), None) for number in range(count)]
        return calibrating._logit(calibrating._threshold(low))

    assert needed(5) == pytest.approx(-1)
    assert needed(10) == pytest.approx(-2)
    assert needed(20) == needed(40) == pytest.approx(-3.89, abs=0.01), "never below the lowest threshold"


def test_authentic_pictures_that_push_the_threshold_up_are_named_the_surest_first() -> None:
    heights = {"calm": -3.0, "loud": 0.5, "not asked": None, "loudest": 2.0}
    seen = [calibrating._Seen(name, height, (), None) for name, height in heights.items()]
    assert calibrating._suspected(seen) == ("loudest", "loud")


def test_authentic_pages_that_score_high_are_not_left_above_the_threshold() -> None:
    high = [calibrating._Seen(str(number), 6.0 + number / 10, (), None) for number in range(7)]
    assert calibrating._logit(calibrating._threshold(high)) > 6.6


def test_with_masks_forged_pictures_are_told_from_authentic_ones(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for seed in range(6):
        Image.fromarray(cloned(seed) if seed % 2 else scene(seed)).save(tmp_path / "images" / f"{seed}.png")
        mask = np.zeros((240, 320), np.uint8)
        mask[130:220, 190:310] = 255 * (seed % 2)
        Image.fromarray(mask).save(tmp_path / "masks" / f"{seed}.png")
    found = calibrated(tmp_path)
    assert (found.authentic, found.forged, found.distrusted) == (3, 3, ())
    verdicts = {path.stem: inspect(path, threshold=found.threshold).verdict for path in (tmp_path / "images").iterdir()}
    assert [seed for seed in "012345" if verdicts[seed] is Verdict.FORGED] == ["1", "3", "5"]


class TestWhatIsRead:
    def test_pages_of_pdfs_count_as_pictures(self, tmp_path: Path, jail: None) -> None:
        pytest.importorskip("pypdfium2", reason='needs pypdfium2: pip install "tiltyard[inspect]"')
        folder = own(tmp_path / "own", *map(scene, range(20, 23)))
        first, second = (Image.fromarray(scene(seed)) for seed in (4, 5))
        (folder / "below").mkdir()
        first.save(folder / "below" / "two.pdf", save_all=True, append_images=[second])
        assert calibrated(folder, fast=True).authentic == 5

    def test_heic_does_too(self, tmp_path: Path, jail: None) -> None:
        heif = pytest.importorskip("pillow_heif", reason='needs pillow_heif: pip install "tiltyard[inspect]"')
        folder = own(tmp_path / "own", *map(scene, range(20, 24)))
        heif.from_pillow(Image.fromarray(scene(6))).save(folder / "telephone.heic")
        assert calibrated(folder, fast=True).authentic == 5

    def test_bad_files_are_named_and_passed_over(self, tmp_path: Path) -> None:
        folder = own(tmp_path / "own", *map(scene, range(20, 25)))
        (folder / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
        (folder / ".hidden.jpg").write_bytes(b"")
        seen: list[tuple[int, int]] = []
        found = calibrated(folder, fast=True, progress=lambda done, of: seen.append((done, of)))
        assert found.authentic == 5
        assert [lost.path for lost in found.passed_over] == [str(folder / "bad.jpg")]
        assert found.passed_over[0].reason.startswith("no readable image")
        assert seen[-1] == (6, 6)

    def test_so_is_a_picture_whose_mask_has_another_size(self, tmp_path: Path) -> None:
        (tmp_path / "masks").mkdir()
        images = own(tmp_path / "images", *map(scene, range(20, 26)))
        Image.new("L", (9, 9), 255).save(tmp_path / "masks" / "0.png")
        found = calibrated(tmp_path, fast=True)
        assert (found.authentic, found.forged) == (5, 0)
        assert [lost.path for lost in found.passed_over] == [str(images / "0.png")]

    def test_too_few_cannot_calibrate(self, tmp_path: Path) -> None:
        folder = own(tmp_path / "own", *map(scene, range(20, 24)))
        (folder / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
        told = r"^own: holds 4 pictures \(1 more cannot be read: no readable.*: calibrate with 5 or more, better ten$"
        with pytest.raises(TiltyardError, match=told):
            calibrated(folder, fast=True)

    def test_what_is_no_folder_is_said(self, tmp_path: Path, forged: Path) -> None:
        for place in (forged, tmp_path / "nowhere"):
            with pytest.raises(TiltyardError, match=f"{place.name}: is no folder; name one with pictures"):
                calibrated(place)


def test_a_cue_that_is_no_trusted_one_cannot_be_distrusted(forged: Path) -> None:
    with pytest.raises(TiltyardError, match="noise_level: no trusted cue is called so: distrust double_jpeg or "):
        inspect(forged, distrust=["noise_level"])
