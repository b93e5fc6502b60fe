"""Defended models: a model is handed in and attacked by every attack of the challenge.

An item is robust if its clean image is classified rightly and every attack failed on it. Score: share of robust items
times 100, for models whose clean accuracy reaches the challenge's floor. Weights for a known network are loaded here;
a program runs in the jail, answers logits and vector–Jacobian products on the wire, and sees no label. A program that
does not answer a question alike at every visit scores 0.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from pydantic import BaseModel, PositiveInt

from tiltyard.contest.entry import Entry, EntryFormat
from tiltyard.contest.loading import below, checked_settings, file_of, inside, needed
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard, Track, TrackData
from tiltyard.tracks.model_format import MODEL


class Settings(BaseModel):
    """What a challenge may say beside the defence challenge."""

    items: PositiveInt | None = None
    """Only the first so many images."""


class Defence(Track):
    """Entries of kind `model` against the attacks of a challenge."""

    name: ClassVar[str] = "defence"
    title: ClassVar[str] = "Defended models"
    version: ClassVar[str] = "1"
    entries: ClassVar[tuple[EntryFormat, ...]] = (MODEL,)
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("score", "%", higher_is_better=True, decimals=4),
        Metric("clean", "%", higher_is_better=True, decimals=2),
    )
    keys: ClassVar[tuple[str, ...]] = ("attack", "item")
    cluster: ClassVar[str] = "item"
    parts: ClassVar[str] = "attacks"

    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> TrackData:
        """A file or the folder of a `defence.toml`, else a shipped one; settings: `items`."""
        from tiltyard.tracks.defence_challenge import load_challenge, shipped_challenges

        chosen, shipped = checked_settings(self.name, settings, Settings), shipped_challenges()
        if below(folder, where) is None and where in shipped:
            return load_challenge(where, items=chosen.items)
        found = inside(folder, file_of(needed(folder, where, shipped=shipped), "defence.toml"))
        return load_challenge(str(found), items=chosen.items, enclosed=True)

    def cluster_values(self, data: Any) -> Sequence[str]:
        """The images' names."""
        return list(data.images.names)

    def read(self, path: Path) -> Entry:
        """`model.safetensors` with `model.toml`, or `model.pt2`, in a zip or folder; or a `.pt2` file."""
        from tiltyard.tracks.defended import read_model

        return read_model(path)

    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        """One shard an attack."""
        return [Shard(attack.label, len(data.images)) for attack in data.spec.attacks]

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        """One attack on the model; programs and stored attacks in the jail unless `run.trust`. JailUnavailable."""
        from tiltyard.tracks.defence_run import measure_attack

        return measure_attack(entry, shard, data, run)

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        """Robust items over items × 100 under the worst of all attacks; 0 below the floor, or where the model failed.

        The floor is compared with the clean accuracy over all items, also where `rows` are a part of them.
        """
        parts = tuple(_part(fact, rows) for fact in facts)
        reason = _failure(facts)
        values = {"score": 0.0 if reason or rows.is_empty() else 100 * _robust(rows)}
        if not rows.is_empty():
            values["clean"] = 100 * _share(rows["predicted"] == rows["label"])
        return Score(values, parts, reason)


def _failure(facts: Facts) -> str:
    for fact in facts:
        if fact["failure"]:
            return f"under attack {fact['shard']}: {fact['failure']}"
    for fact in facts:
        clean = fact["clean_right"] / fact["items"]
        if clean < fact["floor"]:
            return f"clean accuracy {clean:.4g} is below the floor {fact['floor']:g}"
    return ""


def _robust(rows: pl.DataFrame) -> float:
    """Every item weighs as often as it is drawn: a resample holds all of its rows so many times."""
    return _share(rows.select(pl.col("robust").all().over("item"))["robust"])


def _share(column: pl.Series) -> float:
    return float(column.mean() or 0.0)  # type: ignore[arg-type]


def _part(fact: Mapping[str, Any], rows: pl.DataFrame) -> dict[str, Any]:
    copied = ("forwards", "gradients", "forwards_allowed", "gradients_allowed", "seconds", "items", "failure")
    mine = rows.filter(pl.col("attack") == fact["shard"]) if not rows.is_empty() else rows
    robust = 0.0 if fact["failure"] or mine.is_empty() else 100 * _share(mine["robust"])
    return {
        "name": fact["shard"],
        "score": robust,
        **{name: fact[name] for name in copied},
        "attack_failure": fact["attack_failure"],
    }
