"""CIFAR-10 as its authors distribute it: binary batches, and python batches read without running anything in them."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiltyard.errors import TiltyardError

RECORD = 1 + 3 * 32 * 32
MAX_BYTES = 256 << 20
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
    return images, labels, (file.resolve(),)


def _bounded(file: Path) -> bytes:
    if file.stat().st_size > MAX_BYTES:
        raise TiltyardError(f"{file.name} is larger than any CIFAR-10 batch")
    return file.read_bytes()


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
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("_codecs", "encode"): _latin_bytes,
        }
        key = (module.rsplit(".", 1)[-1], name)
        if key not in known or module.split(".")[0] not in ("numpy", "_codecs"):
            raise TiltyardError(f"names {module}.{name}, which no CIFAR-10 batch does")
        return known[key]


def _empty_array(*_: Any) -> NDArray[np.int8]:
    return np.ndarray((0,), np.int8)


def _latin_bytes(text: str, _encoding: str = "latin1") -> bytes:
    return text.encode("latin1")


def _python(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
        data, labels = batch[b"data"], np.asarray(batch[b"labels"])
    except TiltyardError:
        raise
    except Exception as error:
        raise TiltyardError(f"is no CIFAR-10 batch ({type(error).__name__})") from None
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (RECORD - 1,):
        raise TiltyardError("is no CIFAR-10 batch: its data is not (n, 3072) uint8")
    return data.reshape(-1, 3, 32, 32).copy(), labels.astype(np.int64)
