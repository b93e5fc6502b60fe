"""Weights that Keras saved as HDF5."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tiltyard.contest.names import one_line
from tiltyard.errors import ReferenceFailed

MAX_ARRAY_BYTES = 256 * 2**20
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_h5(path: Path) -> bool:
    """Whether the file begins as HDF5 does, whatever it is called."""
    try:
        with path.open("rb") as file:
            return file.read(len(SIGNATURE)) == SIGNATURE
    except OSError:
        return False


def read_keras(path: Path, wanted: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """The wanted arrays of a Keras weights file, as Keras lays them out, by `kind.place.weight`.

    Keras numbers the layers of one kind as they are created, from 0 or 1 or wherever the program stood; the place is
    the rank of that number. A name in the file that is not wanted keeps the empty array. The array `mean`, where
    wanted, comes from `mean.npy` beside the file. Raises `ReferenceFailed`.
    """
    try:
        import h5py
    except ImportError:
        raise ReferenceFailed(f"{path}: reading Keras weights needs h5py: pip install h5py") from None
    try:
        with h5py.File(path, "r") as file:
            _refuse_links(file, path)
            group = file.get("model_weights", file)
            _refuse_links(group, path)
            arrays = _arrays(group, wanted, path)
    except ReferenceFailed:
        raise
    except Exception as failure:  # h5py passes on whatever the C library finds
        raise ReferenceFailed(f"{path}: not a readable HDF5 file ({_first_line(failure)})") from None
    if "mean" in wanted:
        arrays["mean"] = _mean(path.with_name("mean.npy"))
    return arrays


def places(layers: Collection[str]) -> dict[str, str]:
    """For each layer's name, its kind and its place among the layers of that kind: `conv2d_7` gives `conv2d.6`."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for layer in layers:
        kind, number = re.fullmatch(r"(.*?)(?:_(\d{1,9}))?", layer, re.DOTALL).groups()  # type: ignore[union-attr]
        kinds.setdefault(kind, []).append((int(number or 0), layer))
    return {
        layer: f"{kind}.{place}" for kind, members in kinds.items() for place, (_, layer) in enumerate(sorted(members))
    }


def _refuse_links(group: Any, path: Path) -> None:
    """A link may lead out of the file: to any file of this machine."""
    import h5py

    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ReferenceFailed(f"{path}: {one_line(name, 100)} is a link to another place, which is not followed")


def _arrays(group: Any, wanted: Collection[str], path: Path) -> dict[str, npt.NDArray[Any]]:
    layers = {layer: dict(_weights(group[layer])) for layer in group if hasattr(group[layer], "visititems")}
    named = places([layer for layer, weights in layers.items() if weights])
    arrays: dict[str, npt.NDArray[Any]] = {}
    for layer, weights in layers.items():
        for weight, dataset in weights.items():
            name = f"{named[layer]}.{weight}"
            if dataset.nbytes > MAX_ARRAY_BYTES or dataset.dtype.kind != "f":
                raise ReferenceFailed(f"{path}: {layer}/{weight} is too large or no array of floating-point numbers")
            if dataset.external or dataset.is_virtual:
                raise ReferenceFailed(f"{path}: {layer}/{weight} lies in another file, which is not followed")
            arrays[name] = dataset[()] if name in wanted else np.empty(0, np.float32)
    return arrays


def _weights(layer: Any) -> Iterator[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    layer.visititems(lambda name, node: found.append((name, node)) if hasattr(node, "dtype") else None)
    for name, dataset in found:
        yield name.rsplit("/", 1)[-1].removesuffix(":0"), dataset


def _mean(path: Path) -> npt.NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ReferenceFailed(f"{path}: missing; the mean training image that this network subtracts") from None
    except Exception as failure:  # numpy parses the header with ast and raises what that raises
        reason = "it holds pickled objects, which are never read" if "pickle" in str(failure) else _first_line(failure)
        raise ReferenceFailed(f"{path}: not a readable NumPy file ({reason})") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise ReferenceFailed(f"{path}: not an array of floating-point numbers")
    return array


def _first_line(failure: Exception) -> str:
    return str(failure).partition("\n")[0]
