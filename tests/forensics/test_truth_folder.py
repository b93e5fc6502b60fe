"""The organiser's folder: its layouts, its table, its rules, and what is refused by name."""

import os
from pathlib import Path

import numpy as np
import pytest

from small_forgery import SHAPE, png, write_truth
from tiltyard.errors import TiltyardError
from tiltyard.forensics.truth_folder import read_truth


def lay_masks(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(png(np.zeros(SHAPE)))


@pytest.mark.parametrize("layout", ["masks", "plain", "parts"])
def test_each_layout_gives_the_same_items(layout: str, tmp_path: Path) -> None:
    masks = write_truth(tmp_path / "all", 6, table=False)
    if layout == "plain":
        (tmp_path / "all" / "masks").rename(tmp_path / "plain")
    if layout == "parts":
        for index, path in enumerate(sorted((tmp_path / "all" / "masks").iterdir())):
            place = tmp_path / "parts" / f"part-{index % 2}" / "masks"
            place.mkdir(parents=True, exist_ok=True)
            path.rename(place / path.name)
    found = read_truth(tmp_path / ("all" if layout == "masks" else layout))
    assert [item.name for item in found.items] == list(masks)
    assert [item.source for item in found.items] == list(masks)
    assert all(np.array_equal(item.read(), masks[item.name]) for item in found.items)


def test_version_hangs_on_masks_names_groups_and_rules(tmp_path: Path) -> None:
    write_truth(tmp_path / "a", 6)
    write_truth(tmp_path / "b", 6)
    first = read_truth(tmp_path / "a")
    versions = {first.version}
    assert read_truth(tmp_path / "b").version == first.version
    versions.add(first.with_rules(empty="both").version)
    versions.add(first.with_rules(public_share=0.5).version)
    table = tmp_path / "b" / "samples.csv"
    table.write_text(table.read_text().replace("document 1", "document 0"))
    versions.add(read_truth(tmp_path / "b").version)
    (tmp_path / "a" / "masks" / "0000.png").write_bytes(png(np.zeros(SHAPE)))
    versions.add(read_truth(tmp_path / "a").version)
    assert len(versions) == 5


def test_rules_come_from_forgery_toml(tmp_path: Path) -> None:
    write_truth(tmp_path, 6)
    (tmp_path / "forgery.toml").write_text('name = "spring"\nempty = "both"\npublic_share = 0.5\n')
    found = read_truth(tmp_path)
    assert (found.name, found.settings.empty, found.settings.public_share) == ("spring", "both", 0.5)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("forgery.toml", b'empty = "perhaps"', "forgery.toml: empty: "),
        ("forgery.toml", b"public_share = 0", "forgery.toml: public_share: "),
        ("samples.csv", b"image,source\n", "samples.csv: line 1: lacks the column name"),
        ("samples.csv", b"name,source\n0000.jpg,a\n", "samples.csv: lacks a line for 0001.png"),
        ("samples.csv", b"name\n0000.jpg\n0000.png\n", "samples.csv: '0000' stands there twice"),
        ("samples.csv", b"name\n0000\n0001\n0009\n", "samples.csv: names '0009', which has no mask"),
        ("samples.csv", b"name\n\xff\xfe\n", "samples.csv: line 2: no valid UTF-8"),
        ("samples.csv", b'name\n"' + b"a" * 200_000, "samples.csv: line 2: no valid CSV"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(file: str, content: bytes, told: str, tmp_path: Path) -> None:
    write_truth(tmp_path, 2)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(TiltyardError) as caught:
        read_truth(tmp_path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mask_that_changes_during_the_evaluation_is_noticed(tmp_path: Path) -> None:
    write_truth(tmp_path, 2)
    item = read_truth(tmp_path).items[0]
    item.mask.write_bytes(png(np.zeros(SHAPE)))
    with pytest.raises(TiltyardError, match="changed since it was checked"):
        item.read()


@pytest.mark.parametrize("kind", ["missing", "empty", "fifo"])
def test_a_folder_without_masks_is_refused(kind: str, tmp_path: Path) -> None:
    if kind != "missing":
        (tmp_path / "t").mkdir()
    if kind == "fifo":
        os.mkfifo(tmp_path / "t" / "a.png")
    with pytest.raises(TiltyardError, match=r"^truth .*t: .*(no such folder|holds no masks|no regular file)"):
        read_truth(tmp_path / "t")


def test_one_name_in_two_parts_is_refused(tmp_path: Path) -> None:
    write_truth(tmp_path / "part-0", 2)
    write_truth(tmp_path / "part-1", 2)
    with pytest.raises(TiltyardError, match="two masks are called '0000'"):
        read_truth(tmp_path)


@pytest.mark.parametrize("place", ["masks", "."])
def test_the_ending_of_a_mask_may_be_written_in_capitals(place: str, tmp_path: Path) -> None:
    lay_masks(tmp_path / place, "a.png", "b.PNG", "c.Png", "._a.PNG")
    assert [(item.name, item.mask.name) for item in read_truth(tmp_path).items] == [
        ("a", "a.png"), ("b", "b.PNG"), ("c", "c.Png")
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["b.bmp", "b.TIF", "b.jpg"])
def test_a_mask_that_is_no_png_is_refused_and_not_left_out(name: str, tmp_path: Path) -> None:
    lay_masks(tmp_path / "masks", "a.png", name)
    with pytest.raises(TiltyardError, match=rf"^truth .*masks: '{name}' is no PNG, as each mask is$"):
        read_truth(tmp_path)


def test_what_is_no_picture_may_lie_among_masks_and_pictures_beside_them(tmp_path: Path) -> None:
    lay_masks(tmp_path / "masks", "a.png", "Thumbs.db", "notes.txt", "._b.bmp")
    lay_masks(tmp_path / "plain", "a.png", "a.jpg")
    assert [item.name for item in read_truth(tmp_path).items] == ["a"]
    assert [item.name for item in read_truth(tmp_path / "plain").items] == ["a"]


@pytest.mark.parametrize(
    ("one", "other"), [("A.png", "a.png"), ("\u00e9.png", "e\u0301.png"), ("stra\u00dfe.png", "STRASSE.png")]
)  # fmt: skip
def test_masks_that_no_archive_can_hold_both_are_refused(one: str, other: str, tmp_path: Path) -> None:
    lay_masks(tmp_path / "masks", one, other)
    first, second = sorted(ascii(Path(name).stem) for name in (one, other))
    with pytest.raises(TiltyardError) as caught:
        read_truth(tmp_path)
    assert str(caught.value).startswith(f"truth {tmp_path}: ")
    assert "one name" in str(caught.value)
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_one_name_with_two_endings_is_refused(tmp_path: Path) -> None:
    lay_masks(tmp_path / "masks", "a.png", "a.PNG")
    with pytest.raises(TiltyardError, match=f"^truth {tmp_path}: two masks are called 'a'$"):
        read_truth(tmp_path)


@pytest.mark.parametrize("ending", ["", ".jpg", ".png"])
def test_samples_are_named_with_or_without_an_ending_though_names_have_dots(ending: str, tmp_path: Path) -> None:
    lay_masks(tmp_path / "masks", "scan.1.png", "scan.2.png", "scan.png")
    lines = [f"{name}{ending},doc {name}" for name in ("scan.1", "scan.2", "scan")]
    (tmp_path / "samples.csv").write_text("\n".join(["name,source", *lines]))
    sources = {item.name: item.source for item in read_truth(tmp_path).items}
    assert sources == {"scan": "doc scan", "scan.1": "doc scan.1", "scan.2": "doc scan.2"}


def test_a_dotted_name_without_a_mask_is_told_as_it_is_written(tmp_path: Path) -> None:
    lay_masks(tmp_path / "masks", "scan.1.png")
    (tmp_path / "samples.csv").write_text("name\nscan.1\nscan.2\nscan.3\n")
    with pytest.raises(TiltyardError, match=r"samples\.csv: names 'scan\.2', which has no mask"):
        read_truth(tmp_path)


def test_test_images_are_found_beside_the_masks_or_where_they_are_named(tmp_path: Path) -> None:
    write_truth(tmp_path / "truth", 3, pictures=True)
    (tmp_path / "truth" / "images" / "0001.jpg").rename(tmp_path / "0001.JPG")
    truth = read_truth(tmp_path / "truth")
    assert set(truth.with_pictures().pictures) == {"0000", "0002"}
    assert truth.with_pictures(tmp_path).pictures == {"0001": tmp_path / "0001.JPG"}
    assert truth.with_pictures().version == truth.version
    with pytest.raises(TiltyardError, match=r"images .*nowhere: cannot be read"):
        truth.with_pictures(tmp_path / "nowhere")
