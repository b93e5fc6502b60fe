"""What a detector hands in to the contests: a zip of masks, a zip of maps, or a table, for a folder of pictures."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.contest.executor import ONE_THREAD, Executor, Here, Processes
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


def unheard(done: int, total: int) -> None:
    """The progress that nobody watches."""


def hand_in_masks(
    name: str, images: Path, target: Path, *, jobs: int | None = None, progress: Progress = unheard
) -> None:
    """Writes a zip with `images/STEM.png`: 255 where the detector of that name holds the picture for forged, else 0.

    `images` holds the pictures directly, in `images/`, or in `part-*/images/`. All cores work unless `jobs` says less;
    the bytes are the same. TiltyardError names a picture that cannot be read, and two that would share a mask.
    """
    _write_zip(partial(_mask_file, find_detector(name)), images, target, jobs, progress)


def hand_in_maps(
    name: str, images: Path, target: Path, *, jobs: int | None = None, progress: Progress = unheard
) -> None:
    """The same with grey maps, lighter where the detector is surer."""
    _write_zip(partial(_map_file, find_detector(name)), images, target, jobs, progress)


def hand_in_table(
    name: str, images: Path, target: Path, *, jobs: int | None = None, progress: Progress = unheard
) -> None:
    """Writes a CSV `Path,Polygon,Score` with one line a picture, whose path is the file's own name."""
    pictures = pictures_in(images)
    _check_distinct(pictures, [picture.name for picture in pictures])
    lines = _in_order(partial(_line, find_detector(name)), pictures, jobs, progress)
    with _replaced(target) as place, place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("Path", "Polygon", "Score"))
        writer.writerows(lines)


def pictures_in(images: Path) -> list[Path]:
    """The pictures of a folder or of a set that `tiltyard forge` wrote, by name; TiltyardError where there are none."""
    for pattern in PLACES:
        found = sorted(path for path in images.glob(pattern) if path.suffix.lower() in SUFFIXES)
        if found:
            return found
    raise TiltyardError(f"{images}: holds no pictures, neither itself nor in images/ or part-*/images/")


def _write_zip(task: Callable[[Path], bytes], images: Path, target: Path, jobs: int | None, progress: Progress) -> None:
    pictures = pictures_in(images)
    _check_distinct(pictures, [picture.stem for picture in pictures])
    with _replaced(target) as place, zipfile.ZipFile(place, "w") as archive:
        for picture, content in zip(pictures, _in_order(task, pictures, jobs, progress), strict=True):
            archive.writestr(zipfile.ZipInfo(f"images/{picture.stem}.png"), content)


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
def _replaced(target: Path) -> Iterator[Path]:
    """A place to write to that becomes the target once all is written."""
    place = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield place
        place.replace(target)
    finally:
        place.unlink(missing_ok=True)


def _mask_file(detector: Detector, path: Path) -> bytes:
    return _png(np.where(_located(detector, path).mask, 255, 0).astype(np.uint8))


def _map_file(detector: Detector, path: Path) -> bytes:
    return _png(_located(detector, path).map)


def _line(detector: Detector, path: Path) -> tuple[str, str, str]:
    found = _located(detector, path)
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
