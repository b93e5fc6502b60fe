"""Labelled image sets in all their formats, and files that are damaged or mean harm."""

import io
import os
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from tiltyard.errors import ReferenceFailed
from tiltyard.vision.data import LabelledImages, digits, load_data

FUZZ = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 3, 32, 32), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5])
BATCH = {
    b"batch_label": b"testing batch 1 of 1",
    b"labels": LABELS.tolist(),
    b"data": PIXELS.reshape(5, -1),
    b"filenames": [b"cat_s_000001.png"] * 5,
}


def refusal(reference: Path | str, **options: object) -> str:
    with pytest.raises(ReferenceFailed) as caught:
        load_data(str(reference), **options)
    message = str(caught.value)
    assert message.startswith(f"data {reference}: ")
    assert "\n" not in message
    return message


def refused_or_read(path: Path) -> None:
    """Whatever the bytes: images and labels that fit, or one line."""
    try:
        found = load_data(str(path))
    except ReferenceFailed:
        refusal(path)
    else:
        assert found.images.ndim == 4
        assert len(found.images) == len(found.labels) == len(found.names) > 0


def npz(tmp_path: Path, **arrays: NDArray[np.generic]) -> Path:
    path = tmp_path / "data.npz"
    np.savez_compressed(path, **arrays)
    return path


class TestNpz:
    def test_uint8_images_are_taken_as_they_are(self, tmp_path: Path) -> None:
        found = load_data(str(npz(tmp_path, images=PIXELS, labels=LABELS)))
        assert found.images.dtype == np.uint8
        assert np.array_equal(found.images, PIXELS)
        assert found.labels.tolist() == LABELS.tolist()
        assert found.shape == (3, 32, 32)
        assert np.allclose(found.tensor().numpy(), PIXELS / 255)

    @pytest.mark.parametrize("kind", ["<f4", "<f8", ">f4", "<f2"])
    def test_float_images_last_axis_colour_become_channels_first(self, tmp_path: Path, kind: str) -> None:
        images = (PIXELS / 255).astype(kind).transpose(0, 2, 3, 1)
        found = load_data(str(npz(tmp_path, images=images, labels=LABELS.astype(np.uint8))))
        assert found.images.dtype == np.float32
        assert np.allclose(found.images, PIXELS / 255, atol=1e-3)

    def test_only_the_first_items_are_taken(self, tmp_path: Path) -> None:
        found = load_data(str(npz(tmp_path, images=PIXELS, labels=LABELS)), items=2)
        assert (len(found), found.labels.tolist()) == (2, [3, 1])

    @pytest.mark.parametrize(
        ("images", "labels", "reason"),
        [
            (PIXELS[0], LABELS, "must be"),
            (PIXELS, LABELS[:4], "must be"),
            (PIXELS, LABELS[:, None], "must be"),
            (PIXELS[:0], LABELS[:0], "must be"),
            (PIXELS[:, :, :0], LABELS, "must be"),
            (PIXELS, LABELS / 2, "labels must be integers"),
            (PIXELS, LABELS - 2, "labels must be integers"),
            (PIXELS, LABELS > 2, "labels must be integers"),
            (PIXELS, LABELS.astype(np.uint64) + np.uint64(2**63), "labels must be integers"),
            (PIXELS.astype(np.int16), LABELS, "int16"),
            (PIXELS.astype(complex), LABELS, "complex"),
            (PIXELS.astype(np.float32), LABELS, "lie in"),
            (PIXELS / -255, LABELS, "lie in"),
            (np.where(PIXELS == 0, np.nan, 0.5), LABELS, "finite"),
            (np.full(PIXELS.shape, 1e300), LABELS, "finite"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, tmp_path: Path, images: NDArray[np.generic], labels: NDArray[np.generic], reason: str
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert reason in refusal(npz(tmp_path, images=images, labels=labels))

    def test_missing_arrays_are_named(self, tmp_path: Path) -> None:
        assert "lacks the array images and labels" in refusal(npz(tmp_path, x=PIXELS))

    def test_objects_are_refused_and_not_unpickled(self, tmp_path: Path) -> None:
        images = np.empty((1, 1, 1, 1), object)
        images[0, 0, 0, 0] = Trap(tmp_path / "sprung")
        message = refusal(npz(tmp_path, images=images, labels=LABELS[:1]))
        assert "the array images holds pickled objects, which are never read: save plain arrays" in message
        assert not (tmp_path / "sprung").exists()

    def test_every_truncation_is_refused(self, tmp_path: Path) -> None:
        path = npz(tmp_path, images=PIXELS[:1, :1, :4, :4], labels=LABELS[:1])
        content = path.read_bytes()
        for length in range(0, len(content), 7):
            path.write_bytes(content[:length])
            refusal(path)

    @pytest.mark.parametrize(
        "shape", ["(1000000, 3, 1000, 1000)", "(5, 3, 32, 33)", "(5, 3, 32, 31)", "(-5, 3, 32, 32)"]
    )
    def test_an_array_that_claims_what_it_has_not_is_refused(self, tmp_path: Path, shape: str) -> None:
        path = tmp_path / "data.npz"
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        buffer = io.BytesIO()
        np.save(buffer, LABELS)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(
                "images.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + PIXELS.tobytes()
            )
            archive.writestr("labels.npy", buffer.getvalue())
        refusal(path)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("array", "is a single array: save two with numpy.savez"),
            ("text", "is no .npz file: save one with numpy.savez"),
            ("folder", ""),
            ("prefixed", "is no .npz file: save one with numpy.savez"),
            ("pickle", "holds pickled objects, which are never read: save plain arrays with numpy.savez"),
        ],
    )
    @pytest.mark.parametrize("suffix", ["npz", "npy"])
    def test_what_is_no_archive_is_refused(self, tmp_path: Path, name: str, reason: str, suffix: str) -> None:
        path = tmp_path / f"data.{suffix}"
        if name == "array":
            with path.open("wb") as file:
                np.save(file, PIXELS)
        elif name == "text":
            path.write_text("images, labels")
        elif name == "folder":
            path.mkdir()
        elif name == "prefixed":
            np.savez(tmp_path / "whole.npz", images=PIXELS)
            path.write_bytes(b"#!prefix\n" + (tmp_path / "whole.npz").read_bytes())
        else:
            path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
        assert reason in refusal(path)
        assert not (tmp_path / "sprung").exists()

    @FUZZ
    @given(edits=st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 255)), min_size=1, max_size=4))
    def test_a_damaged_archive_is_read_or_refused(self, tmp_path: Path, edits: list[tuple[int, int]]) -> None:
        path = npz(tmp_path, images=PIXELS[:2, :1, :5, :5], labels=LABELS[:2])
        path.write_bytes(damaged(path.read_bytes(), edits))
        refused_or_read(path)


