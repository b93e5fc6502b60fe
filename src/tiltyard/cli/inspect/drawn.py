"""Masks and maps as PNGs named after their pictures: one folder, one name a picture."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.contest.files import open_regular
from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError
from tiltyard.forensics.reading.starts import START_BYTES, is_pdf

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection

Take = Callable[["Inspection", Path], None]
"""Called with what is known of a picture and the file it came from, one after the other."""
PAGE = re.compile(r"#page=(\d+)$")
NUMBER = re.compile(r"-\d+$")
ANY_PAGE = "-#"


def name_of(found: "Inspection", file: Path) -> str:
    """`STEM.png`; `STEM-3.png` for the third page of several in a PDF."""
    page = PAGE.search(found.path)
    return f"{file.stem}-{page[1]}.png" if page and not file.name.endswith(page[0]) else f"{file.stem}.png"


def check_names(files: Sequence[Path], folder: Path) -> None:
    """TiltyardError, before the work, where two files would be drawn under one name, or one over a picture itself."""
    drawn: dict[str, Path] = {}
    for file in files:
        for name in (file.stem, file.stem + ANY_PAGE) if _is_document(file) else (file.stem,):
            if name in drawn:
                raise _clash(drawn[name], file, folder)
            drawn[name] = file
    for name, file in drawn.items():
        document = drawn.get(NUMBER.sub(ANY_PAGE, name), file)
        if document != file:
            raise _clash(document, file, folder)
    given = {file.resolve() for file in files}
    for name in drawn:
        if (folder / f"{name}.png").resolve() in given:
            raise TiltyardError(f"{folder}: {one_line(name)}.png in it is one of the pictures: name another folder")


def drawn_in(folder: Path, values: "Callable[[Inspection], NDArray[np.uint8]]") -> Take:
    """Writes each picture's (h, w) values as an 8-bit grey PNG, whole or not at all."""

    def take(found: "Inspection", file: Path) -> None:
        target = folder / name_of(found, file)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        Image.fromarray(values(found)).save(unfinished, "PNG", compress_level=3)
        unfinished.replace(target)

    return take


def mask_values(found: "Inspection") -> NDArray[np.uint8]:
    """255 where the picture is held for forged, else 0."""
    return np.where(found.mask, 255, 0).astype(np.uint8)


def map_values(found: "Inspection") -> NDArray[np.uint8]:
    return found.map


def _clash(one: Path, other: Path, folder: Path) -> TiltyardError:
    told = f"{one_line(one)} and {one_line(other)}"
    return TiltyardError(f"{told}: both would be drawn in {folder} under one name: rename one")


def _is_document(file: Path) -> bool:
    try:
        with open_regular(file) as opened:
            return is_pdf(opened.read(START_BYTES))
    except OSError:
        return False
