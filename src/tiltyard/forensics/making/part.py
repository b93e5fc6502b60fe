"""One part of a set while it is written: a folder of another name, renamed when it is whole."""

import csv
import fcntl
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from tiltyard.forensics.making.pieces import Made
from tiltyard.forensics.making.series import COLUMNS

IMAGES, MASKS, TRUTH, SAMPLES, RECIPE = "images", "masks", "truth.csv", "samples.csv", "recipe.json"
IN_WORK = ".in-work-"
TRUTH_COLUMNS = ("Path", "Polygon")


def part_name(part: int) -> str:
    return f"part-{part:05d}"


class PartInWork:
    """Takes samples in any order. Whoever writes it holds a lock on its folder, which ends with the process."""

    def __init__(self, folder: Path, part: int, *, samples: int, recipe: bytes) -> None:
        self.final = folder / part_name(part)
        self.place, self.lock = _locked_folder(folder, self.final.name)
        self.left = samples
        self.rows: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
        (self.place / RECIPE).write_bytes(recipe)
        for name in (IMAGES, MASKS):
            (self.place / name).mkdir()

    @property
    def is_whole(self) -> bool:
        return self.left == 0

    def add(self, made: Made) -> None:
        for sample in made.samples:
            (self.place / IMAGES / sample.name).write_bytes(sample.image)
            (self.place / MASKS / f"{sample.stem}.png").write_bytes(sample.mask)
            polygons = json.dumps(sample.polygons, separators=(",", ":"))
            truth = {"Path": sample.name, "Polygon": polygons}
            self.rows[sample.index] = (truth, {"name": sample.name, **sample.facts})
        self.left -= len(made.samples) + made.passed_over

    def finish(self) -> None:
        """Now it counts; another process that made the same part at the same time made the same bytes."""
        ordered = [self.rows[index] for index in sorted(self.rows)]
        (self.place / TRUTH).write_bytes(as_csv(TRUTH_COLUMNS, (truth for truth, _ in ordered)))
        (self.place / SAMPLES).write_bytes(as_csv(COLUMNS, (facts for _, facts in ordered)))
        try:
            self.place.rename(self.final)
        except OSError:
            if not self.final.is_dir():
                raise
            shutil.rmtree(self.place)
        os.close(self.lock)

    def discard(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        os.close(self.lock)


def sweep(folder: Path) -> None:
    """Takes away what killed processes left; what a living one writes is locked, or lies where no lock can be had."""
    for place in folder.glob(f"{IN_WORK}*"):
        try:
            lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        if _locked(lock):
            shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def as_csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> bytes:
    """UTF-8, one header line, lines ended by a line feed."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _locked_folder(folder: Path, name: str) -> tuple[Path, int]:
    """It gets the name that `sweep` looks for only when it is locked."""
    mine = uuid.uuid4().hex
    fresh, place = folder / f".new-{mine}", folder / f"{IN_WORK}{name}-{mine}"
    fresh.mkdir()
    lock = os.open(fresh, os.O_RDONLY | os.O_DIRECTORY)
    _locked(lock)
    return fresh.rename(place), lock
