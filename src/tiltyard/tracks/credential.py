"""Tampered regions of credentials: one list of polygons a file, scored by micro-F1 over regions.

The rules of the Global AI Defense Challenge 2024, track 2: a table `Path,Polygon` names each test file once. A true and
a claimed region match where their IoU reaches the threshold of the data (0.5; the contest's is unpublished); each takes
part in one match at most, and as many matches as possible are made. Score: F1 of matches, false alarms and misses over
all files. An optional column `Score` adds image-level figures, which do not rank.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from pydantic import BaseModel, Field

from tiltyard.contest.entry import Entry, EntryFormat, open_entry
from tiltyard.contest.loading import checked_settings, needed
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard, Track, TrackData

TABLE = EntryFormat(
    "table",
    members=("*.csv",),
    required=("*.csv",),
    suffixes=(".csv",),
    max_files=1,
    max_bytes=256 << 20,
)


class Settings(BaseModel):
    """What a challenge may say beside the truth."""

    iou: float | None = Field(default=None, gt=0, le=1)
    """Where a true and a claimed region match; by default what the truth's own file says."""


class Credential(Track):
    """Entries of kind `table` against the true regions of credentials."""

    name: ClassVar[str] = "credential"
    title: ClassVar[str] = "Tampered credentials"
    version: ClassVar[str] = "1"
    entries: ClassVar[tuple[EntryFormat, ...]] = (TABLE,)
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("f1"),
        Metric("precision"),
        Metric("recall"),
        Metric("auc"),
        Metric("recall_at_far"),
    )
    keys: ClassVar[tuple[str, ...]] = ("item",)
    cluster: ClassVar[str] = "group"
    runs_code: ClassVar[bool] = False

    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> TrackData:
        """A `truth.csv`, or the folder that holds it; settings: `iou`."""
        from tiltyard.tracks.credential_data import load_credentials

        chosen = checked_settings(self.name, settings, Settings)
        return load_credentials(needed(folder, where), iou=chosen.iou)

    def cluster_values(self, data: Any) -> Sequence[str]:
        """The document groups."""
        return list(data.truth.labels["group"])

    def read(self, path: Path) -> Entry:
        """A CSV file, or a folder that holds one; every line is checked, though not yet against the test files."""
        from tiltyard.tracks.credential_run import claims_of

        entry = open_entry(path, TABLE)
        claims_of(entry)
        return entry

    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        """Shards of some thousand files; EntryError where files are missing or unknown, or a polygon lies outside."""
        from tiltyard.tracks.credential_run import plan_shards

        return plan_shards(entry, data)

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        """Matches the regions of the shard's files."""
        from tiltyard.tracks.credential_run import measure_files

        return measure_files(entry, shard, data, run)

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        """F1, precision and recall over regions; AUC and recall at false-alarm percentiles where scores are given.

        Where nothing is there and nothing is claimed the three are 1 (unpublished: our rule). A resample without a
        forged or without an authentic file has AUC 0.5 and recall 0; data without one has neither figure.
        """
        from tiltyard.forensics.scoring.regions import Counts

        if rows.is_empty():
            return Score({"f1": 0.0, "precision": 0.0, "recall": 0.0})
        counts = Counts(*(int(rows[name].sum()) for name in ("matched", "found", "truth")))
        values = {"f1": counts.f1, "precision": counts.precision, "recall": counts.recall}
        return Score(values | (_detection(rows) if _tells_apart(facts) else {}))


def _tells_apart(facts: Facts) -> bool:
    """Whether images are scored and there are some of each kind; asked of all the data, not of a resample."""
    forged, files = (sum(fact[name] for fact in facts) for name in ("forged", "items"))
    return all(fact["scored"] for fact in facts) and 0 < forged < files


def _detection(rows: pl.DataFrame) -> dict[str, float]:
    from tiltyard.forensics.scoring.detection import ranked

    split = ranked(rows["score"].to_numpy(), rows["forged"].to_numpy())
    if not len(split.forged) or not len(split.authentic):
        return {"auc": 0.5, "recall_at_far": 0.0}
    return {"auc": split.auc(), "recall_at_far": float(split.recalls().mean())}
