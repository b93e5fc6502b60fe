"""How grey maps are measured against the truth, and how their rows become figures."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tiltyard.contest.entry import Entry
from tiltyard.contest.run import Run
from tiltyard.contest.track import Measured, Shard
from tiltyard.forensics.scoring.maps import LEVELS, count_pixels, false_alarm_thresholds, iou_above, pixel_auc
from tiltyard.forensics.truth_folder import TruthFolder, TruthItem
from tiltyard.tracks.forgery_run import known_of, measured
from tiltyard.vision.masks import decode_map

AT_LEAST = pl.Array(pl.UInt32, LEVELS)
SCHEMA = {
    "item": pl.String,
    "source": pl.String,
    "kind": pl.String,
    "family": pl.String,
    "forged": pl.Boolean,
    "largest": pl.UInt8,
    "auc": pl.Float64,
    "forged_at_least": AT_LEAST,
    "authentic_at_least": AT_LEAST,
}


def measure_maps(entry: Entry, shard: Shard, data: TruthFolder, run: Run) -> Measured:
    """One row an image: its AUC, its largest value, and how many pixels have at least each value 0–255."""
    return measured(entry, shard, data, run, row=_row, judge=lambda rows: rows["auc"].to_list(), schema=SCHEMA)


def _row(item: TruthItem, content: bytes, name: str) -> dict[str, Any]:
    truth = item.read()
    height, width = truth.shape
    counts = count_pixels(decode_map(content, name, size=(width, height)), truth)
    return {
        **known_of(item, forged=bool(counts.forged[0])),
        "largest": counts.largest,
        "auc": pixel_auc(counts.forged, counts.authentic),
        "forged_at_least": counts.forged,
        "authentic_at_least": counts.authentic,
    }


def figures(rows: pl.DataFrame) -> dict[str, float]:
    """Mean AUC of the images that have one, AUC over all pixels, mean IoU at false-alarm percentiles."""
    mean = rows["auc"].mean()
    found = {
        "auc": 0.0 if mean is None else float(mean),  # type: ignore[arg-type]
        "pooled_auc": pixel_auc(*(counts.sum(0, dtype=np.int64) for counts in _counts(rows))),
        "icdar": _icdar(rows),
    }
    return {name: value for name, value in found.items() if value is not None}


def _icdar(rows: pl.DataFrame) -> float | None:
    forged, authentic = rows.filter("forged"), rows.filter(~pl.col("forged"))
    if forged.is_empty() or authentic.is_empty():
        return None
    thresholds = false_alarm_thresholds(authentic["largest"].to_numpy())
    return float(iou_above(*_counts(forged), thresholds).mean())


def _counts(rows: pl.DataFrame) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Of forged and of authentic pixels, each (n, 256)."""
    return rows["forged_at_least"].to_numpy(), rows["authentic_at_least"].to_numpy()
