"""Forged-image localisation without a threshold: one grey map an image, scored by how well it ranks pixels.

An entry holds one 8-bit grey PNG a test image in `images/`, of the image's name and size, lighter where forgery is more
likely. Pixel AUC: its mean over forged images (ranks), and over all pixels of all images together. The ICDAR 2023
measure: at thresholds from false-alarm percentiles 91–99 of authentic images, the mean IoU over forged images, averaged
over the nine; absent where the truth holds no authentic image.
"""

from typing import Any, ClassVar

import polars as pl

from tiltyard.contest.entry import Entry
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Measured, Metric, Score, Shard
from tiltyard.tracks.forgery import Forgery


class ForgeryMaps(Forgery):
    """Handed in and planned as masks are; grey values are measured against the true masks of test images."""

    name: ClassVar[str] = "forgery_maps"
    title: ClassVar[str] = "Forged-image localisation without a threshold"
    version: ClassVar[str] = "1"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("auc"), Metric("pooled_auc"), Metric("icdar"))
    stratum: ClassVar[str | None] = "forged"
    """Every resample has both kinds of images, which the ICDAR measure needs."""

    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        """Counts the pixels of each image by value; EntryError names a map that breaks a rule."""
        from tiltyard.tracks.forgery_maps_run import measure_maps

        return measure_maps(entry, shard, data, run)

    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        """The figures that the rows allow: AUC 0 without a forged image, no ICDAR measure without an authentic one."""
        from tiltyard.tracks.forgery_maps_run import figures
        from tiltyard.tracks.forgery_run import parts_of

        if rows.is_empty():
            return Score({"auc": 0.0})
        return Score(figures(rows), tuple(parts_of(rows, "auc")))
