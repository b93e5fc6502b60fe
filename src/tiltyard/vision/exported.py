"""Exported programs (`.pt2`), searched for code before torch reads them.

torch unpickles parts of such a file, evaluates its shape expressions and guards as Python, and loads the libraries that
it carries. Each of these is refused here, or kept to plain tensors, arithmetic, and operators of torch's dispatcher
that take tensors and numbers. Operators that take text are those of a list: some write files, or map them into memory.
An operator with a fault of its own may still do harm, so this is no wall: a stranger's program belongs in the jail.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tiltyard.contest.archive import ZipSource
from tiltyard.contest.names import one_line
from tiltyard.errors import EntryError, ReferenceFailed

MAX_FILES = 100_000
MAX_BYTES = 64 << 30
OPERATOR = re.compile(r"torch\.ops\.((?:aten|prims|quantized|quantized_decomposed)\.\w+)\.(\w+)")
SYMBOLIC = re.compile(
    r"_operator\.(eq|ne|le|ge|lt|gt|neg|pos|abs|mul|add|sub|floordiv|truediv|mod|pow|and_|or_|lshift|rshift|getitem)"
    r"|math\.(trunc|ceil|floor|sqrt|log2)|torch\._?sym_[a-z]\w*"
)
REGIONS = {"torch.ops.higher_order.wrap_with_set_grad_enabled", "torch.ops.higher_order.wrap_with_autocast"}
"""What torch.export writes for `torch.no_grad()` and `torch.autocast` inside a network."""
WITH_TEXT = {
    "_assert_async", "_assert_scalar", "_convolution_mode", "conv1d", "conv2d", "conv3d", "div", "div_", "divide",
    "divide_", "einsum", "fft_fft", "fft_fft2", "fft_fftn", "fft_hfft", "fft_ifft", "fft_ifft2", "fft_ifftn",
    "fft_ihfft", "fft_irfft", "fft_irfft2", "fft_irfftn", "fft_rfft", "fft_rfft2", "fft_rfftn", "gelu", "gelu_",
    "index_reduce", "index_reduce_", "linalg_cond", "linalg_eigh", "linalg_eigvalsh", "linalg_lstsq",
    "linalg_matrix_norm", "linalg_norm", "linalg_qr", "linalg_svd", "linalg_svdvals", "meshgrid", "nanquantile", "pad",
    "pad_sequence", "quantile", "scatter", "scatter_", "scatter_reduce", "scatter_reduce_", "searchsorted", "stft",
}  # fmt: skip
"""Operators of aten whose text names a mode or words a failed assertion."""
PLAIN_TYPES = {
    "TensorType", "IntType", "BoolType", "FloatType", "NumberType", "ComplexType", "DeviceObjType", "GeneratorType",
}  # fmt: skip
NAMED = re.compile(r"\['\w+'\]|Symbol\('\w+'(, \w+=(True|False))*\)")
WORD = re.compile(r"[^\W\d]\w*")
ARITHMETIC = {
    "L", "size", "stride", "and", "or", "not", "int_oo", "oo", "True", "False",
    "Integer", "Float", "Rational", "Add", "Mul", "Pow", "Mod", "Max", "Min", "Abs", "Eq", "Ne", "Ge", "Gt", "Le", "Lt",
    "FloorDiv", "CeilDiv", "PythonMod", "CleanDiv", "IntTrueDiv", "FloatTrueDiv", "ModularIndexing", "Identity",
}  # fmt: skip


def load_exported(path: Path) -> nn.Module:
    """The program of the file; ReferenceFailed where it would run more than tensor operators."""
    _check(path)
    with _weights_only():
        return _Program(torch.export.load(path).module())


class _Program(nn.Module):
    """An exported program: it has the mode it was exported in, and asking for another changes nothing."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program
        self.training = False

    def train(self, mode: bool = True) -> "_Program":
        return self

    def forward(self, images: Tensor) -> Any:
        return self.program(images)


def _check(path: Path) -> None:
    try:
        archive = ZipSource(path, max_files=MAX_FILES, max_bytes=MAX_BYTES)
        archive.check()
        for name in archive.names():
            if "aotinductor" in name or "custom_obj" in name or name.endswith(".so"):
                raise ReferenceFailed(f"model {path}: holds code ({name})")
            if name.endswith(".json"):
                _check_described(path, json.loads(archive.read(name)))
    except (EntryError, ValueError, RecursionError) as error:
        raise ReferenceFailed(f"model {path}: is no exported program ({one_line(error)})") from None


def _check_described(path: Path, value: Any) -> None:
    for key, text in _texts(value):
        if (key in ("target", "as_operator") and not _is_operator(text)) or (
            key in ("expr_str", "guards_code") and not _is_arithmetic(text)
        ):
            raise ReferenceFailed(f"model {path}: names {text[:80]!r}, which is no tensor operator")


def _is_operator(target: str) -> bool:
    if target in REGIONS or SYMBOLIC.fullmatch(target):
        return True
    named = OPERATOR.fullmatch(target)
    return named is not None and _is_harmless(named[1].replace(".", "::"), named[2])


def _is_harmless(name: str, overload: str) -> bool:
    """Whether the dispatcher has it, with arguments that are tensors and numbers, and text where that is known."""
    overload = "" if overload == "default" else overload
    qualified = f"{name}.{overload}" if overload else name
    if not torch._C._dispatch_has_kernel(qualified):
        return False
    kinds = {_kind(argument.type) for argument in torch._C._get_schema(name, overload).arguments}
    allowed = PLAIN_TYPES | {"StringType"} if name.removeprefix("aten::") in WITH_TEXT else PLAIN_TYPES
    return kinds <= allowed


def _kind(declared: "torch._C.JitType") -> str:
    while declared.kind() in ("OptionalType", "ListType"):
        declared = declared.getElementType()
    return declared.kind()


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text with the name that it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)
    elif isinstance(value, str):
        yield key, value


def _is_arithmetic(text: str) -> bool:
    words = set(WORD.findall(NAMED.sub("", text)))
    return "'" not in NAMED.sub("", text) and '"' not in text and all(_is_plain(word) for word in words)


def _is_plain(word: str) -> bool:
    return word in ARITHMETIC or re.fullmatch(r"[suz][a-z]{0,2}\d+", word) is not None


@contextmanager
def _weights_only() -> Iterator[None]:
    """torch falls back to unpickling anything where plain tensors fail; this setting alone forbids it."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
