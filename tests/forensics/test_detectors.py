"""Ours and the baselines as detectors, and what they hand in to the contests."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiltyard.errors import TiltyardError
from tiltyard.forensics.credential_table import read_table
from tiltyard.forensics.detectors import detector_names, find_detector
from tiltyard.forensics.handing_in import hand_in, pictures_in
from tiltyard.vision.masks import decode_map, decode_mask

SIZE = 224, 160
"""Width and height."""


def textured(seed: int) -> np.ndarray:
    """A scene of blobs of all sizes and camera noise."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    scene = np.zeros((height, width, 3))
    for size in (4, 8, 32):
        tiles = rng.integers(0, 255, (height // size, width // size, 3)).astype(np.uint8)
        scene += np.asarray(Image.fromarray(tiles).resize(SIZE, Image.Resampling.NEAREST))
    return np.clip(scene / 3 + rng.normal(0, 3, (height, width, 3)), 0, 255).astype(np.uint8)


def forged(seed: int) -> np.ndarray:
    """A patch of the scene laid down twice."""
    pixels = textured(seed)
    pixels[90:150, 120:200] = pixels[10:70, 15:95]
    return pixels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of several formats, five authentic and two forged."""
    place = tmp_path / "pictures"
    place.mkdir()
    for number in range(5):
        Image.fromarray(textured(number)).save(place / f"plain-{number}.jpg", quality=92)
    Image.fromarray(forged(7)).save(place / "forged-7.png")
    Image.fromarray(forged(8)).save(place / "forged-8.jpg", quality=92)
    (place / "notes.txt").write_text("no picture")
    return place


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_detectors_are_found_by_name_and_others_are_refused() -> None:
    assert detector_names() == ("tiltyard", "tiltyard_fast", "double_jpeg", "error_level", "copy_move")
    assert [find_detector(name).name for name in detector_names()] == list(detector_names())
    with pytest.raises(TiltyardError, match="there are tiltyard, tiltyard_fast, double_jpeg, error_level, copy_move"):
        find_detector("magic")


def test_a_forged_picture_scores_higher_than_authentic_ones(folder: Path) -> None:
    detector = find_detector("copy_move")
    found = {path.stem: detector.locate(path) for path in pictures_in(folder)}
    for stem, located in found.items():
        assert located.mask.shape == located.map.shape == SIZE[::-1]
        assert located.mask.dtype == np.bool_
        assert located.map.dtype == np.uint8
        assert located.mask.any() == stem.startswith("forged")
        assert (located.score >= 0.5) == stem.startswith("forged")


@pytest.mark.parametrize("name", detector_names())
def test_masks_and_maps_are_accepted_by_the_readers_of_the_track(name: str, folder: Path, tmp_path: Path) -> None:
    hand_in(name, folder, masks=tmp_path / "masks.zip", jobs=1)
    hand_in(name, folder, maps=tmp_path / "maps.zip", jobs=1)
    members = sorted(f"images/{path.stem}.png" for path in pictures_in(folder))
    for kind, decode in (("masks", decode_mask), ("maps", decode_map)):
        with zipfile.ZipFile(tmp_path / f"{kind}.zip") as archive:
            assert sorted(archive.namelist()) == members
            for member in members:
                decode(archive.read(member), member, size=SIZE)


def test_a_table_is_accepted_by_the_reader_of_the_track_and_says_where(folder: Path, tmp_path: Path) -> None:
    hand_in("copy_move", folder, table=tmp_path / "table.csv", jobs=1)
    table = read_table((tmp_path / "table.csv").read_bytes(), "table.csv")
    assert table.paths == tuple(path.name for path in pictures_in(folder))
    assert table.scores is not None
    regions = dict(zip(table.paths, table.regions.counts.tolist(), strict=True))
    assert regions["forged-7.png"] == 2
    assert regions["plain-0.jpg"] == 0


def test_processes_and_their_number_do_not_change_a_byte(folder: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        hand_in("error_level", folder, masks=tmp_path / f"masks-{jobs}.zip", jobs=jobs)
        hand_in("copy_move", folder, table=tmp_path / f"table-{jobs}.csv", jobs=jobs)
    assert digest(tmp_path / "masks-1.zip") == digest(tmp_path / "masks-2.zip")
    assert digest(tmp_path / "table-1.csv") == digest(tmp_path / "table-2.csv")


def test_pictures_are_found_in_the_parts_of_a_set_in_images_or_directly(tmp_path: Path) -> None:
    for place in ("part-00001/images", "part-00000/images", "images", "."):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16)).save(tmp_path / place / f"{len(place)}{place[-1]}{place[9:10]}.png")
    assert [path.parent.parent.name for path in pictures_in(tmp_path)] == ["part-00000", "part-00001"]
    assert len(pictures_in(tmp_path / "part-00000")) == 1
    assert len(pictures_in(tmp_path / "images")) == 1
    with pytest.raises(TiltyardError, match="holds no pictures"):
        pictures_in(tmp_path / "nowhere")


def test_a_picture_that_cannot_be_read_is_named_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(TiltyardError, match=r"broken\.png"):
        hand_in("copy_move", folder, masks=tmp_path / "masks.zip", jobs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_two_pictures_that_would_share_a_mask_are_refused(folder: Path, tmp_path: Path) -> None:
    Image.fromarray(textured(0)).save(folder / "plain-0.png")
    with pytest.raises(TiltyardError, match=r"plain-0\.jpg.*plain-0\.png"):
        hand_in("copy_move", folder, masks=tmp_path / "masks.zip")


@pytest.mark.parametrize("name", detector_names())
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_tiny_and_blank_pictures_get_an_empty_mask(name: str, mode: str, tmp_path: Path) -> None:
    for size in ((8, 8), (300, 9), (64, 64)):
        buffer = io.BytesIO()
        Image.new(mode, size, 255 if mode == "L" else (255, 255, 255)).save(buffer, "PNG")
        (tmp_path / "blank.png").write_bytes(buffer.getvalue())
        found = find_detector(name).locate(tmp_path / "blank.png")
        assert found.mask.shape == size[::-1]
        assert not found.mask.any()
        assert found.score < 0.05


def test_progress_counts_the_pictures(folder: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    hand_in(
        "error_level", folder, maps=tmp_path / "m.zip", jobs=1, progress=lambda done, all_: steps.append((done, all_))
    )
    assert steps == [(number, 7) for number in range(1, 8)]


def test_one_run_hands_in_what_three_would(folder: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    names = {"masks": "masks.zip", "maps": "maps.zip", "table": "table.csv"}
    hand_in("copy_move", folder, jobs=1, **{what: one / name for what, name in names.items()})
    for what, name in names.items():
        hand_in("copy_move", folder, jobs=1, **{what: other / name})
        assert (one / name).read_bytes() == (other / name).read_bytes()
