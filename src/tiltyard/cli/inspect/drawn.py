"""Masks and maps as PNGs named after their pictures, each picture by a name of its own."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tiltyard.cli.inspect.shown import path_in_line
from tiltyard.contest.files import open_regular, replaced
from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError
from tiltyard.forensics.reading.pages import MAX_PAGES
from tiltyard.forensics.reading.starts import START_BYTES, is_pdf
from tiltyard.forensics.reading.tiff import is_tiff

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection

Take = Callable[["Inspection", Path], None]
"""Called with what is known of a picture and the file it came from, one after the other."""
PAGE = re.compile(r"#page=(\d+)$")
NUMBER = re.compile(r"-([1-9]\d*)$")
NAME_BYTES = 255
"""Bytes that a folder takes for a name."""
SIGNATURE, OURS = b"\x89PNG\r\n\x1a\n", "tiltyard inspect"
HEAD_BYTES = 256
"""Within which a PNG of ours says so."""

Names = Mapping[Path, str]
"""What is drawn of each file is called, without its ending and the number of a page; may lie in a folder."""


def names_of(files: Sequence[Path]) -> Names:
    """The stem; of files that share it the end of their paths, as long as it must be: `front.jpg`, `ann/front.jpg`.

    TiltyardError for a name that is too long. No file is there twice.
    """
    documents = {file for file in files if _is_document(file)}
    parts = dict.fromkeys(files, 0)
    while shared := _shared({file: _name(file, count) for file, count in parts.items()}, documents):
        for file in shared:
            parts[file] += 1
    for file, count in parts.items():
        _check_length(file, _name(file, count), document=file in documents)
    return {file: _name(file, count) for file, count in parts.items()}


def check_free(names: Names, folder: Path) -> None:
    """TiltyardError, before the work, where something would be drawn over a picture, or over what no earlier run drew.

    A page of a document may get any number.
    """
    given = {os.path.realpath(file) for file in names}
    for file, name in names.items():
        for target in _targets(folder, name, document=_is_document(file)):
            if os.path.realpath(target) in given:
                told = one_line(target.relative_to(folder))
                raise TiltyardError(f"{path_in_line(folder)}: {told} in it is one of the pictures: name another folder")
            if os.path.lexists(target) and not _is_ours(target):
                told = f"{path_in_line(target)}: is there already, and no earlier run drew it"
                raise TiltyardError(f"{told}: name another folder, or move it away")


def drawn_in(folder: Path, names: Names, values: "Callable[[Inspection], NDArray[np.uint8]]") -> Take:
    """Writes each picture's (h, w) values as an 8-bit grey PNG, whole or not at all."""
    mark = PngInfo()
    mark.add_text("Software", OURS)

    def take(found: "Inspection", file: Path) -> None:
        target = folder / f"{names[file]}{_page(found, file)}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        with replaced(target) as unfinished:
            Image.fromarray(values(found)).save(unfinished, "PNG", compress_level=3, pnginfo=mark)

    return take


def mask_values(found: "Inspection") -> NDArray[np.uint8]:
    """255 where the picture is held for forged, else 0."""
    return np.where(found.mask, 255, 0).astype(np.uint8)


def map_values(found: "Inspection") -> NDArray[np.uint8]:
    return found.map


def _page(found: "Inspection", file: Path) -> str:
    """`-3` for the third page of several in a PDF or TIFF."""
    page = PAGE.search(found.path)
    return f"-{page[1]}" if page and not file.name.endswith(page[0]) else ""


def _name(file: Path, parts: int) -> str:
    return "/".join(Path(os.path.abspath(file)).parts[1:][-parts:]) if parts else file.stem


def _shared(names: Names, documents: Set[Path]) -> set[Path]:
    """Files whose names others have too; documents of which a page would be called like another file."""
    by_name: dict[str, list[Path]] = {}
    for file, name in names.items():
        by_name.setdefault(name, []).append(file)
    shared = {file for files in by_name.values() if len(files) > 1 for file in files}
    for name, files in by_name.items():
        number = NUMBER.search(name)
        if number and int(number[1]) <= MAX_PAGES:
            others = by_name.get(name[: number.start()], [])
            shared |= {other for other in others if other in documents and other not in files}
    return shared


def _check_length(file: Path, name: str, *, document: bool) -> None:
    longest = f"{name.rpartition('/')[2]}-{MAX_PAGES}.png" if document else f"{name.rpartition('/')[2]}.png"
    if len(os.fsencode(longest)) > NAME_BYTES:
        raise TiltyardError(f"{path_in_line(file)}: too long a name for what is drawn under it: shorten it")


def _targets(folder: Path, name: str, *, document: bool) -> Iterator[Path]:
    yield folder / f"{name}.png"
    if document:
        yield from (folder / f"{name}-{page}.png" for page in range(1, MAX_PAGES + 1))


def _is_ours(drawn: Path) -> bool:
    try:
        with open_regular(drawn) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.startswith(SIGNATURE) and OURS.encode() in head


def _is_document(file: Path) -> bool:
    try:
        with open_regular(file) as opened:
            start = opened.read(START_BYTES)
            return is_pdf(start) or is_tiff(start)
    except OSError:
        return False
