"""The organiser's folder: its layouts, its table, its rules, and what is refused by name."""

import os
from pathlib import Path

import numpy as np
import pytest

from small_forgery import SHAPE, png, write_truth
from tiltyard.errors import TiltyardError
from tiltyard.forensics.truth_folder import read_truth


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


def test_test_images_are_found_beside_the_masks_or_where_they_are_named(tmp_path: Path) -> None:
    write_truth(tmp_path / "truth", 3, pictures=True)
    (tmp_path / "truth" / "images" / "0001.jpg").rename(tmp_path / "0001.JPG")
    truth = read_truth(tmp_path / "truth")
    assert set(truth.with_pictures().pictures) == {"0000", "0002"}
    assert truth.with_pictures(tmp_path).pictures == {"0001": tmp_path / "0001.JPG"}
    assert truth.with_pictures().version == truth.version
    with pytest.raises(TiltyardError, match=r"images .*nowhere: cannot be read"):
        truth.with_pictures(tmp_path / "nowhere")
