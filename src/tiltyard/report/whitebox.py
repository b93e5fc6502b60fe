"""What the report of a white-box evaluation shows: models, plots, galleries, the guest's words."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tiltyard.contest.evaluation import ARTEFACTS, Evaluation
from tiltyard.report.pictures import Example, examples
from tiltyard.report.plots import Plot, class_plot, distance_plot, share_plot
from tiltyard.report.wilson import wilson

LOG_TAIL = 4000
LARGEST_GALLERY = 256 << 20
"""Bytes, unpacked: a folder may come from a stranger."""
NORMS = {"linf": "L∞", "l2": "L2"}


@dataclass(frozen=True)
class Spent:
    """Passes used of those allowed."""

    used: int
    allowed: int

    @property
    def per_cent(self) -> float:
        return min(100.0, 100 * self.used / self.allowed) if self.allowed else 100.0 * bool(self.used)


@dataclass(frozen=True)
class ModelLine:
    """One model of the pool under the attack."""

    name: str
    score: float
    interval: tuple[float, float] | None
    items: int
    measured: int
    forwards: Spent
    gradients: Spent
    seconds: float
    threat: str
    failure: str
    notes: tuple[str, ...]
    gallery: tuple[Example, ...]
    log: str


@dataclass(frozen=True)
class WhiteboxView:
    """What the template needs beyond the record."""

    models: tuple[ModelLine, ...]
    plots: tuple[Plot, ...]
    images: int


def whitebox_view(evaluation: Evaluation) -> WhiteboxView:
    """The view of an evaluation; a gallery or log that is missing or damaged is left out."""
    rows, artefacts = evaluation.rows, _artefacts(evaluation.folder)
    models = tuple(
        _model_line(part, fact, _rows_of(rows, part["name"]), artefacts)
        for part, fact in zip(evaluation.record.parts, evaluation.record.facts, strict=False)
    )
    images = rows["item"].n_unique() if len(rows) else 0
    return WhiteboxView(models, tuple(_plots(rows, evaluation)), images)


def _rows_of(rows: pl.DataFrame, model: str) -> pl.DataFrame:
    return rows.filter(pl.col("model") == model) if len(rows) else rows


def _model_line(
    part: Mapping[str, Any], fact: Mapping[str, Any], rows: pl.DataFrame, artefacts: Mapping[str, Path]
) -> ModelLine:
    name, hits = part["name"], int(rows["misclassified"].sum()) if len(rows) else 0
    low, high = wilson(hits, len(rows))
    return ModelLine(
        name=name,
        score=part["score"],
        interval=None if part["failure"] or rows.is_empty() else (100 * low, 100 * high),
        items=part["items"],
        measured=len(rows),
        forwards=Spent(part["forwards"], part["forwards_allowed"]),
        gradients=Spent(part["gradients"], part["gradients_allowed"]),
        seconds=part["seconds"],
        threat=f"{NORMS.get(fact['norm'], fact['norm'])}, eps {fact['eps']:.4g}",
        failure=part["failure"],
        notes=tuple(_notes(fact, rows)),
        gallery=_gallery(artefacts.get(f"{name}.npz")),
        log=_tail(artefacts.get(f"{name}.log")),
    )


def _notes(fact: Mapping[str, Any], rows: pl.DataFrame) -> Iterator[str]:
    if fact["batch_dependent"]:
        yield "logits depend on the batch"
    if not fact["deterministic"]:
        yield "randomised"
    if not fact["jailed"]:
        yield "without a jail (--trust)"
    clipped = int(rows["clipped"].sum()) if len(rows) else 0
    if clipped:
        yield f"{clipped} images came back outside ball or range and were moved inside"


def _plots(rows: pl.DataFrame, evaluation: Evaluation) -> Iterator[Plot]:
    if rows.is_empty():
        return
    facts = pl.DataFrame(
        [{"model": fact["shard"], "eps": float(fact["eps"]), "norm": fact["norm"]} for fact in evaluation.record.facts]
    )
    rows = rows.join(facts, on="model", how="inner", maintain_order="left")
    yield _share_plot(rows)
    yield class_plot(rows)
    moved = rows.filter((pl.col("predicted") == pl.col("label")) & (pl.col("eps") > 0))
    if len(moved):
        ratio = pl.col("distance") / pl.col("eps")
        broken, withstood = (
            moved.filter(chosen).select(ratio).to_series().to_list()
            for chosen in (pl.col("misclassified"), ~pl.col("misclassified"))
        )
        norms = " or ".join(NORMS.get(norm, norm) for norm in sorted(set(moved["norm"]), reverse=True))
        yield distance_plot(broken, withstood, norm=norms)


def _share_plot(rows: pl.DataFrame) -> Plot:
    wrong, clean = pl.col("misclassified"), pl.col("predicted") == pl.col("label")
    shares = rows.group_by("model", maintain_order=True).agg(
        mistakes=100 * (wrong & ~clean).mean(), successes=100 * (wrong & clean).mean()
    )
    return share_plot(shares["model"].to_list(), shares["mistakes"].to_list(), shares["successes"].to_list())


def _artefacts(folder: Path) -> dict[str, Path]:
    """Regular files by name: what a record claims is looked up here and never joined to a path."""
    found = folder / ARTEFACTS
    files = sorted(found.iterdir()) if found.is_dir() else []
    return {file.name: file for file in files if file.is_file() and not file.is_symlink()}


def _tail(path: Path | None) -> str:
    """The end of a log, from the start of a line."""
    if path is None:
        return ""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LOG_TAIL))
        text = file.read().decode("utf-8", "replace")
    return text if size <= LOG_TAIL else "[…] " + (text.partition("\n")[2] or text)


def _gallery(path: Path | None) -> tuple[Example, ...]:
    if path is None:
        return ()
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_GALLERY:
                return ()
        with np.load(path, allow_pickle=False) as arrays:
            low, high = (float(bound) for bound in arrays["range"])
            return tuple(
                examples(arrays["clean"], arrays["attacked"], arrays["labels"], arrays["predicted"], (low, high))
            )
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, MemoryError):
        return ()
