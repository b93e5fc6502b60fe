"""Loading published weights into a network: PyTorch, safetensors, TensorFlow bundles and Keras files."""

import glob
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from tiltyard.defences.keras_h5 import is_h5, read_keras
from tiltyard.defences.tf_bundle import TensorBundle, bundle_prefix
from tiltyard.defences.torch_file import read_torch, unwrap
from tiltyard.errors import ReferenceFailed

MAX_BYTES = 4 * 2**30
UNUSED = ("sub_block1.",)
COUNTER = "num_batches_tracked"
TRAINING_STATE = re.compile(
    r"(^|/)instance_perturbation(/|$)|/(Momentum|Adam(_1)?|RMSProp(_1)?|ExponentialMovingAverage)$"
)
TORCH_LAYOUT = {2: (1, 0), 3: (2, 0, 1), 4: (3, 2, 0, 1)}


def load_weights(module: nn.Module, path: Path, *, renames: Mapping[str, str] | None = None) -> None:
    """Fills `module` with the weights of a file, all of them and no others.

    `path` is a safetensors file, a PyTorch file (read with `weights_only`, its state dict found under the usual keys
    and freed of `module.` and the like), a Keras HDF5 file, or a TensorFlow checkpoint in the V2 format (`NAME`,
    `NAME.index`, or the folder that holds it). Arrays of the last two are brought from (h, w, in, out) and (in, out)
    to PyTorch's order. `renames` maps names in the file to names in `module`; without it a network that was published
    for TensorFlow uses its own table. Raises `ReferenceFailed` with one line: the file, and what is wrong with it.
    """
    prefix = bundle_prefix(path)
    if prefix is not None:
        state = _from_bundle(prefix, _table(module, renames))
    elif is_h5(_readable(path)):
        state = _from_keras(path, _table(module, renames))
    else:
        found = _read_safetensors(path) if path.suffix == ".safetensors" else read_torch(path)
        state = {(renames or {}).get(name, name): tensor for name, tensor in found.items()}
    _fill(module, state, path)


def load_safetensors(module: nn.Module, path: Path) -> None:
    """The same for what must be a safetensors file, whatever its first bytes say: a stranger's."""
    _fill(module, _read_safetensors(_readable(path)), path)


def weight_files(path: Path) -> tuple[Path, ...]:
    """The files that `load_weights` reads for `path`, sorted: what a pool hashes. Raises `ReferenceFailed`."""
    prefix = bundle_prefix(path)
    if prefix is not None:
        name = glob.escape(prefix.name)
        return (Path(f"{prefix}.index"), *sorted(prefix.parent.glob(f"{name}.data-*-of-*")))
    mean = path.with_name("mean.npy")
    return (_readable(path), mean) if is_h5(path) and mean.is_file() else (_readable(path),)


def _table(module: nn.Module, renames: Mapping[str, str] | None) -> Mapping[str, str]:
    if renames is not None:
        return renames
    published = getattr(module, "published_names", None)
    return published() if callable(published) else {name: name for name in module.state_dict()}


def _readable(path: Path) -> Path:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise ReferenceFailed(f"{path}: no such file; fetch the weights and put them there") from None
    except (OSError, ValueError) as failure:
        raise ReferenceFailed(f"{path}: cannot be read ({failure})") from None
    if not path.is_file() or size > MAX_BYTES:
        raise ReferenceFailed(f"{path}: not a file, or over {MAX_BYTES // 2**30} GiB")
    return path


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return unwrap(safetensors.torch.load_file(path))
    except (safetensors.SafetensorError, OSError, ValueError, RuntimeError, KeyError, AttributeError) as failure:
        reason = str(failure).partition("\n")[0]
        raise ReferenceFailed(f"{path}: not a readable safetensors file ({reason})") from None


def _from_bundle(prefix: Path, table: Mapping[str, str]) -> dict[str, Tensor]:
    bundle = TensorBundle.open(prefix)
    scope = _scope(bundle.entries, table)
    if sum(entry.size for entry in bundle.entries.values()) > MAX_BYTES:
        raise ReferenceFailed(f"{prefix}: its tensors take over {MAX_BYTES // 2**30} GiB")
    state = {}
    for name in bundle.entries:
        plain = name.removeprefix(scope)
        if plain in table:
            state[table[plain]] = _tensor(bundle.read(name))
        elif not TRAINING_STATE.search(plain):
            state[plain] = torch.empty(0)
    return state


def _scope(names: Collection[str], table: Mapping[str, str]) -> str:
    """The scope that wraps the whole graph, as `free_at/`; empty where there is none."""
    first = next(iter(table), "")
    wrapped = [name for name in names if name.endswith(f"/{first}")]
    scope = wrapped[0].removesuffix(first) if len(wrapped) == 1 and first not in names else ""
    return scope if all(name.startswith(scope) for name in names) else ""


def _from_keras(path: Path, table: Mapping[str, str]) -> dict[str, Tensor]:
    return {table.get(name, name): _tensor(array) for name, array in read_keras(path, table).items()}


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    order = TORCH_LAYOUT.get(array.ndim)
    moved = array if order is None else array.transpose(order)
    return torch.from_numpy(np.array(moved, dtype=np.float32, order="C"))


def _fill(module: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    wanted = module.state_dict()
    given = {k: v for k, v in state.items() if k in wanted or not k.startswith(UNUSED)}
    missing = [name for name in wanted if name not in given and not name.endswith(COUNTER)]
    unexpected = [name for name in given if name not in wanted]
    if missing or unexpected:
        raise ReferenceFailed(
            f"{path}: these weights are another network's: {_listed(missing)} missing, {_listed(unexpected)} unexpected"
        )
    for name, tensor in given.items():
        if tensor.shape != wanted[name].shape or tensor.is_complex() or tensor.layout != torch.strided:
            raise ReferenceFailed(
                f"{path}: {name} is {tensor.dtype} {list(tensor.shape)}, the network's is {list(wanted[name].shape)}"
            )
    try:
        module.load_state_dict(wanted | given, strict=True)
    except RuntimeError as failure:
        raise ReferenceFailed(f"{path}: {' '.join(str(failure).split())}") from None


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return f"{len(names)} ({shown}{', …' if len(names) > 3 else ''})" if names else "none"
