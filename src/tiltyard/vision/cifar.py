"""CIFAR-10 as its authors distribute it: binary batches, and python batches read without running anything in them."""

import io
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiltyard.errors import TiltyardError

CLASSES = 10
RECORD = 1 + 3 * 32 * 32
MAX_BYTES = 256 << 20
MAX_ARRAYS = 16
Arrays = tuple[NDArray[np.uint8], NDArray[np.int64], tuple[Path, ...]]


def read_cifar(path: Path) -> Arrays:
    """Images (n, 3, 32, 32) uint8 and labels of one batch file, or of a folder's test batch."""
    file = (
        path
        if path.is_file()
        else next(path / name for name in ("test_batch.bin", "test_batch") if (path / name).is_file())
    )
    content = _bounded(file)
    images, labels = _binary(content) if _is_binary(content) else _python(content)
    if len(images) != len(labels) or not len(labels) or labels.min() < 0 or labels.max() >= CLASSES:
        raise TiltyardError("is no CIFAR-10 batch: it needs one label from 0 to 9 for each image")
    return images, labels, (file.resolve(),)


def _bounded(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise TiltyardError(f"{file.name} is larger than any CIFAR-10 batch")
    return content


def _is_binary(content: bytes) -> bool:
    return bool(content) and len(content) % RECORD == 0 and not content.startswith(b"\x80")


def _binary(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return records[:, 1:].reshape(-1, 3, 32, 32).copy(), records[:, 0].astype(np.int64)


class _ArraysOnly(pickle.Unpickler):
    """Rebuilds dictionaries of plain arrays; every other name in the file is refused before it is looked up."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("multiarray", "_reconstruct"): _empty_array,
            ("numpy", "ndarray"): "ndarray",
            ("numpy", "dtype"): _integers,
            ("_codecs", "encode"): self._latin_bytes,
        }
        key = (module.rsplit(".", 1)[-1], name)
        if key not in known or module.split(".")[0] not in ("numpy", "_codecs"):
            raise TiltyardError(f"names {module[:40]!r}.{name[:40]!r}, which no CIFAR-10 batch does")
        return known[key]

    @property
    def _latin_bytes(self) -> Callable[..., bytes]:
        """Python 3's way to write bytes for Python 2, bounded: a text can be named often but be written once."""
        left = MAX_BYTES

        def encode(text: str, *_: Any) -> bytes:
            nonlocal left
            left -= len(text)
            if left < 0:
                raise TiltyardError("holds more than any CIFAR-10 batch")
            return text.encode("latin1")

        return encode


def _empty_array(*_: Any) -> NDArray[np.int8]:
    return np.ndarray((0,), np.int8)


def _integers(code: str | bytes, *_: Any) -> np.dtype[Any]:
    """A new type object, for the file goes on to set its state."""
    name = code if isinstance(code, str) else code.decode("ascii")
    if name not in ("u1", "i4", "i8"):
        raise TiltyardError("holds something else than integers")
    return np.dtype(name, align=False, copy=True)


def _python(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        _check_claims(content)
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
        data, labels = batch[b"data"], _labels(batch[b"labels"])
    except TiltyardError as error:
        raise TiltyardError(f"is no CIFAR-10 batch: it {error}") from None
    except Exception as error:
        raise TiltyardError(f"is no CIFAR-10 batch ({type(error).__name__})") from None
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (RECORD - 1,):
        raise TiltyardError("is no CIFAR-10 batch: its data is not (n, 3072) uint8")
    return data.reshape(-1, 3, 32, 32).copy(), labels


def _check_claims(content: bytes) -> None:
    """A small pickle can ask for memory without end: by its memo's indices, or array after array of one text."""
    arrays = 0
    for code, argument, _ in pickletools.genops(content):
        arrays += code.name == "BUILD"
        if arrays > MAX_ARRAYS or ("PUT" in code.name and int(argument or 0) > len(content)):
            raise TiltyardError("claims more than it holds")


def _labels(found: object) -> NDArray[np.int64]:
    flat = isinstance(found, list) and all(type(label) is int for label in found)
    if flat or (isinstance(found, np.ndarray) and found.ndim == 1):
        return np.asarray(found).astype(np.int64)
    raise TiltyardError("has no list of labels")
