"""What a detector hands in to the contests for a folder of pictures: a zip of masks, a zip of maps, a table."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.contest.executor import ONE_THREAD, Executor, Here, Processes
from tiltyard.contest.files import replaced
from tiltyard.errors import TiltyardError
from tiltyard.forensics.detectors import Detector, Located, find_detector
from tiltyard.forensics.forging.truth import Polygon, polygons_of
from tiltyard.forensics.picture import Mask

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
PLACES = ("part-*/images/*", "images/*", "*")
"""A contact sheet that lies beside the parts of a set is no picture of it."""
MOST_POINTS = 6000
"""Corners in all polygons of one picture, so that they fit into one field of the contest's table."""
FEW = 4
"""Pictures that are done before another process has started."""

Progress = Callable[[int, int], None]
"""Called with the pictures that are done and those that there are."""
Answer = TypeVar("Answer")
Line = tuple[str, str, str]
"""Path, polygons, score."""


def unheard(done: int, total: int) -> None:
    """The progress that nobody watches."""


def hand_in(
    name: str,
    images: Path,
    *,
    masks: Path | None = None,
    maps: Path | None = None,
    table: Path | None = None,
    jobs: int | None = None,
    progress: Progress = unheard,
) -> None:
    """Runs the detector of that name once over the pictures and writes what is asked for.

    `masks`: a zip with `images/STEM.png`, 255 where the detector holds the picture for forged, else 0; `maps`: the same
    with grey values, lighter where it is surer; `table`: a CSV `Path,Polygon,Score`, whose path is the file's own name.

    `images` holds the pictures directly, in `images/`, or in `part-*/images/`. All cores work unless `jobs` says less;
    the bytes are the same. TiltyardError names a picture that cannot be read, and two that would share a name.
    """
    pictures = pictures_in(images)
    _check_distinct(pictures, [picture.stem if masks or maps else picture.name for picture in pictures])
    wanted = _Wanted(masks is not None, maps is not None, table is not None)
    task = partial(_handed_in, find_detector(name), wanted)
    with ExitStack() as open_files:
        in_masks, in_maps = (open_files.enter_context(_zip(target)) for target in (masks, maps))
        in_table = open_files.enter_context(_table(table))
        for picture, found in zip(pictures, _in_order(task, pictures, jobs, progress), strict=True):
            member = f"images/{picture.stem}.png"
            if in_masks:
                in_masks.writestr(zipfile.ZipInfo(member), found.mask)
            if in_maps:
                in_maps.writestr(zipfile.ZipInfo(member), found.map)
            if in_table:
                in_table(found.line)


def pictures_in(images: Path) -> list[Path]:
    """The pictures of a folder or of a set that `tiltyard forge` wrote, by name; TiltyardError where there are none."""
    for pattern in PLACES:
        found = sorted(path for path in images.glob(pattern) if path.suffix.lower() in SUFFIXES)
        if found:
            return found
    raise TiltyardError(f"{images}: holds no pictures, neither itself nor in images/ or part-*/images/")


def _check_distinct(pictures: Sequence[Path], names: Sequence[str]) -> None:
    seen: dict[str, Path] = {}
    for picture, name in zip(pictures, names, strict=True):
        if name in seen:
            raise TiltyardError(f"{seen[name]} and {picture}: both would be handed in as {name}: rename one")
        seen[name] = picture


def _in_order(
    task: Callable[[Path], Answer], pictures: Sequence[Path], jobs: int | None, progress: Progress
) -> Iterator[Answer]:
    """The answers in the order of the pictures, however they arrive."""
    early: dict[Path, Answer] = {}
    waiting = iter(pictures)
    following = next(waiting, None)
    for done, (picture, answer) in enumerate(_executor(len(pictures), jobs).submit(task, pictures), 1):
        early[picture] = answer
        progress(done, len(pictures))
        while following in early:
            yield early.pop(following)
            following = next(waiting, None)


def _executor(pictures: int, jobs: int | None) -> Executor:
    workers = min(jobs or len(os.sched_getaffinity(0)), pictures)
    return Here() if workers == 1 or pictures <= FEW else Processes(workers, environment=ONE_THREAD)


@contextmanager
def _zip(target: Path | None) -> Iterator[zipfile.ZipFile | None]:
    if target is None:
        yield None
        return
    with replaced(target) as place, zipfile.ZipFile(place, "w") as archive:
        yield archive


@contextmanager
def _table(target: Path | None) -> Iterator[Callable[[Line], object] | None]:
    if target is None:
        yield None
        return
    with replaced(target) as place, place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("Path", "Polygon", "Score"))
        yield writer.writerow


@dataclass(frozen=True)
class _Wanted:
    """What is to be made of an answer: the rest would be encoded for nothing."""

    mask: bool
    map: bool
    line: bool


@dataclass(frozen=True)
class _HandedIn:
    """What is handed in for one picture; empty where it is not wanted."""

    mask: bytes
    map: bytes
    line: Line


def _handed_in(detector: Detector, wanted: _Wanted, path: Path) -> _HandedIn:
    found = _located(detector, path)
    return _HandedIn(
        _png(np.where(found.mask, 255, 0).astype(np.uint8)) if wanted.mask else b"",
        _png(found.map) if wanted.map else b"",
        _line(path, found) if wanted.line else ("", "", ""),
    )


def _line(path: Path, found: Located) -> Line:
    polygons = json.dumps([[_shortest(point) for point in one] for one in _fitting(found.mask)], separators=(",", ":"))
    return path.name, polygons, f"{found.score:.4f}"


def _located(detector: Detector, path: Path) -> Located:
    """Processes share the cores among themselves, so none needs threads of its own."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return detector.locate(path)
    finally:
        cv2.setNumThreads(before)


def _fitting(mask: Mask) -> list[Polygon]:
    """The polygons of a mask from the largest on, as many as a table takes."""
    kept: list[Polygon] = []
    points = 0
    for polygon in sorted(polygons_of(mask), key=_area, reverse=True):
        points += len(polygon)
        if points > MOST_POINTS:
            break
        kept.append(polygon)
    return kept


def _area(polygon: Polygon) -> float:
    return abs(float(cv2.contourArea(np.asarray(polygon, np.float32))))


def _shortest(point: tuple[float, float]) -> list[float]:
    return [int(value) if value == int(value) else value for value in point]


def _png(values: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
