"""A track for tests of the queue: each line of an entry is a shard and says what measuring it does.

`ok N` gives N right items of four, `late N` the same after N seconds, `fail` breaks a rule, `bad` is an EntryError,
`bug` an error of ours, `jailless` finds no jail, `hang` never ends. Installed by `install` for this process and those
it starts.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tiltyard.contest.entry import Entry, EntryFormat, open_entry
from tiltyard.contest.run import Run, Step
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard, Track, TrackData
from tiltyard.errors import EntryError, JailUnavailable

TURNS = EntryFormat("turns", members=("*.txt",), required=("*.txt",), suffixes=(".txt",), max_files=1)
ITEMS = 4
SECONDS = 100.0
"""What the rules leave for all shards of an entry together."""
METADATA = "Metadata-Version: 2.1\nName: toy-turns\nVersion: 1\n"
ENTRY_POINTS = "[tiltyard.tracks]\nturns = toy_turns:Turns\nreads = toy_turns:Reads\n"


@dataclass(frozen=True)
class TurnsData:
    name: str = "turns"
    version: str = "0" * 64


class Turns(Track):
    name, title, version = "turns", "Turns", "1"
    entries = (TURNS,)
    metrics = (Metric("right", "%"), Metric("shards", of_items=False))
    keys = ("item",)
    cluster = "item"
    runs_code = True

    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> TrackData:
        return TurnsData()

    def read(self, path: Path) -> Entry:
        return open_entry(path, TURNS)

    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        lines = _lines(entry)
        if any(line.startswith("unfit") for line in lines):
            raise EntryError(f"{entry.name}: does not fit the data")
        return [Shard(f"turn-{number}", ITEMS, seconds=_allowed(line)) for number, line in enumerate(lines)]

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        turn, _, number = _lines(entry)[int(shard.name.removeprefix("turn-"))].partition(" ")
        _take(turn, number, shard, run)
        right = ITEMS if turn != "ok" else int(number)
        rows = pl.DataFrame(
            {
                "item": [f"{shard.name}/{item}" for item in range(ITEMS)],
                "right": [item < right for item in range(ITEMS)],
            }
        )
        failure = "broke a rule" if turn == "fail" else ""
        facts = {"shard": shard.name, "failure": failure, "seconds": 10.0, "allowed": shard.seconds, "pid": os.getpid()}
        return Measured(rows, facts, {f"{shard.name}.log": f"did {turn}".encode()})

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        reason = next((f"{fact['shard']}: {fact['failure']}" for fact in facts if fact["failure"]), "")
        share = 100 * float(rows["right"].mean() or 0)
        return Score({"right": 0.0 if reason else share, "shards": float(len(facts))}, (), reason)


class Reads(Turns):
    """The same for workers without a jail."""

    name, runs_code = "reads", False


def _allowed(line: str) -> float:
    return 2.0 if line == "hang" else SECONDS


def _lines(entry: Entry) -> list[str]:
    return entry.read(entry.members[0]).decode().splitlines()


def _take(turn: str, number: str, shard: Shard, run: Run) -> None:
    if turn == "bad":
        raise EntryError(f"{shard.name} is bad")
    if turn == "bug":
        raise ZeroDivisionError("a fault of ours")
    if turn == "jailless":
        raise JailUnavailable("no working jail here: bubblewrap: not installed. Cure: install it")
    if turn == "hang":
        time.sleep(3600)
    until = time.monotonic() + (float(number) if turn == "late" else 0)
    while time.monotonic() < until:
        run.progress(Step(shard.name, 1, ITEMS))
        time.sleep(0.05)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the track one of those installed, here and in processes started from here."""
    packaged = folder / "toy_turns-1.dist-info"
    packaged.mkdir()
    (packaged / "METADATA").write_text(METADATA)
    (packaged / "entry_points.txt").write_text(ENTRY_POINTS)
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), here, os.environ.get("PYTHONPATH", "")]))
