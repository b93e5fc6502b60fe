"""Masks and maps as PNGs named after their pictures: one folder, one name a picture."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.cli.inspect.shown import path_in_line
from tiltyard.contest.files import open_regular, replaced
from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError
from tiltyard.forensics.reading.pages import MAX_PAGES
from tiltyard.forensics.reading.starts import START_BYTES, is_pdf

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection

Take = Callable[["Inspection", Path], None]
"""Called with what is known of a picture and the file it came from, one after the other."""
PAGE = re.compile(r"#page=(\d+)$")
NUMBER = re.compile(r"-\d+$")
ANY_PAGE = "-#"
NAME_BYTES = 255
"""Bytes that a folder takes for a name."""


def name_of(found: "Inspection", file: Path) -> str:
    """`STEM.png`; `STEM-3.png` for the third page of several in a PDF."""
    page = PAGE.search(found.path)
    return f"{file.stem}-{page[1]}.png" if page and not file.name.endswith(page[0]) else f"{file.stem}.png"


def check_names(files: Sequence[Path], folder: Path) -> None:
    """TiltyardError, before the work, where two files would be drawn under one name, one over a picture itself, or
    one under a name that is too long.
    """
    drawn: dict[str, Path] = {}
    for file in files:
        for name in _names(file):
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
            raise TiltyardError(
                f"{path_in_line(folder)}: {one_line(name)}.png in it is one of the pictures: name another folder"
            )


def drawn_in(folder: Path, values: "Callable[[Inspection], NDArray[np.uint8]]") -> Take:
    """Writes each picture's (h, w) values as an 8-bit grey PNG, whole or not at all."""

    def take(found: "Inspection", file: Path) -> None:
        target = folder / name_of(found, file)
        with replaced(target) as unfinished:
            Image.fromarray(values(found)).save(unfinished, "PNG", compress_level=3)

    return take


def mask_values(found: "Inspection") -> NDArray[np.uint8]:
    """255 where the picture is held for forged, else 0."""
    return np.where(found.mask, 255, 0).astype(np.uint8)


def map_values(found: "Inspection") -> NDArray[np.uint8]:
    return found.map


def _names(file: Path) -> Iterator[str]:
    document = _is_document(file)
    longest = f"{file.stem}-{MAX_PAGES}.png" if document else f"{file.stem}.png"
    if len(os.fsencode(longest)) > NAME_BYTES:
        raise TiltyardError(f"{path_in_line(file)}: too long a name for what is drawn under it: shorten it")
    yield file.stem
    if document:
        yield file.stem + ANY_PAGE


def _clash(one: Path, other: Path, folder: Path) -> TiltyardError:
    told = f"{path_in_line(one)} and {path_in_line(other)}"
    return TiltyardError(f"{told}: both would be drawn in {path_in_line(folder)} under one name: rename one")


def _is_document(file: Path) -> bool:
    try:
        with open_regular(file) as opened:
            return is_pdf(opened.read(START_BYTES))
    except OSError:
        return False
