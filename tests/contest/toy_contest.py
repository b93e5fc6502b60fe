"""A contest small enough to check by hand: an entry is a bias, an item is right where bias and item add up to even."""

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tiltyard.contest import board, compare, verify
from tiltyard.contest.entry import Entry, EntryFormat, open_entry, write_zip
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard, Track
from tiltyard.errors import TiltyardError

TOY = EntryFormat("toy", required=("bias.txt",))
SCHEMA = {"item": pl.String, "group": pl.String, "right": pl.Boolean}


@dataclass(frozen=True)
class ToyData:
    name: str = "toys"
    version: str = "0" * 64
    shards: int = 4
    items: int = 6
    fails_from: int = 99
    """The first shard whose measurement breaks a rule."""
    dies_at: int = 99
    """The shard during which the process is killed."""


class ToyTrack(Track):
    name, title, version = "toy", "Toys", "1"
    entries = (TOY,)
    metrics = (Metric("score", "%"), Metric("wrong", higher_is_better=False))
    keys = ("group", "item")
    cluster, stratum = "item", "group"

    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> ToyData:
        return ToyData(**settings)

    def read(self, path: Path) -> Entry:
        return open_entry(path, TOY)

    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        return [Shard(f"shard{number}", data.items) for number in range(data.shards)]

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        number, bias = int(shard.name.removeprefix("shard")), int(entry.read("bias.txt"))
        if number == data.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        right = [(bias + number * item + run.seed) % 3 != 0 for item in range(data.items)]
        items = [f"{number}-{item}" for item in range(data.items)]
        rows = pl.DataFrame({"item": items, "group": [shard.name] * len(items), "right": right}, schema=SCHEMA)
        failure = "too slow" if number >= data.fails_from else ""
        facts = {"shard": shard.name, "failure": failure, "weight": 0.1 * number, "note": "é\n"}
        return Measured(rows, facts, {f"{shard.name}.log": f"measured {number}".encode()})

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        parts = tuple({"name": fact["shard"], "weight": fact["weight"]} for fact in facts)
        reason = next((f"{fact['shard']}: {fact['failure']}" for fact in facts if fact["failure"]), "")
        share = float(rows["right"].mean() or 0)
        return Score({"score": 0.0 if reason else 100 * share, "wrong": 1 - share}, parts, reason)


def find_toy(name: str) -> Track:
    if name != "toy":
        raise TiltyardError(f"no track named {name!r}: installed are toy")
    return ToyTrack()


@pytest.fixture
def toy_track(monkeypatch: pytest.MonkeyPatch) -> Track:
    """The toy contest, as though it were installed."""
    for module in (board, compare, verify):
        monkeypatch.setattr(module, "find_track", find_toy)
    return ToyTrack()


def toy_entry(folder: Path, bias: int = 1) -> Entry:
    path = folder / f"bias{bias}.zip"
    write_zip(path, {"bias.txt": str(bias).encode()})
    return ToyTrack().read(path)


def evaluated(folder: Path, *, bias: int = 1, data: ToyData | None = None, **options: Any) -> Evaluation:
    """The evaluation of a bias in `folder/out`, or where `out` says."""
    out = options.pop("out", folder / "out")
    run = options.pop("run", Run())
    return evaluate_entry(ToyTrack(), toy_entry(folder, bias), data or ToyData(), run, out, **options)


def without_times(evaluation: Evaluation) -> str:
    """All that two evaluations of one thing must share, as a text."""
    content = evaluation.record.as_json()
    for name in ("environment", "seal"):
        content.pop(name)
    return json.dumps([content, evaluation.rows.to_dicts()])
