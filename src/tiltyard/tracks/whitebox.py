"""White-box attacks on defended models, by the rules of CVPR 2021 (Security AI Challenger phase 6, track 1; ARES).

An attack sees logits and their vector–Jacobian products, and nothing else. Each model answers a total number of
forward and backward passes; over it, over time, or after an error, the whole entry scores 0. What the attack returns
is clipped into the eps ball, then into the range, and judged by us. Score: mean over models of the share of images
that are misclassified then (clean mistakes included), times 100.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from pydantic import BaseModel, PositiveInt

from tiltyard.contest.entry import Entry, EntryFormat, open_entry, text_entry
from tiltyard.contest.loading import below, checked_settings, file_of, inside, needed
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard, Track, TrackData

ATTACK = EntryFormat(
    "attack",
    required=("attacker/__init__.py", "attacker/attacker.py", "attacker.py", "__init__.py"),
    suffixes=(".zip", ".py"),
    max_files=2000,
    max_bytes=64 << 20,
)
NAMED = """from tiltyard.attacks.attacker import attacker_for

Attacker = attacker_for({name!r})
"""


class Settings(BaseModel):
    """What a challenge may say beside the pool."""

    items: PositiveInt | None = None
    """Only the first so many images of each data set."""
    files: str | None = None
    """Where the pool's relative paths start, below the challenge's folder; by default beside the pool file."""


class WhiteBox(Track):
    """Entries of kind `attack` against a pool of models."""

    name: ClassVar[str] = "whitebox"
    title: ClassVar[str] = "White-box attacks on defended models"
    version: ClassVar[str] = "1"
    entries: ClassVar[tuple[EntryFormat, ...]] = (ATTACK,)
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("score", "%", higher_is_better=True, decimals=4),)
    keys: ClassVar[tuple[str, ...]] = ("model", "item")
    cluster: ClassVar[str] = "item"
    stratum: ClassVar[str | None] = "data"
    parts: ClassVar[str] = "models"
    data_is_code: ClassVar[bool] = True

    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> TrackData:
        """A pool file or the folder of a `pool.toml`, else a shipped pool; settings: `items`, `files`."""
        from tiltyard.defences.pool import load_pool, shipped_pools

        chosen, shipped = checked_settings(self.name, settings, Settings), shipped_pools()
        if below(folder, where) is None and where in shipped:
            pool = shipped[where]
        else:
            pool = inside(folder, file_of(needed(folder, where, shipped=shipped), "pool.toml"))
        files = None if chosen.files is None else needed(folder, chosen.files)
        found = load_pool(str(pool), folder=files, items=chosen.items, enclosed=True)
        found.check()
        return found

    def cluster_values(self, data: Any) -> Sequence[str]:
        """DATA/NAME of the images of all data sets that a model answers to."""
        used = dict.fromkeys(model.data for model in data.spec.models)
        return [f"{name}/{image}" for name in used for image in data.images(name).names]

    def read(self, path: Path) -> Entry:
        """A zip or folder that holds the package `attacker` (or is its content), or a single .py file."""
        if path.suffix == ".py" and path.is_file():
            entry = open_entry(path, replace(ATTACK, required=()))
            return text_entry(path.name, ATTACK, member="attacker.py", content=entry.read(path.name))
        return open_entry(path, ATTACK)

    def named(self, attack: str) -> Entry:
        """An attack of the catalogue as an entry: run in the jail like everybody's."""
        content = NAMED.format(name=attack).encode()
        return text_entry(attack, ATTACK, member="attacker.py", content=content)

    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        """One shard a model."""
        return [
            Shard(model.name, len(data.images(model.data)), seconds=data.spec.seconds) for model in data.spec.models
        ]

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        """Attacks one model of the pool, in the jail unless `run.trust`. JailUnavailable where there is none."""
        from tiltyard.tracks.whitebox_run import attack_model

        return attack_model(entry, shard, data, run)

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        """Mean over models × 100; 0 with the reason where any model's run failed or all together took too long."""
        reason = _failure(facts)
        shares = _shares(rows)
        parts = tuple(_part(fact, shares) for fact in facts)
        if reason:
            return Score({"score": 0.0}, parts, reason)
        return Score({"score": 100 * sum(shares.values()) / max(1, len(shares))}, parts)


def _shares(rows: pl.DataFrame) -> dict[str, float]:
    """Misclassified images over images, by model."""
    if rows.is_empty():
        return {}
    by_model = rows.group_by("model").agg(pl.col("misclassified").mean())
    return dict(sorted(zip(by_model["model"].to_list(), by_model["misclassified"].to_list(), strict=True)))


def _failure(facts: Facts) -> str:
    for fact in facts:
        if fact["failure"]:
            return f"model {fact['shard']}: {fact['failure']}"
    seconds = sum(fact["seconds"] for fact in facts)
    limit = min((fact["seconds_allowed"] for fact in facts), default=seconds)
    if seconds > limit:
        return f"time limit: all models together took {seconds:.0f} s, {limit:.0f} s are allowed"
    return ""


def _part(fact: Mapping[str, Any], shares: Mapping[str, float]) -> dict[str, Any]:
    copied = ("forwards", "gradients", "forwards_allowed", "gradients_allowed", "seconds", "items", "failure")
    share = shares.get(fact["shard"])
    score = 0.0 if fact["failure"] or share is None else 100 * share
    return {"name": fact["shard"], "score": score, **{name: fact[name] for name in copied}}
