"""A user's own pictures are forged by the same rules; bad files are named and passed over."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiltyard.contest.executor import Here
from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.paired import Paired
from tiltyard.forensics.making.sources import find_sources
from tiltyard.forensics.making.tampered import TamperRecipe, tamper_recipe

BOX = "40,40,180,40,180,70,40,70,1250.00\n40,120,200,120,200,150,40,150,TOTAL\n"


def photograph(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    rng = np.random.default_rng(seed)
    width, height = size
    coarse = Image.fromarray(rng.integers(90, 256, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(coarse).astype(np.int16) + rng.normal(0, 3, (height, width, 3)).astype(np.int16)
    for x in range(40, 170, 14):
        pixels[45:66, x : x + 8] = 30
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "below").mkdir(parents=True)
    for seed, name in enumerate(["a.jpg", "b.png", "below/c.jpg"]):
        photograph(seed).save(folder / name)
    return folder


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    folder = tmp_path / "boxes"
    folder.mkdir()
    (folder / "a.txt").write_text(BOX)
    return folder


def recipe(images: Path, boxes: Path | None = None, **changes: object) -> TamperRecipe:
    found = find_sources(images, boxes, Here())
    return tamper_recipe(images, found, boxes=boxes, **{"seed": 1, **changes})  # type: ignore[arg-type]


def test_every_picture_gives_as_many_forged_and_authentic_samples_as_asked(images: Path, boxes: Path) -> None:
    series = recipe(images, boxes, forged=3, authentic=2)
    samples = [sample for index in range(series.count) if (sample := series.sample(index)) is not None]
    assert series.count == 15
    counts = Counter((sample.facts["source"], sample.facts["forged"]) for sample in samples)
    assert counts == {(name, forged): number for name in ("a.jpg", "b.png", "below/c.jpg")
                      for forged, number in (("1", 3), ("0", 2))}  # fmt: skip


def test_the_place_of_a_sample_does_not_tell_whether_it_is_forged(images: Path) -> None:
    series = recipe(images, forged=1, authentic=1, seed=3)
    assert len({series.is_authentic(2 * number) for number in range(30)}) == 2
    assert all(series.is_authentic(2 * number) != series.is_authentic(2 * number + 1) for number in range(30))


def test_a_donor_is_another_picture(images: Path) -> None:
    series = recipe(images, forged=5)
    donors = [series.donor(index) for index in range(series.count)]
    assert all(donor != index // 5 for index, donor in enumerate(donors))
    assert set(donors) == {0, 1, 2}


def test_material_sent_along_gives_the_same_bytes_as_the_disk(images: Path, boxes: Path, tmp_path: Path) -> None:
    series = recipe(images, boxes, forged=2)
    here = [series.sample(index) for index in range(6)]
    material = series.material(range(6), carried=True)
    elsewhere = tamper_recipe(
        tmp_path / "nowhere", find_sources(images, boxes, Here()), boxes=tmp_path / "nowhere", seed=1, forged=2
    )
    assert [elsewhere.sample(index, material) for index in range(6)] == here
    assert any(sample is not None for sample in here)


def test_bad_files_are_named_in_one_line_each_and_passed_over(images: Path, boxes: Path) -> None:
    (images / "broken.jpg").write_bytes((images / "a.jpg").read_bytes()[:300])
    (images / "empty.png").touch()
    photograph(1, (1, 1)).save(images / "dot.png")
    photograph(1).convert("CMYK").save(images / "cmyk.jpg")
    photograph(9).save(images / "boxed.jpg")
    (boxes / "boxed.txt").write_text("1,2,3\n")
    (images / "notes.txt").write_text("no picture, not looked at")
    found = find_sources(images, boxes, Here())
    assert [source.name for source in found.sources] == ["a.jpg", "b.png", "below/c.jpg"]
    assert len(found.complaints) == 5
    for complaint, name in zip(
        found.complaints, ["boxed", "broken.jpg", "cmyk.jpg", "dot.png", "empty.png"], strict=True
    ):
        assert name in complaint
        assert complaint.isprintable()


def test_boxes_of_other_pictures_are_an_error(images: Path, boxes: Path) -> None:
    (boxes / "a.txt").rename(boxes / "other.txt")
    with pytest.raises(TiltyardError, match="boxes of none of the pictures"):
        find_sources(images, boxes, Here())
    (boxes / "other.txt").rename(boxes / "b.csv")
    found = find_sources(images, boxes, Here())
    assert [source.boxes for source in found.sources] == [None, "b.csv", None]


def test_a_picture_that_changes_is_noticed(images: Path) -> None:
    series = recipe(images, forged=1, seed=8)
    photograph(77).save(images / "b.png")
    with pytest.raises(TiltyardError, match=r"b\.png: changed"):
        [series.sample(index) for index in range(series.count)]


def test_a_donor_that_changes_is_noticed_too(images: Path) -> None:
    (images / "below" / "c.jpg").unlink()
    series = recipe(images, forged=8, kinds=("splice",), seed=8)
    photograph(77).save(images / "b.png")
    with pytest.raises(TiltyardError, match=r"b\.png: changed"):
        [series.sample(index) for index in range(8)]


def test_another_set_of_pictures_is_another_recipe(images: Path, tmp_path: Path) -> None:
    write_set(recipe(images), tmp_path / "set", Here())
    photograph(5).save(images / "new.jpg")
    with pytest.raises(TiltyardError, match="another recipe"):
        write_set(recipe(images), tmp_path / "set", Here())


def test_one_picture_is_too_few(tmp_path: Path) -> None:
    photograph(0).save(tmp_path / "a.jpg")
    with pytest.raises(TiltyardError, match="holds 1 readable pictures, two are needed"):
        recipe(tmp_path)
    with pytest.raises(TiltyardError, match="is no folder"):
        find_sources(tmp_path / "nothing", None, Here())


def test_long_pictures_are_shrunk_with_their_boxes(tmp_path: Path, boxes: Path) -> None:
    from tiltyard.forensics.making.sources import picture_of, read_files

    folder = tmp_path / "large"
    folder.mkdir()
    photograph(0, (900, 600)).save(folder / "a.jpg")
    photograph(1, (900, 600)).save(folder / "b.jpg")
    found = find_sources(folder, boxes, Here())
    picture = picture_of(read_files(folder, boxes, found.sources[0]), "a.jpg", long_side=300)
    assert picture.size == (300, 200)
    assert picture.lines[0].quad[2] == pytest.approx((60, 70 / 3))
    assert picture.saved.format == "png"


def test_what_a_camera_wrote_about_the_user_is_gone(images: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Phone of Jane"
    photograph(0).save(images / "a.jpg", exif=exif)
    series = recipe(images, forged=0, authentic=1)
    sample = series.sample(0)
    assert sample is not None
    assert b"Jane" not in sample.image
    assert Image.open(io.BytesIO(sample.image)).getexif()[0x010E].startswith("SPECIMEN")


@pytest.mark.parametrize("carried", [False, True])
def test_twins_show_the_same_picture_as_nobody_forged_it(images: Path, carried: bool) -> None:
    series = recipe(images, forged=2, authentic=1, kinds=["splice"])
    paired, twins = Paired(series), 0
    for index in range(0, paired.count, 2):
        material = paired.material(range(index, index + 2), carried=carried)
        first, second = (paired.sample(number, material) for number in (index, index + 1))
        if first is None or first.facts["forged"] == "0":
            assert second is None
            continue
        plain = series.sample(index // 2)
        assert plain is not None
        assert first.image == plain.image
        assert second is not None
        assert (second.index, second.facts["kind"], second.facts["forged"]) == (index + 1, "authentic", "0")
        assert (second.facts["source"], second.facts["post"]) == (first.facts["source"], first.facts["post"])
        assert second.image != first.image
        twins += 1
    assert twins > 3
