"""Exported programs (`.pt2`), searched for code before torch reads them.

torch unpickles parts of such a file, evaluates its shape expressions and guards as Python, and loads the libraries that
it carries. Each of these is refused here, or kept to plain tensors, operators and arithmetic.
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
OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims|higher_order|quantized|quantized_decomposed)\.\w+(\.\w+)?"
    r"|torch\._?sym_\w+|_operator\.(?!attrgetter|itemgetter|methodcaller|call)\w+|math\.\w+"
)
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
        if (key in ("target", "as_operator") and not OPERATOR.fullmatch(text)) or (
            key in ("expr_str", "guards_code") and not _is_arithmetic(text)
        ):
            raise ReferenceFailed(f"model {path}: names {text[:80]!r}, which is no tensor operator")


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
