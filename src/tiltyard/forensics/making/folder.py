"""A set in a folder: parts that are there whole or not at all, so that any run can be killed and gone on with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tiltyard.contest.evaluation import write_atomically
from tiltyard.contest.executor import Executor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.joined import join
from tiltyard.forensics.making.part import RECIPE, PartInWork, part_name, sweep
from tiltyard.forensics.making.pieces import Made, Piece, indices_of, make, parts_of, pieces_of
from tiltyard.forensics.making.series import Series
from tiltyard.forensics.making.versions import as_json, differences

Progress = Callable[[int, int], None]
"""Called with the samples that are there and those that there will be, of this shard."""


@dataclass(frozen=True)
class Shard:
    """Every N-th part: what one of N machines makes. Numbers start at 1."""

    number: int = 1
    of: int = 1

    def parts(self, series: Series) -> range:
        return range(self.number - 1, parts_of(series), self.of)


@dataclass
class Written:
    """What a run did."""

    samples: int = 0
    """Made by this run."""
    found: int = 0
    """There before it, in parts of its shard."""
    passed_over: int = 0
    """Pictures of the user's that had no place for any of the operations."""
    seconds: float = 0.0
    """Processor time of the workers."""
    bytes: int = 0
    missing_parts: int = 0
    """Parts of other shards that are not there yet; 0: the whole set is joined."""
    kinds: dict[str, int] = field(default_factory=dict)


def write_set(
    series: Series,
    folder: Path,
    executor: Executor,
    *,
    shard: Shard = Shard(),
    carried: bool = False,
    progress: Progress = lambda done, total: None,
) -> Written:
    """Makes every part of the shard that is not there and joins the set once all parts of all shards are.

    `carried`: the executor's machines do not share this disk. TiltyardError where the folder holds another set.
    """
    described = as_json(series.described())
    _claim(folder, described)
    sweep(folder)
    waiting = [part for part in shard.parts(series) if not is_there(folder, part, described)]
    written = Written(found=sum(len(indices_of(series, part)) for part in shard.parts(series) if part not in waiting))
    total = written.found + sum(len(indices_of(series, part)) for part in waiting)
    progress(written.found, total)
    pieces = (piece for part in waiting for piece in pieces_of(series, part, carried=carried))
    with _Desk(series, folder, described) as desk:
        for piece, made in executor.submit(partial(make, series, described), pieces):
            desk.take(piece, made)
            _count(written, made)
            progress(written.found + written.samples + written.passed_over, total)
    written.missing_parts = sum(not is_there(folder, part, described) for part in range(parts_of(series)))
    if not written.missing_parts:
        join(folder, parts_of(series))
    return written


def is_there(folder: Path, part: int, described: Mapping[str, Any]) -> bool:
    """Whether a part is finished; TiltyardError where it was made by another recipe and copied here."""
    place = folder / part_name(part)
    if not place.is_dir():
        return False
    _check_same(place, described)
    return True


def read_description(folder: Path) -> dict[str, Any]:
    """The recipe.json of a set or a part; TiltyardError where there is none."""
    try:
        return dict(json.loads((folder / RECIPE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise TiltyardError(f"{folder}: holds no {RECIPE}: name a folder that `tiltyard forge` wrote") from None
    except (OSError, ValueError, TypeError, RecursionError):
        raise TiltyardError(f"{folder / RECIPE}: cannot be read: choose another folder") from None


def as_file(described: Mapping[str, Any]) -> bytes:
    return json.dumps(described, indent=1, ensure_ascii=False).encode() + b"\n"


def _check_same(folder: Path, described: Mapping[str, Any]) -> None:
    differing = differences(read_description(folder), described)
    if differing:
        told = "; ".join(differing[:3])
        raise TiltyardError(f"{folder}: was begun with another recipe ({told}): choose another folder")


def _claim(folder: Path, described: Mapping[str, Any]) -> None:
    if (folder / RECIPE).exists():
        _check_same(folder, described)
        return
    if folder.exists() and (not folder.is_dir() or any(not path.name.startswith(".") for path in folder.iterdir())):
        raise TiltyardError(f"{folder}: is not an empty folder and holds no {RECIPE}: choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / RECIPE, as_file(described))
    except OSError as error:
        raise TiltyardError(f"{folder}: cannot be written ({error.strerror}): choose another folder") from None


def _count(written: Written, made: Made) -> None:
    written.samples += len(made.samples)
    written.passed_over += made.passed_over
    written.seconds += made.seconds
    for sample in made.samples:
        written.bytes += len(sample.image) + len(sample.mask)
        kind = sample.facts["kind"]
        written.kinds[kind] = written.kinds.get(kind, 0) + 1


class _Desk:
    """Lays each piece where it belongs; what is not whole at the end is taken away."""

    def __init__(self, series: Series, folder: Path, described: Mapping[str, Any]) -> None:
        self.series, self.folder, self.recipe = series, folder, as_file(described)
        self.open: dict[int, PartInWork] = {}

    def __enter__(self) -> "_Desk":
        return self

    def take(self, piece: Piece, made: Made) -> None:
        if piece.part not in self.open:
            samples = len(indices_of(self.series, piece.part))
            self.open[piece.part] = PartInWork(self.folder, piece.part, samples=samples, recipe=self.recipe)
        part = self.open[piece.part]
        part.add(made)
        if part.is_whole:
            self.open.pop(piece.part).finish()

    def __exit__(self, *_: object) -> None:
        for part in self.open.values():
            part.discard()
