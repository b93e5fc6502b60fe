"""How authentic users' files are saved: cameras, phones, scanners, editors, messengers, screenshots."""

import io
import struct
from collections.abc import Callable

from numpy.random import Generator
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from tiltyard.forensics.documents.tables import ANNEX_K, CAMERAS, EDITORS, PHONES, ROBIDOUX, Tables
from tiltyard.forensics.saving import Saving, Table

_LARGEST_HEAD = 1 << 22
"""Bytes within which a JPEG file must have come to its tables; the metadata before them rarely exceeds 200 KB."""
_SAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
_BROKEN = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, AssertionError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


def a_saving(rng: Generator, *, like: str) -> Saving:
    """Settings as a `camera`, `phone`, `scanner`, `library`, `messenger` or `screenshot` would use them."""
    return _WAYS[like](rng)


def libjpeg(quality: int, *, subsampling: str = "4:2:0") -> Saving:
    """libjpeg's settings at a quality of 1–100: the tables of ITU T.81, Annex K, scaled by its own formula."""
    return _scaled(ANNEX_K, quality, subsampling, f"libjpeg {quality}")


def saving_of(content: bytes) -> Saving:
    """The settings with which a file was saved, read from its head: no pixel is decoded.

    What is no JPEG file, or a broken one, gives the default saving, which loses nothing. A sampling for which `Saving`
    has no name counts as 4:2:0; steps above 255, which only 16-bit tables hold, count as 255.
    """
    try:
        with Image.open(io.BytesIO(content[:_LARGEST_HEAD]), formats=("JPEG",)) as image:
            return _read(image)
    except _BROKEN:
        return Saving()


def _read(image: Image.Image) -> Saving:
    if not isinstance(image, JpegImageFile):
        return Saving()
    tables = [_whole(image.quantization[component[3]]) for component in image.layer[:3]]
    sampling = _SAMPLINGS.get(get_sampling(image), "4:2:0")
    return Saving("jpeg", tables[0], tables[1] if len(tables) == 3 else tables[0], sampling, "read from the file")


def _whole(steps: list[int]) -> Table:
    if len(steps) != 64:
        raise ValueError("a quantisation table has 64 steps")
    return tuple(min(max(step, 1), 255) for step in steps)


def _camera(rng: Generator) -> Saving:
    return _as_made(CAMERAS[rng.integers(len(CAMERAS))])


def _phone(rng: Generator) -> Saving:
    if rng.random() < 0.6:
        return _as_made(PHONES[rng.integers(len(PHONES))])
    return libjpeg(int(rng.choice([85, 90, 92, 95, 95, 96, 97])))


def _scanner(rng: Generator) -> Saving:
    if rng.random() < 0.25:
        return _as_made(EDITORS[rng.integers(2)])
    return libjpeg(int(rng.choice([75, 80, 85, 90, 92, 95])), subsampling=str(rng.choice(["4:4:4", "4:2:2", "4:2:0"])))


def _library(rng: Generator) -> Saving:
    way = rng.random()
    if way < 0.2:
        return _as_made(EDITORS[rng.integers(len(EDITORS))])
    if way < 0.3:
        quality = int(rng.integers(75, 93))
        return _scaled(ROBIDOUX, quality, "4:2:0", f"web optimiser {quality}")
    quality = int(rng.integers(60, 99))
    return libjpeg(quality, subsampling="4:4:4" if quality >= 90 and rng.random() < 0.5 else "4:2:0")


def _messenger(rng: Generator) -> Saving:
    return libjpeg(int(rng.integers(50, 83)))


def _screenshot(_: Generator) -> Saving:
    return Saving("png", maker="screenshot")


_WAYS: dict[str, Callable[[Generator], Saving]] = {
    "camera": _camera,
    "phone": _phone,
    "scanner": _scanner,
    "library": _library,
    "messenger": _messenger,
    "screenshot": _screenshot,
}


def _as_made(tables: Tables) -> Saving:
    return Saving("jpeg", tables.luma, tables.chroma, tables.subsampling, tables.maker)


def _scaled(base: Tables, quality: int, subsampling: str, maker: str) -> Saving:
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, chroma = (
        tuple(min(max((step * percent + 50) // 100, 1), 255) for step in t) for t in (base.luma, base.chroma)
    )
    return Saving("jpeg", luma, chroma, subsampling, maker)
