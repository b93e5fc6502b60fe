"""State dicts from PyTorch files, read without running any code that a file carries."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tiltyard.errors import ReferenceFailed

MAX_BYTES = 4 * 2**30
NESTS = ("state_dict", "model_state_dict", "net", "model", "network", "params", "weights")
WRAPPERS = ("module.", "model.", "basic_net.", "net.", "_orig_mod.")
MAX_NESTING, MAX_WRAPPERS = 4, 8


def read_torch(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict by name, wherever the file nests it, without the names of wrapping modules.

    Raises `ReferenceFailed` where the file is damaged, holds more than tensors and plain values, or no state dict.
    """
    _refuse_bombs(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as failure:
        raise ReferenceFailed(f"{path}: {failure.strerror or 'cannot be read'}") from None
    except Exception as failure:  # a damaged file makes torch raise almost anything
        raise ReferenceFailed(f"{path}: {_why(str(failure))}") from None
    return unwrap(_state(loaded, path))


def unwrap(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without the prefixes that every name carries, as DataParallel's `module.`; at most eight, for a
    name may be one prefix after another for megabytes."""
    found = dict(state)
    for _ in range(MAX_WRAPPERS):
        wrapper = next((prefix for prefix in WRAPPERS if found and all(k.startswith(prefix) for k in found)), None)
        if wrapper is None:
            break
        found = {name.removeprefix(wrapper): tensor for name, tensor in found.items()}
    return found


def _state(loaded: object, path: Path) -> dict[str, Tensor]:
    for _ in range(MAX_NESTING):
        if not isinstance(loaded, Mapping):
            break
        inner = next((loaded[nest] for nest in NESTS if isinstance(loaded.get(nest), Mapping)), None)
        if inner is None:
            state = {key: value for key, value in loaded.items() if isinstance(key, str) and isinstance(value, Tensor)}
            if state:
                return state
            break
        loaded = inner
    raise ReferenceFailed(f"{path}: holds no state dict (looked at the top and under {', '.join(NESTS)})")


def _refuse_bombs(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    if size > MAX_BYTES:
        raise ReferenceFailed(f"{path}: would unpack to over {MAX_BYTES // 2**30} GiB")


def _why(message: str) -> str:
    refused = re.search(r"GLOBAL ([\w.]+)", message)
    if refused is None:
        return "not a readable PyTorch file (truncated, damaged, or of another kind)"
    return (
        f"holds more than tensors ({refused[1]}) and is not opened, for it could run code; in an "
        "environment you trust, write its state dict with safetensors.torch.save_file and name that file"
    )
