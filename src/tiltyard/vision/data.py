"""Data references: labelled image sets wherever one is named.

`digits`; an `.npz` with `images` and `labels`; CIFAR-10's binary or python batches (a file or their folder); a folder
with one sub-folder a class, or a zip of such a folder; a folder with `dev.csv` (`ImageId,TrueLabel`).
"""

import math
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiltyard.contest.names import one_line
from tiltyard.errors import ReferenceFailed, TiltyardError
from tiltyard.vision.cifar import read_cifar
from tiltyard.vision.folders import MAX_LABEL, Fit, read_class_folders, read_listed_folder
from tiltyard.vision.zipped import read_class_zip

SHIPPED_DATA = ("digits",)
MAX_BYTES = 16 << 30
PICKLED = "holds pickled objects, which are never read: save plain arrays with numpy.savez"
Pixels = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True)
class LabelledImages:
    """Images (n, c, h, w), uint8 in 0–255 or float32 in [0, 1], their labels (n,) int64 and names."""

    images: Pixels
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    files: tuple[Path, ...] = ()
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def first(self, items: int | None) -> "LabelledImages":
        """The first `items`, or all."""
        if items is None or items >= len(self):
            return self
        return replace(self, images=self.images[:items], labels=self.labels[:items], names=self.names[:items])

    def tensor(self, chosen: slice = slice(None)) -> Tensor:
        """Images in [0, 1] as float32."""
        raw = torch.from_numpy(np.ascontiguousarray(self.images[chosen]))
        return raw.float() / 255 if raw.dtype == torch.uint8 else raw.float()


def load_data(
    reference: str, *, items: int | None = None, size: tuple[int, int] | None = None, crop: float = 1.0
) -> LabelledImages:
    """The image set that a reference names; ReferenceFailed says in one line what is wrong with it.

    `size` (height, width) is what images of a folder are brought to, from a central cut that keeps `crop` of the
    shorter side.
    """
    if reference in SHIPPED_DATA:
        return _digits().first(items)
    if not reference.isprintable():
        raise ReferenceFailed(f"data {reference!a}: no such file or folder")
    path = Path(reference)
    try:
        return _reader(path, Fit(*size, crop) if size else None)(path, items)
    except TiltyardError as error:
        raise ReferenceFailed(f"data {reference}: {one_line(error)}") from None
    except Exception as error:  # parsers of other packages fail in any way on damaged files
        raise ReferenceFailed(f"data {reference}: {type(error).__name__}: {one_line(error)}") from error


Reader = Callable[[Path, int | None], LabelledImages]


def _reader(path: Path, fit: Fit | None) -> Reader:
    if not path.exists():
        raise TiltyardError("no such file or folder")
    if path.suffix in (".npz", ".npy"):
        return _npz
    if path.suffix == ".zip":
        return lambda archive, items: _folder(read_class_zip(archive, items, fit))
    if path.is_file() or _holds_cifar(path):
        return _cifar
    if (path / "dev.csv").is_file():
        return lambda folder, items: _folder(read_listed_folder(folder, items, fit))
    return lambda folder, items: _folder(read_class_folders(folder, items, fit))


def _holds_cifar(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("test_batch", "test_batch.bin"))


def _digits() -> LabelledImages:
    """The test half of the handwritten digits that ship with the package (Alpaydin and Kaynak 1998, CC BY 4.0)."""
    return digits("test")


def digits(half: str) -> LabelledImages:
    """`train` (1297 images) or `test` (500), (n, 1, 8, 8) float32 in [0, 1], 17 grey levels, in a fixed shuffle."""
    path = Path(str(files("tiltyard.vision") / "digits.npz"))
    with np.load(path, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"].astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    chosen = np.sort(order[:500] if half == "test" else order[500:])
    pixels = (images[chosen].astype(np.float32) / 16).reshape(-1, 1, 8, 8)
    names = tuple(f"digit-{index:04d}" for index in chosen)
    return LabelledImages(pixels, labels[chosen], names, (path, *_other_copies()), tuple("0123456789"))


def _other_copies() -> tuple[Path, ...]:
    """scikit-learn carries the same labels: where it is installed, a guest must not read them there either."""
    from importlib.util import find_spec

    found = find_spec("sklearn")
    places = list(found.submodule_search_locations or []) if found else []
    return tuple(path for place in places if (path := Path(place) / "datasets/data/digits.csv.gz").is_file())


def _npz(path: Path, items: int | None) -> LabelledImages:
    _check_archive(path)
    with np.load(path, allow_pickle=False) as archive:
        missing = {"images", "labels"} - set(archive.files)
        if missing:
            raise TiltyardError(f"lacks the array {' and '.join(sorted(missing))}")
        for name in ("images", "labels"):
            _check_claim(archive, name)
        images, labels = archive["images"], archive["labels"]
    return checked(images, labels, (path.resolve(),)).first(items)


def _check_archive(path: Path) -> None:
    """TiltyardError for what numpy would call by other names, or advise to unpickle."""
    with path.open("rb") as file:
        start = file.read(len(np.lib.format.MAGIC_PREFIX))
    if start.startswith(pickle.PROTO):
        raise TiltyardError(PICKLED)
    if start == np.lib.format.MAGIC_PREFIX:
        raise TiltyardError("is a single array: save two with numpy.savez(FILE, images=…, labels=…)")
    if not start.startswith(b"PK") or not zipfile.is_zipfile(path):
        raise TiltyardError("is no .npz file: save one with numpy.savez(FILE, images=…, labels=…)")


def _check_claim(archive: Any, name: str) -> None:
    """An array is as large as its file says, or nothing is read."""
    member = archive.zip.getinfo(f"{name}.npy")
    with archive.zip.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = read(file)
        if kind.hasobject:
            raise TiltyardError(f"the array {name} {PICKLED}")
        claimed = math.prod(shape) * kind.itemsize
        if claimed > MAX_BYTES or claimed != member.file_size - file.tell():
            raise TiltyardError(f"the array {name}, {shape} of {kind}, is not what its file holds, or is too large")


def _cifar(path: Path, items: int | None) -> LabelledImages:
    images, labels, sources = read_cifar(path)
    return checked(images, labels, sources).first(items)


def _folder(read: tuple[NDArray[np.uint8], list[int], list[str], list[str], list[Path]]) -> LabelledImages:
    images, labels, names, classes, sources = read
    return LabelledImages(images, np.asarray(labels, np.int64), tuple(names), tuple(sources), tuple(classes))


def checked(images: NDArray[np.generic], labels: NDArray[np.generic], sources: tuple[Path, ...]) -> LabelledImages:
    """Brings arrays to NCHW, uint8 or float32 in [0, 1]; TiltyardError names what does not fit."""
    if images.ndim != 4 or labels.shape != (len(images),) or not images.size:
        raise TiltyardError(f"images {images.shape} and labels {labels.shape} must be (n, c, h, w) and (n,), n > 0")
    if labels.dtype.kind not in "iu" or int(labels.min()) < 0 or int(labels.max()) > MAX_LABEL:
        raise TiltyardError(f"labels must be integers from 0 to {MAX_LABEL}")
    if images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    names = tuple(f"{index:05d}" for index in range(len(images)))
    return LabelledImages(_pixels(images), labels.astype(np.int64), names, sources)


def _pixels(images: NDArray[np.generic]) -> Pixels:
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images, dtype=np.uint8)
    if images.dtype.kind != "f":
        raise TiltyardError(f"images are {images.dtype}; uint8 in 0–255 or floats in 0–1 are taken")
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(images, dtype=np.float32)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise TiltyardError("float images must be finite and lie in [0, 1]")
    return values
