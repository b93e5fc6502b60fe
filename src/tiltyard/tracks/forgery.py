"""Forged-image localisation: one binary mask an image, scored by F1 + IoU (Tianchi, Security AI Challenger phase 5).

An entry holds one PNG a test image in `images/`, of the image's name and size, 255 where it is forged and 0 elsewhere.
The score of an image is the sum of F1 and IoU of its pixels; that of an entry is the sum over images, 2 an image at
most. What an image scores whose masks are both empty is a setting (`iou`: IoU 1, F1 0; unconfirmed).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import BaseModel

from tiltyard.contest.entry import Entry, EntryFormat, open_entry
from tiltyard.contest.loading import checked_settings, needed
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard, Track, TrackData

MASKS = EntryFormat(
    "masks",
    members=("images/*.png",),
    required=("images/*.png",),
    max_files=200_000,
    max_bytes=16 << 30,
    max_member_bytes=128 << 20,
)


class Settings(BaseModel):
    """What a challenge may say beside the truth."""

    empty: Literal["iou", "both", "none"] | None = None
    """What scores where both masks are empty; by default what the truth's own file says."""


class Forgery(Track):
    """Entries of kind `masks` against the true masks of test images."""

    name: ClassVar[str] = "forgery"
    title: ClassVar[str] = "Forged-image localisation"
    version: ClassVar[str] = "1"
    entries: ClassVar[tuple[EntryFormat, ...]] = (MASKS,)
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("score"), Metric("mean"), Metric("f1"), Metric("iou"))
    keys: ClassVar[tuple[str, ...]] = ("item",)
    cluster: ClassVar[str] = "source"
    parts: ClassVar[str] = "kinds and families"
    runs_code: ClassVar[bool] = False

    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> TrackData:
        """The folder of true masks, with the test images beside them if they are there; settings: `empty`."""
        from tiltyard.forensics.truth_folder import read_truth

        chosen = checked_settings(self.name, settings, Settings)
        return read_truth(needed(folder, where)).with_rules(empty=chosen.empty).with_pictures()

    def cluster_values(self, data: Any) -> Sequence[str]:
        """The groups of near-duplicates."""
        return [item.source for item in data.items]

    def read(self, path: Path) -> Entry:
        """A zip or folder with `images/NAME.png`; the masks are decoded when they are measured."""
        return open_entry(path, MASKS)

    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        """Shards of some hundred images; EntryError where a mask is missing or belongs to no image."""
        from tiltyard.tracks.forgery_run import plan_shards

        return plan_shards(entry, data)

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        """Counts the pixels of each image of the shard; EntryError names a mask that breaks a rule."""
        from tiltyard.tracks.forgery_run import measure_masks

        return measure_masks(entry, shard, data, run)

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        """Sum and mean over images of F1 + IoU, means of both; parts by kind of forgery and by family."""
        from tiltyard.tracks.forgery_run import parts_of, scored

        if rows.is_empty():
            return Score({metric.name: 0.0 for metric in self.metrics})
        images = scored(rows, facts)
        f1, iou = (float(images[name].mean()) for name in ("f1", "iou"))  # type: ignore[arg-type]
        values = {"score": len(images) * (f1 + iou), "mean": f1 + iou, "f1": f1, "iou": iou}
        return Score(values, tuple(parts_of(images, "f1", "iou")))
