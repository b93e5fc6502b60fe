"""What the report of a credential evaluation shows: F1 at other thresholds, by kind and family, the worst files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tiltyard.contest.evaluation import Evaluation
from tiltyard.forensics.scoring.detection import PERCENTILES, ranked
from tiltyard.forensics.scoring.regions import Counts, snapped
from tiltyard.report.drawing import COOL, INK, WARM, Axes, draw, legend, only_grid
from tiltyard.report.plots import Plot

THRESHOLDS = tuple(step / 20 for step in range(1, 20))
WORST = 20
MOST_LINES = 40
"""Of a table by kind or family."""


@dataclass(frozen=True)
class Part:
    """The files of one kind or family."""

    name: str
    files: int
    counts: Counts


@dataclass(frozen=True)
class WorstFile:
    """A file with many misses and false alarms; `overlaps` are the IoUs at which one region more is matched."""

    name: str
    kind: str
    counts: Counts
    overlaps: tuple[float, ...]

    @property
    def missed(self) -> int:
        return self.counts.truth - self.counts.matched

    @property
    def false(self) -> int:
        return self.counts.found - self.counts.matched


@dataclass(frozen=True)
class CredentialView:
    """What the template needs beyond the record."""

    iou: float
    files: int
    groups: int
    counts: Counts
    scored: bool
    plots: tuple[Plot, ...]
    parts: tuple[tuple[str, tuple[Part, ...]], ...]
    worst: tuple[WorstFile, ...]


def credential_view(evaluation: Evaluation) -> CredentialView:
    """The view of an evaluation."""
    rows, record = evaluation.rows, evaluation.record
    iou = float(record.facts[0]["iou"])
    return CredentialView(
        iou=iou,
        files=len(rows),
        groups=rows["group"].n_unique(),
        counts=_counts(rows),
        scored="auc" in record.values,
        plots=tuple(_plots(rows, iou, scored="auc" in record.values)),
        parts=tuple((label, parts) for label in ("kind", "family") if (parts := _parts(rows, label))),
        worst=tuple(_worst(rows)),
    )


def _counts(rows: pl.DataFrame) -> Counts:
    return Counts(*(int(rows[name].sum()) for name in ("matched", "found", "truth")))


def _parts(rows: pl.DataFrame, label: str) -> tuple[Part, ...]:
    """By descending number of files; none where the label is unknown."""
    groups = (
        rows.filter(pl.col(label).is_not_null() & (pl.col(label) != ""))
        .group_by(label)
        .agg(pl.len().alias("files"), pl.col("matched", "found", "truth").sum())
        .sort("files", label, descending=[True, False])
        .head(MOST_LINES)
    )
    return tuple(
        Part(name, files, Counts(matched, found, truth)) for name, files, matched, found, truth in groups.iter_rows()
    )


def _worst(rows: pl.DataFrame) -> Iterator[WorstFile]:
    wrong = rows.with_columns(wrong=pl.col("truth") + pl.col("found") - 2 * pl.col("matched"))
    chosen = wrong.filter(pl.col("wrong") > 0).sort("wrong", "item", descending=[True, False]).head(WORST)
    for row in chosen.iter_rows(named=True):
        counts = Counts(row["matched"], row["found"], row["truth"])
        yield WorstFile(row["item"], row["kind"] or "", counts, tuple(row["overlaps"]))


def _plots(rows: pl.DataFrame, iou: float, *, scored: bool) -> Iterator[Plot]:
    yield threshold_plot(rows, iou)
    if scored:
        yield false_alarm_plot(rows)


def counts_at(rows: pl.DataFrame, thresholds: Sequence[float]) -> list[Counts]:
    """What would be matched at other IoU thresholds: exact, for the rows hold every level at which that changes."""
    levels = np.sort(rows["overlaps"].explode().drop_nulls().to_numpy())
    matched = len(levels) - np.searchsorted(levels, snapped(thresholds), side="left")
    found, truth = int(rows["found"].sum()), int(rows["truth"].sum())
    return [Counts(int(count), found, truth) for count in matched]


def threshold_plot(rows: pl.DataFrame, iou: float) -> Plot:
    """F1, precision and recall over regions against the IoU at which a pair matches."""
    counts = counts_at(rows, THRESHOLDS)
    series = {name: [getattr(count, name) for count in counts] for name in ("f1", "precision", "recall")}

    def paint(axes: Axes) -> None:
        axes.plot(THRESHOLDS, series["f1"], color=COOL, linewidth=2.2, label="F1")
        axes.plot(THRESHOLDS, series["precision"], color=WARM, linestyle="--", label="precision")
        axes.plot(THRESHOLDS, series["recall"], color=INK, linestyle=":", label="recall")
        axes.axvline(iou, color=INK, linewidth=0.9)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="IoU at which regions match", ylabel="over all regions")
        only_grid(axes, "y")
        legend(axes)

    alt = "F1 against the IoU threshold: " + ", ".join(
        f"{value:.3f} at {threshold:g}" for threshold, value in zip(THRESHOLDS, series["f1"], strict=True)
    )
    return Plot(
        draw("thresholds", alt, paint), "By IoU threshold", f"The line marks the threshold that counts: {iou:g}."
    )


def false_alarm_plot(rows: pl.DataFrame) -> Plot:
    """The share of forged files that score above percentiles of the authentic ones."""
    recalls = ranked(rows["score"].to_numpy(), rows["forged"].to_numpy()).recalls()
    alarms = [100 - percentile for percentile in PERCENTILES]

    def paint(axes: Axes) -> None:
        axes.plot(alarms, 100 * recalls, color=COOL, marker="o", markersize=4)
        axes.plot(alarms, alarms, color=INK, linewidth=0.9, linestyle="--", label="by chance")
        axes.set(xlim=(10.5, 0.5), ylim=(0, 102), xticks=alarms)
        axes.set(xlabel="authentic files above the threshold, %", ylabel="forged files above it, %")
        only_grid(axes, "y")
        legend(axes)

    alt = "Forged files found at false-alarm rates: " + ", ".join(
        f"{100 * recall:.0f} % at {alarm} %" for alarm, recall in zip(alarms, recalls, strict=True)
    )
    note = "Thresholds: percentiles 90–99 of the authentic files' scores."
    return Plot(draw("alarms", alt, paint), "Forged files found, by false alarms", note)
