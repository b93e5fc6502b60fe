"""Zip archives of class folders: the same images as from the folder, refused where they are none."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiltyard.errors import ReferenceFailed
from tiltyard.vision.data import load_data


def picture(shade: int, side: int = 4) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (shade, 0, 255 - shade)).save(buffer, "PNG")
    return buffer.getvalue()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


MEMBERS = {
    "cat/b.png": picture(20), "cat/a.png": picture(10), "cat/c.png": picture(30),
    "ape/x.PNG": picture(40), "ape/.hidden.png": b"", "notes.txt": b"", "cat/notes.txt": b"",
}  # fmt: skip


def test_images_come_round_robin_over_sorted_classes(tmp_path: Path) -> None:
    data = load_data(str(archive(tmp_path / "data.zip", MEMBERS)))
    assert data.names == ("ape/x.PNG", "cat/a.png", "cat/b.png", "cat/c.png")
    assert data.labels.tolist() == [0, 1, 1, 1]
    assert data.classes == ("ape", "cat")
    assert data.images[:, 0, 0, 0].tolist() == [40, 10, 20, 30]
    assert data.files == (tmp_path / "data.zip",)


def test_a_zip_and_its_unpacked_folder_are_the_same(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.zip", MEMBERS)
    zipfile.ZipFile(path).extractall(tmp_path / "folder")
    zipped, unpacked = load_data(str(path), items=3), load_data(str(tmp_path / "folder"), items=3)
    assert np.array_equal(zipped.images, unpacked.images)
    assert (zipped.names, zipped.labels.tolist()) == (unpacked.names, unpacked.labels.tolist())


def test_images_are_brought_to_a_size(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.zip", {"a/1.png": picture(1, 4), "a/2.png": picture(2, 9)})
    assert load_data(str(path), size=(6, 5)).shape == (3, 6, 5)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"loose.png": picture(1)}, "holds no images in one folder a class"),
        ({"a/deep/1.png": picture(1)}, "holds no images in one folder a class"),
        ({"a/1.png": b"no image"}, "a/1.png: no readable image"),
        ({"a/1.png": picture(1, 4), "a/2.png": picture(1, 5)}, "the images differ in size"),
        ({"../1.png": picture(1)}, "must not contain"),
    ],
)
def test_what_is_no_set_of_images_is_refused(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    with pytest.raises(ReferenceFailed, match=message) as refused:
        load_data(str(archive(tmp_path / "data.zip", members)))
    assert "\n" not in str(refused.value)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.zip", MEMBERS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReferenceFailed, match="no readable zip archive"):
        load_data(str(path))


def test_more_bytes_than_are_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiltyard.vision.zipped.MAX_BYTES", 1000)
    with pytest.raises(ReferenceFailed, match="more than the 1000 bytes"):
        load_data(str(archive(tmp_path / "data.zip", {"a/1.png": picture(1), "a/2.png": bytes(100_000)})))
