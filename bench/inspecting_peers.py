"""Detectors of pyIFD (Apache-2.0) on a picture. They give maps without a threshold, and do not say which end is forged.

In their favour a map counts in whatever of four ways suits its detector best over a set: by its own range or by rank,
as it is or inverted.
"""

import contextlib
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
from inspecting_figures import Mapped, mapped
from numpy.typing import NDArray
from PIL import Image

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import subject_of

NEEDED = ("pyIFD", "pywt", "skimage")
INSTALL = "pip install --no-deps pyIFD==0.0.3 PyWavelets scikit-image lazy-loader"
ENTRY_POINTS = {
    "pyIFD ADQ1": ("ADQ1", "detectDQ"),
    "pyIFD BLK": ("BLK", "GetBlockGrid"),
    "pyIFD ELA": ("ELA", "ELA"),
    "pyIFD NOI1": ("NOI1", "GetNoiseMap"),
    "pyIFD NOI4": ("NOI4", "MedFiltForensics"),
}
OLD_INT = ("ADQ1",)
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Peer:
    """What a detector gave for one picture, by the way in which its map is read."""

    ways: Mapping[str, Mapped]
    seconds: float
    """A megapixel."""
    failed: bool


def are_there() -> bool:
    """Whether pyIFD and what it needs can be imported; says what to install where they cannot."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"{', '.join(missing)} not installed, the peers are left out: {INSTALL}")
    return not missing


def peers(path: Path, truth: Mask) -> Iterator[tuple[str, Peer]]:
    """Every detector on a forged picture."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # ELA writes where it stands
        picture = _copied(path, Path(folder))
        for name in ENTRY_POINTS:
            began = time.process_time()
            values = _map(name, picture)
            seconds = (time.process_time() - began) / truth.size * 1e6
            yield name, Peer(dict(_read(values, truth)), seconds, failed=values is None)


def _copied(path: Path, folder: Path) -> Path:
    """JPEGs as they are; all else as PNG, which every detector reads."""
    if path.suffix.lower() in (".jpg", ".jpeg"):
        copy = folder / "picture.jpg"
        copy.symlink_to(path.resolve())
        return copy
    copy = folder / "picture.png"
    Image.fromarray(subject_of(path).pixels).save(copy, compress_level=1)
    return copy


def _map(name: str, picture: Path) -> Values | None:
    """None where the detector has no answer; which error it was is printed, and the figures count it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _detector(name)(str(picture))
    except Exception as error:  # whatever old code does on a picture that it was not written for
        print(f"{name}: {type(error).__name__}: {error}"[:160])
        return None
    if isinstance(found, list):
        found = found[0]
    return None if found is None else np.nan_to_num(np.asarray(found, np.float64))


@cache
def _detector(name: str) -> Callable[[str], Any]:
    if "jpegio" not in sys.modules and find_spec("jpegio") is None:
        sys.modules["jpegio"] = _in_place_of_jpegio()
    file, function = ENTRY_POINTS[name]
    module = import_module(f"pyIFD.{file}")
    if file in OLD_INT:
        module.int = _whole_number  # type: ignore[attr-defined]
    found: Callable[[str], Any] = getattr(module, function)
    return found


def _whole_number(value: Any) -> int:
    """As `int` was with NumPy 1: of an array of one number too."""
    return int(np.asarray(value).item())


def _in_place_of_jpegio() -> ModuleType:
    """Reads what pyIFD wants of a JPEG's luma: jpegio has no wheel, and does not build everywhere."""
    module = ModuleType("jpegio")
    module.read = _coefficients  # type: ignore[attr-defined]
    return module


def _coefficients(path: str) -> SimpleNamespace:
    """The stored values again, from the decoder's luma: off by rounding and cutting alone."""
    subject = subject_of(Path(path))
    height, width = subject.shape
    luma = np.pad(subject.luma, ((0, -height % 8), (0, -width % 8)), mode="edge")
    steps = np.asarray(subject.steps, np.float32).reshape(8, 8)
    stored = np.zeros(luma.shape, np.int64)
    for top in range(0, luma.shape[0], 8):
        for left in range(0, luma.shape[1], 8):
            block = slice(top, top + 8), slice(left, left + 8)
            stored[block] = np.rint(cv2.dct(np.ascontiguousarray(luma[block])) / steps)
    return SimpleNamespace(coef_arrays=[stored], quant_tables=[steps], image_height=height, image_width=width)


def _read(values: Values | None, truth: Mask) -> Iterator[tuple[str, Mapped]]:
    """A map at the picture's size in each way; a failure says the same of every pixel."""
    height, width = truth.shape
    size = (width, height)
    sized = np.zeros(truth.shape) if values is None else cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
    whole = np.asarray(sized, np.float64)
    for name, grey in (("range", _by_range(whole)), ("rank", _by_rank(whole))):
        yield name, mapped(grey, truth)
        yield f"{name}, inverted", mapped(255 - grey, truth)


def _by_range(values: Values) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    return np.asarray(np.rint((values - low) / max(high - low, 1e-12) * 255), np.uint8)


def _by_rank(values: Values) -> NDArray[np.uint8]:
    """Equal values have equal ranks."""
    ordered = np.sort(values, axis=None)
    return np.asarray(np.searchsorted(ordered, values, side="left") / values.size * 255, np.uint8)
