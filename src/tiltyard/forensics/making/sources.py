"""A user's own pictures as material: found in a folder, checked, read again where they are needed."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from tiltyard.contest.executor import Executor
from tiltyard.contest.files import walk
from tiltyard.contest.names import is_junk
from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.savings import saving_of
from tiltyard.forensics.making.boxes import parse_boxes, read_boxes_bytes
from tiltyard.forensics.picture import Picture
from tiltyard.forensics.saving import Saving
from tiltyard.vision.pictures import decode_picture, read_picture_bytes

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jfif")
"""What is looked at; whether it is a picture that can be used, its content says."""
BOX_ENDINGS = (".txt", ".csv")
CHECKED_AT_ONCE = 16


@dataclass(frozen=True)
class Source:
    """A picture's file within its folder, the file of its text boxes or none, the SHA-256 of both."""

    name: str
    boxes: str | None
    digest: str


@dataclass(frozen=True)
class Files:
    """The content of a picture's file and of its text boxes."""

    picture: bytes
    boxes: bytes | None


@dataclass(frozen=True)
class Found:
    """Usable pictures in order of their names, and one line for each that is not."""

    sources: tuple[Source, ...]
    complaints: tuple[str, ...]


def find_sources(images: Path, boxes: Path | None, executor: Executor) -> Found:
    """All pictures below a folder, decoded once each; boxes lie under the same relative name with `.txt` or `.csv`.

    TiltyardError where boxes are named but no picture has any.
    """
    for folder in (images, boxes):
        if folder is not None and not folder.is_dir():
            raise TiltyardError(f"{folder}: is no folder")
    names = sorted(name for name, _ in walk(images) if name.lower().endswith(SUFFIXES) and not is_junk(name))
    batches = (tuple(names[start : start + CHECKED_AT_ONCE]) for start in range(0, len(names), CHECKED_AT_ONCE))
    checked = executor.submit(partial(_checked, images, boxes), batches)
    found = sorted((pair for _, pairs in checked for pair in pairs), key=lambda pair: pair[0])
    good = tuple(source for _, source in found if isinstance(source, Source))
    complaints = tuple(complaint for _, complaint in found if isinstance(complaint, str))
    if boxes is not None and good and not any(source.boxes for source in good):
        raise TiltyardError(f"{boxes}: holds boxes of none of the pictures: name them like those, NAME.txt or NAME.csv")
    return Found(good, complaints)


def read_files(images: Path, boxes: Path | None, source: Source) -> Files:
    """Both files as they are now; TiltyardError where one cannot be read or was changed since it was checked."""
    files = _read(images / source.name, None if boxes is None or source.boxes is None else boxes / source.boxes)
    if _digest(files) != source.digest:
        raise TiltyardError(f"{images / source.name}: changed (or its boxes did) since the run began: start again")
    return files


def picture_of(files: Files, name: str, *, long_side: int | None) -> Picture:
    """The decoded picture with its lines, shrunk to `long_side` where it is longer."""
    read = decode_picture(files.picture, name)
    pixels = np.ascontiguousarray(read.pixels)
    height, width = pixels.shape[:2]
    lines = parse_boxes(files.boxes, (width, height), f"boxes of {name}") if files.boxes is not None else ()
    picture = Picture(pixels, lines, saved=saving_of(files.picture), source=name)
    scale = (long_side or max(width, height)) / max(width, height)
    return picture if scale >= 1 else _shrunk(picture, scale)


def _shrunk(picture: Picture, scale: float) -> Picture:
    """What its compression left in it is gone: it counts as saved without loss."""
    width, height = (max(1, round(side * scale)) for side in picture.size)
    pixels = np.asarray(cv2.resize(picture.pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    moved = picture.moved(pixels, np.diag([width / picture.size[0], height / picture.size[1], 1.0]))
    return Picture(moved.pixels, moved.lines, saved=Saving(), source=picture.source)


def _checked(images: Path, boxes: Path | None, names: Iterable[str]) -> list[tuple[str, Source | str]]:
    return [(name, found) for name in names for found in _looked_at(images, boxes, name)]


def _looked_at(images: Path, boxes: Path | None, name: str) -> Iterator[Source | str]:
    try:
        beside = _boxes_of(boxes, name)
        files = _read(images / name, None if boxes is None or beside is None else boxes / beside)
        picture_of(files, name, long_side=None)
        yield Source(name, beside, _digest(files))
    except TiltyardError as error:
        yield str(error)


def _boxes_of(boxes: Path | None, name: str) -> str | None:
    """The first that is there of `NAME.txt` and `NAME.csv`."""
    beside = [str(Path(name).with_suffix(ending)) for ending in BOX_ENDINGS]
    return next((each for each in beside if boxes is not None and (boxes / each).exists()), None)


def _read(picture: Path, boxes: Path | None) -> Files:
    return Files(read_picture_bytes(picture), None if boxes is None else read_boxes_bytes(boxes))


def _digest(files: Files) -> str:
    parts = (files.picture, b"" if files.boxes is None else files.boxes)
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
