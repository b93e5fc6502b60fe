"""The organiser's side of the credential track: the true regions, sizes, document groups, and settings."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tiltyard.contest.files import read_bounded
from tiltyard.contest.names import shown, shown_path
from tiltyard.contest.settings import read_settings
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.forensics.credential_table import CredentialTable, check_inside, read_table
from tiltyard.forensics.csv_table import MOST_BYTES, read_columns
from tiltyard.forensics.scoring.polygons import Regions

TRUTH, SAMPLES, SETTINGS = "truth.csv", "samples.csv", "credential.toml"
SIZE, GROUP = ("Width", "Height"), "Group"
KNOWN = ("source", "width", "height", "kind", "family")
"""Columns of `samples.csv` that are used where they are there."""


class CredentialSettings(BaseModel):
    """`credential.toml`, all of it optional."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    """What the data is called; by default the name of its folder."""
    iou: float = Field(default=0.5, gt=0, le=1)
    """Where a true and a claimed region match; unpublished in the contest."""
    public_share: float = Field(default=1.0, gt=0, le=1)
    """The share of document groups that the public score is of."""
    split_seed: int = Field(default=0, ge=0)
    """Decides which groups these are."""


@dataclass(frozen=True)
class Truth:
    """The test files in the order of `truth.csv`."""

    paths: tuple[str, ...]
    places: Mapping[str, int]
    regions: Regions
    sizes: NDArray[np.float64]
    """(n, 2) width and height, NaN where unknown."""
    labels: Mapping[str, tuple[str, ...]]
    """n values each of `group` (the file's own name where it is unknown) and, if known, of `kind` and `family`."""

    def column(self, label: str, chosen: NDArray[np.int64]) -> list[str | None]:
        """What is known of the chosen files."""
        values = self.labels.get(label)
        return [values[index] if values else None for index in chosen.tolist()]


@dataclass(frozen=True)
class CredentialData:
    """Where the truth lies; it is read once in each process that needs it."""

    path: Path
    name: str
    version: str
    settings: CredentialSettings

    @property
    def truth(self) -> Truth:
        """TiltyardError where it was changed since it was opened."""
        return _read(self.path, self.settings.iou, self.version)


def load_credentials(path: Path, *, iou: float | None = None) -> CredentialData:
    """Opens a `truth.csv`, or the folder that holds one, with `samples.csv` and `credential.toml` beside it if there.

    TiltyardError where the truth breaks its own format. `version` is a SHA-256 over the tables and the threshold.
    """
    path = (path / TRUTH if path.is_dir() else path).absolute()
    beside = path.parent / SETTINGS
    settings = read_settings(beside, CredentialSettings) if beside.is_file() else CredentialSettings()
    if iou is not None:
        if not 0 < iou <= 1:
            raise TiltyardError(f"IoU threshold {iou:g}: write a number above 0, at most 1")
        settings = settings.model_copy(update={"iou": iou})
    version = _version(*_contents(path), settings.iou)
    _read(path, settings.iou, version)
    return CredentialData(path, settings.name or shown_path(path.parent), version, settings)


@lru_cache(maxsize=1)
def _read(path: Path, iou: float, version: str) -> Truth:
    content, more = _contents(path)
    if _version(content, more, iou) != version:
        raise TiltyardError(f"{path}: was changed since the evaluation began")
    try:
        table = read_table(content, shown_path(path), numbers=SIZE, texts=(GROUP,))
        known = read_columns(more, SAMPLES, key="name", optional=KNOWN) if more else {}
        if not table.paths:
            raise TiltyardError(f"{path}: lists no test file")
        truth = _truth(table, known)
        check_inside(table, truth.sizes)
    except EntryError as error:
        raise TiltyardError(f"truth in {path.parent}: {error}") from None
    return truth


def _contents(path: Path) -> tuple[bytes, bytes]:
    """The truth, and what is told of its files beside it, if anything is."""
    samples = path.parent / SAMPLES
    return _content(path), _content(samples) if samples.is_file() else b""


def _version(content: bytes, more: bytes, iou: float) -> str:
    digests = [hashlib.sha256(part).hexdigest() for part in (content, more)]
    return hashlib.sha256(json.dumps([*digests, iou]).encode()).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return read_bounded(path, MOST_BYTES, str(path.parent), path.name, follow=True)
    except EntryError as error:
        raise TiltyardError(f"truth {error}") from None


def _truth(table: CredentialTable, known: Mapping[str, Sequence[str]]) -> Truth:
    rows = _rows_of(table.paths, known.get("name", ()))
    labels = {
        label: tuple(known[column][row] for row in rows)
        for label, column in (("group", "source"), ("kind", "kind"), ("family", "family"))
        if column in known
    }
    groups = table.texts.get(GROUP, labels.get("group", table.paths))
    labels["group"] = tuple(group or path for group, path in zip(groups, table.paths, strict=True))
    places = {path: place for place, path in enumerate(table.paths)}
    return Truth(table.paths, places, table.regions, _sizes(table, known, rows), labels)


def _rows_of(paths: Sequence[str], names: Sequence[str]) -> list[int]:
    """The line of `samples.csv` that tells of each file, by its path or its name, with or without the suffix."""
    if not names:
        return []
    index = {name: row for row, name in enumerate(names)}
    rows = []
    for path in paths:
        file = PurePosixPath(path)
        row = index.get(path, index.get(file.name, index.get(file.stem)))
        if row is None:
            raise TiltyardError(f"{SAMPLES}: says nothing of {shown(path)}, which {TRUTH} lists")
        rows.append(row)
    return rows


def _sizes(table: CredentialTable, known: Mapping[str, Sequence[str]], rows: Sequence[int]) -> NDArray[np.float64]:
    own = [table.numbers.get(name) for name in SIZE]
    if own[0] is not None and own[1] is not None:
        return np.stack([own[0], own[1]], axis=1)
    if "width" in known and "height" in known:
        return np.array([[_size(known[name][row]) for name in ("width", "height")] for row in rows])
    return np.full((len(table.paths), 2), np.nan)


def _size(text: str) -> float:
    """NaN where nothing is said."""
    if not text:
        return math.nan
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise TiltyardError(f"{SAMPLES}: {shown(text)} is no width or height: write whole pixels")
    return float(text)
