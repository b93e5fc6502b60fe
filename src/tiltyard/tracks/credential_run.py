"""How a table of claims is checked against the test files and measured, some thousand of them at a time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tiltyard.contest.entry import Entry
from tiltyard.contest.names import shown
from tiltyard.contest.run import Run, Step
from tiltyard.contest.track import Measured, Shard
from tiltyard.errors import EntryError
from tiltyard.forensics.credential_table import CredentialTable, check_inside, read_table
from tiltyard.forensics.scoring.regions import match_levels, snapped
from tiltyard.tracks.credential_data import CredentialData, Truth

SHARD_FILES = 4000


@dataclass(frozen=True)
class Claims:
    """A table and where each file stands in it."""

    table: CredentialTable
    places: Mapping[str, int]


@lru_cache(maxsize=1)
def claims_of(entry: Entry) -> Claims:
    """The table of an entry, read once a process. EntryError."""
    (member,) = entry.members
    table = read_table(entry.read(member), entry.name)
    return Claims(table, {path: place for place, path in enumerate(table.paths)})


def plan_shards(entry: Entry, data: CredentialData) -> list[Shard]:
    """Shards in the order of the truth; EntryError where the table does not fit the test files."""
    claims, truth = claims_of(entry).table, data.truth
    _check_files(claims, truth)
    check_inside(claims, truth.sizes[[truth.places[path] for path in claims.paths]])
    files = len(truth.paths)
    return [Shard(f"{start + 1:07d}", min(SHARD_FILES, files - start)) for start in range(0, files, SHARD_FILES)]


def _check_files(claims: CredentialTable, truth: Truth) -> None:
    known = set(truth.paths)
    for path, line in zip(claims.paths, claims.lines.tolist(), strict=True):
        if path not in known:
            raise EntryError(f"{claims.where}: line {line}: {shown(path)}: no such test file")
    missing = known.difference(claims.paths)
    if missing:
        first = next(path for path in truth.paths if path in missing)
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise EntryError(f"{claims.where}: lacks the test file {shown(first)}{others}: each must stand there once")


def measure_files(entry: Entry, shard: Shard, data: CredentialData, run: Run) -> Measured:
    """One row a file of the shard; its `overlaps` are the levels of `match_levels`."""
    started = time.perf_counter()
    claims, truth = claims_of(entry), data.truth
    first = int(shard.name) - 1
    chosen = np.arange(first, first + shard.items)
    run.progress(Step(shard.name, 0, shard.items))
    rows = _rows(claims, truth, chosen, iou=data.settings.iou)
    run.progress(Step(shard.name, shard.items, shard.items))
    facts = {
        "shard": shard.name,
        "items": shard.items,
        "forged": int(rows["forged"].sum()),
        "scored": claims.table.scores is not None,
        "iou": data.settings.iou,
        "seconds": time.perf_counter() - started,
    }
    return Measured(rows, facts)


def _rows(claims: Claims, truth: Truth, chosen: NDArray[np.int64], *, iou: float) -> pl.DataFrame:
    paths = [truth.paths[index] for index in chosen.tolist()]
    places = np.array([claims.places[path] for path in paths], np.int64)
    ours, theirs = truth.regions.take(chosen), claims.table.regions.take(places)
    levels, least = match_levels(ours, theirs, names=paths), float(snapped(iou))
    scores = claims.table.scores
    return pl.DataFrame(
        {
            "item": paths,
            "group": truth.column("group", chosen),
            "kind": truth.column("kind", chosen),
            "family": truth.column("family", chosen),
            "truth": ours.counts,
            "found": theirs.counts,
            "matched": [sum(level >= least for level in row) for row in levels],
            "overlaps": levels,
            "forged": ours.counts > 0,
            "score": None if scores is None else scores[places],
        },
        schema_overrides={"matched": pl.Int64, "overlaps": pl.List(pl.Float64), "score": pl.Float64},
    )