def damaged(content: bytes, edits: list[tuple[int, int]]) -> bytes:
    changed = bytearray(content)
    for place, value in edits:
        changed[place % len(changed)] = value
    return bytes(changed)


class Trap:
    """An object whose unpickling creates a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.place}",)


def python2_pickle() -> bytes:
    """A batch as Python 2 wrote it: byte strings as STRING opcodes, arrays of `numpy.core.multiarray`."""

    def text(value: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(value)) + value

    dtype = (
        b"cnumpy\ndtype\n"
        + text(b"u1")
        + b"K\x00K\x01\x87R(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    data = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    data += b"(K\x01K\x05M\x00\x0c\x86" + dtype + b"\x89" + text(PIXELS.tobytes()) + b"tb"
    labels = b"](" + b"".join(b"K" + bytes([label]) for label in LABELS.tolist()) + b"e"
    return b"\x80\x02}(" + text(b"data") + data + text(b"labels") + labels + b"u."


def binary_batch() -> bytes:
    return b"".join(bytes([label]) + image.tobytes() for label, image in zip(LABELS.tolist(), PIXELS, strict=True))


def cifar_file(tmp_path: Path, content: bytes, name: str = "test_batch") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def check_is_the_batch(found: LabelledImages) -> None:
    assert np.array_equal(found.images, PIXELS)
    assert found.labels.tolist() == LABELS.tolist()


class TestCifar:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("test_batch.bin", binary_batch()),
            ("test_batch", pickle.dumps(BATCH, protocol=2)),
            ("test_batch", pickle.dumps(BATCH, protocol=4)),
            ("test_batch", pickle.dumps({**BATCH, b"labels": LABELS}, protocol=2)),
            ("test_batch", python2_pickle()),
        ],
    )
    def test_batches_are_read_as_files_and_by_their_folder(self, tmp_path: Path, name: str, content: bytes) -> None:
        path = cifar_file(tmp_path, content, name)
        check_is_the_batch(load_data(str(path)))
        check_is_the_batch(load_data(str(tmp_path)))

    def test_a_pickle_that_means_harm_is_refused_and_not_run(self, tmp_path: Path) -> None:
        for harm in (Trap(tmp_path / "sprung"), {**BATCH, b"more": Trap(tmp_path / "sprung")}):
            message = refusal(cifar_file(tmp_path, pickle.dumps(harm, protocol=2)))
            assert "which no CIFAR-10 batch does" in message
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize(
        "name",
        [
            b"builtins\neval",
            b"numpy\nload",
            b"numpy.core.multiarray\nscalar",
            b"numpy\nndarray.tofile",
            b"_codecs\nlookup",
        ],
    )
    def test_no_other_name_is_looked_up(self, tmp_path: Path, name: bytes) -> None:
        content = b"\x80\x02c" + name + b"\n(tR."
        assert "names" in refusal(cifar_file(tmp_path, content))

    @pytest.mark.parametrize(
        "content",
        [
            b"\x80\x02K\x00r\xff\xff\xff\x7f.",
            b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
            b"\x80\x04\x96\xff\xff\xff\xff\xff\xff\xff\x3fabc.",
            b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
            b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft\x85R.",
            b"\x80\x02c_codecs\nencode\n"
            + b"X\x00\x00\x01\x00"
            + b"a" * 65536
            + b"q\x00"
            + b"\x85R0c_codecs\nencode\nh\x00\x85R" * 5000
            + b".",
        ],
        ids=["memo", "bytes", "bytearray", "integer", "array", "repeated text"],
    )
    def test_a_pickle_that_claims_much_costs_little(self, tmp_path: Path, content: bytes) -> None:
        refusal(cifar_file(tmp_path, content))

    def test_labels_that_refer_to_each_other_without_end_are_refused(self, tmp_path: Path) -> None:
        nested: object = [1, 2]
        for _ in range(40):
            nested = [nested, nested]
        endless: list[object] = []
        endless.append(endless)
        for labels in (nested, endless, ["a"] * 5, [1.5] * 5, [2**70] * 5, [True] * 5):
            refusal(cifar_file(tmp_path, pickle.dumps({**BATCH, b"labels": labels}, protocol=2)))

    @pytest.mark.parametrize(
        "change",
        [
            {b"data": PIXELS.reshape(5, -1)[:4]},
            {b"data": PIXELS},
            {b"data": PIXELS.reshape(5, -1).astype(np.int32)},
            {b"data": [0] * 5},
            {b"data": None},
            {b"labels": [0, 1, 2, 3, 10]},
            {b"labels": [0, 1, 2, 3, -1]},
            {b"labels": LABELS[:, None]},
            {b"labels": "12345"},
        ],
    )
    def test_a_batch_of_another_shape_is_refused(self, tmp_path: Path, change: dict[bytes, object]) -> None:
        assert "is no CIFAR-10 batch" in refusal(cifar_file(tmp_path, pickle.dumps({**BATCH, **change}, protocol=2)))

    def test_a_binary_file_with_other_labels_is_refused(self, tmp_path: Path) -> None:
        assert "label from 0 to 9" in refusal(cifar_file(tmp_path, b"\x0a" + binary_batch()[1:], "data.bin"))

    @FUZZ
    @given(content=st.binary(max_size=60), prefix=st.sampled_from([b"", b"\x80\x02", b"\x80\x04"]))
    def test_any_bytes_are_refused(self, tmp_path: Path, content: bytes, prefix: bytes) -> None:
        refusal(cifar_file(tmp_path, prefix + content))

    @settings(FUZZ, max_examples=200)
    @given(
        seed=st.sampled_from([pickle.dumps(BATCH, protocol=2), python2_pickle()]),
        edits=st.lists(
            st.tuples(st.integers(0, 250) | st.integers(-400, -1), st.integers(0, 255)), min_size=1, max_size=4
        ),
    )
    def test_a_damaged_pickle_is_read_or_refused(
        self, tmp_path: Path, seed: bytes, edits: list[tuple[int, int]]
    ) -> None:
        refused_or_read(cifar_file(tmp_path, damaged(seed, edits)))


def picture(path: Path, shade: int = 0, size: tuple[int, int] = (6, 4), **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade, 0, 255 - shade)).save(path, **options)


class TestClassFolders:
    def test_each_sub_folder_is_a_class(self, tmp_path: Path) -> None:
        for number, name in enumerate(["cat/b.png", "cat/a.bmp", "dog/c.png", "dog/d.PNG", "emu/e.png"]):
            picture(tmp_path / name, number * 10)
        (tmp_path / "readme.txt").write_text("not an image")
        (tmp_path / ".ipynb_checkpoints").mkdir()
        picture(tmp_path / "cat/._b.png")
        found = load_data(str(tmp_path))
        assert found.classes == ("cat", "dog", "emu")
        assert found.names == ("cat/a.bmp", "dog/c.png", "emu/e.png", "cat/b.png", "dog/d.PNG")
        assert found.labels.tolist() == [0, 1, 2, 0, 1]
        assert found.images[:, 0, 0, 0].tolist() == [10, 20, 40, 0, 30]
        assert found.shape == (3, 4, 6)
        assert load_data(str(tmp_path), items=2).labels.tolist() == [0, 1]

    def test_mixed_sizes_need_a_size(self, tmp_path: Path) -> None:
        picture(tmp_path / "a/1.png", size=(6, 4))
        picture(tmp_path / "a/2.png", size=(4, 6))
        assert "--size" in refusal(tmp_path)
        assert load_data(str(tmp_path), size=(8, 5)).shape == (3, 8, 5)

    def test_a_crop_keeps_the_middle(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        image = Image.new("RGB", (20, 10), "black")
        image.paste("white", (5, 0, 15, 10))
        image.save(tmp_path / "a/1.png")
        assert load_data(str(tmp_path), size=(10, 10)).images.min() == 255
        image.paste("red", (0, 0, 20, 1))
        image.paste("red", (0, 9, 20, 10))
        image.save(tmp_path / "a/1.png")
        assert load_data(str(tmp_path), size=(8, 8), crop=0.8).images.min() == 255
        assert load_data(str(tmp_path), size=(10, 10)).images.min() == 0

    @pytest.mark.parametrize(
        ("size", "crop"), [((0, 5), 1), ((5, -1), 1), ((10**6, 10**6), 1), ((5, 5), 0), ((5, 5), 1.5)]
    )
    def test_a_size_that_is_none_is_refused(self, tmp_path: Path, size: tuple[int, int], crop: float) -> None:
        picture(tmp_path / "a/1.png")
        assert "a size has sides" in refusal(tmp_path, size=size, crop=crop)

    @pytest.mark.parametrize("empty", [[], ["a"], ["a", "b"]])
    def test_no_images_are_refused(self, tmp_path: Path, empty: list[str]) -> None:
        for name in empty:
            (tmp_path / name).mkdir()
        assert "neither dev.csv nor one sub-folder" in refusal(tmp_path)

    def test_what_is_no_image_is_named(self, tmp_path: Path) -> None:
        for content in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"):
            path = tmp_path / "a/1.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            assert "1.png: no readable image" in refusal(tmp_path)
        path.unlink()
        os.mkfifo(path)
        assert "1.png: no readable image" in refusal(tmp_path)
        path.unlink()
        path.mkdir()
        assert "1.png: no readable image" in refusal(tmp_path)

    @pytest.mark.parametrize("side", [8000, 12_000, 30_000])
    def test_a_decompression_bomb_is_refused_without_a_warning(self, tmp_path: Path, side: int) -> None:
        (tmp_path / "a").mkdir()
        Image.new("1", (8000, 8000)).save(tmp_path / "a/1.png")
        content = bytearray((tmp_path / "a/1.png").read_bytes())
        content[16:24] = struct.pack(">II", side, side)
        content[29:33] = struct.pack(">I", __import__("zlib").crc32(content[12:29]))
        (tmp_path / "a/1.png").write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert "1.png: " in refusal(tmp_path)

    @FUZZ
    @given(
        kind=st.sampled_from(["png", "jpg", "bmp", "webp", "tif"]),
        edits=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=4),
        cut=st.integers(0, 40),
    )
    def test_a_damaged_image_is_read_or_refused(
        self, tmp_path: Path, kind: str, edits: list[tuple[int, int]], cut: int
    ) -> None:
        path = tmp_path / f"class/image.{kind}"
        picture(path)
        content = damaged(path.read_bytes(), edits)
        for other in path.parent.iterdir():
            other.unlink()
        path.write_bytes(content[: len(content) - cut])
        refused_or_read(tmp_path)


def listed(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    picture(tmp_path / "images/one.png", 10)
    picture(tmp_path / "two.jpg", 20, quality=100)
    (tmp_path / "dev.csv").write_text(text, encoding=encoding)
    return tmp_path


class TestListedFolders:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_images_lie_beside_the_list_or_in_images(self, tmp_path: Path, encoding: str) -> None:
        folder = listed(tmp_path, "ImageId,TrueLabel,TargetClass\none,7,1\r\ntwo.jpg,3,2\n", encoding)
        found = load_data(str(folder))
        assert (found.names, found.labels.tolist()) == (("images/one.png", "two.jpg"), [7, 3])
        assert found.images[0, 0, 0, 0] == 10
        assert len(load_data(str(folder), items=1)) == 1

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "needs the columns"),
            ("ImageId,TrueLabel\n", "needs the columns"),
            ("Image,Label\none,1\n", "needs the columns"),
            ("ImageId,TrueLabel\none\n", "no class number"),
            ("ImageId,TrueLabel\none,cat\n", "'cat' is no class number"),
            ("ImageId,TrueLabel\none,-1\n", "no class number"),
            (f"ImageId,TrueLabel\none,{10**30}\n", "no class number"),
            (f"ImageId,TrueLabel\none,{'9' * 5000}\n", "no class number"),
            ("ImageId,TrueLabel\nthree,1\n", "names three, which is not there"),
            ("ImageId,TrueLabel\n../../etc/passwd,1\n", "is no file name"),
            ("ImageId,TrueLabel\n/etc/passwd,1\n", "is no file name"),
            ("ImageId,TrueLabel\n.hidden,1\n", "is no file name"),
            ('ImageId,TrueLabel\n"a\nb",1\n', "not there"),
            ("TrueLabel,ImageId\n1\n", "is no file name"),
            ("ImageId,TrueLabel\none,1\none.png,2\n", "named twice"),
            (f"ImageId,TrueLabel\n{'a' * 300},1\n", "name too long"),
            (f"ImageId,TrueLabel\n{'a' * 200_000},1\n", "field larger"),
            ("ImageId,TrueLabel\na\0b,1\n", ""),
        ],
    )
    def test_a_list_that_is_wrong_says_where(self, tmp_path: Path, text: str, reason: str) -> None:
        assert reason.lower() in refusal(listed(tmp_path, text)).lower()

    @FUZZ
    @given(content=st.binary(max_size=80), header=st.booleans())
    def test_any_bytes_for_a_list_are_read_or_refused(self, tmp_path: Path, content: bytes, header: bool) -> None:
        folder = listed(tmp_path, "")
        (folder / "dev.csv").write_bytes(b"ImageId,TrueLabel\none,1\n" * header + content)
        refused_or_read(folder)


class TestDigits:
    def test_both_halves_are_scikit_learns(self) -> None:
        theirs = load_digits()
        train, test = digits("train"), digits("test")
        assert (len(train), len(test), test.shape) == (1297, 500, (1, 8, 8))
        for half in (train, test):
            chosen = [int(name.removeprefix("digit-")) for name in half.names]
            assert np.array_equal(half.images[:, 0] * 16, theirs.images[chosen])
            assert np.array_equal(half.labels, theirs.target[chosen])
        assert not set(train.names) & set(test.names)

    def test_the_reference_is_the_test_half(self) -> None:
        assert load_data("digits").names == digits("test").names
        assert len(load_data("digits", items=7)) == 7


@pytest.mark.parametrize("reference", ["", "nowhere", "nowhere.npz", "nul\0byte", "a" * 5000, "line\nbreak"])
def test_what_is_not_there_is_refused_in_one_line(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReferenceFailed) as caught:
        load_data(reference)
    assert "\n" not in str(caught.value)
