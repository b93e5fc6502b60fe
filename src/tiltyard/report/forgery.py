"""What the report of a forgery evaluation shows: figures by kind and family, distributions, images by numbers."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from tiltyard.contest.evaluation import ARTEFACTS, Evaluation
from tiltyard.contest.registry import find_track
from tiltyard.errors import TiltyardError
from tiltyard.report.forgery_plots import auc_plot, histogram, kind_plot
from tiltyard.report.plots import Plot
from tiltyard.tracks.forgery_gallery import STRIP, example_name
from tiltyard.vision.pictures import read_picture

SHOWN = 5
"""Images of each sort in the table of examples."""
MOST_PARTS = 20
GALLERY = 4
"""Pictures of the worst, and as many of the best."""
EMPTY_RULES = {
    "iou": "IoU 1, F1 0",
    "both": "IoU 1, F1 1",
    "none": "IoU 0, F1 0",
}


@dataclass(frozen=True)
class Group:
    """Images of one kind of forgery, or of one family."""

    name: str
    items: int
    figures: tuple[float | None, ...]


@dataclass(frozen=True)
class Breakdown:
    """All groups by one column."""

    by: str
    groups: tuple[Group, ...]
    left_out: int


@dataclass(frozen=True)
class Example:
    """One image in numbers."""

    sort: str
    item: str
    kind: str
    family: str
    forged: float
    """Share of its pixels."""
    figures: tuple[float, ...]


@dataclass(frozen=True)
class Shown:
    """One image as a person sees it: test image, truth, what was found, side by side in one picture."""

    sort: str
    item: str
    kind: str
    figures: tuple[float, ...]
    picture: str
    """A data URI."""


@dataclass(frozen=True)
class ForgeryView:
    """What the template needs beyond the record; `figures` names the columns of groups and examples."""

    binary: bool
    images: int
    sources: int
    authentic: int
    empty_rule: str
    notes: tuple[str, ...]
    figures: tuple[str, ...]
    breakdowns: tuple[Breakdown, ...]
    examples: tuple[Example, ...]
    plots: tuple[Plot, ...]
    gallery: tuple[Shown, ...]


def forgery_view(evaluation: Evaluation) -> ForgeryView:
    """The view of an evaluation of the tracks `forgery` and `forgery_maps`."""
    rows, facts = evaluation.rows, evaluation.record.facts
    binary = "tp" in rows.columns
    images = _binary(rows, facts) if binary else _ranked(rows)
    figures = ("f1", "iou") if binary else ("auc",)
    return ForgeryView(
        binary=binary,
        images=len(images),
        sources=images["source"].n_unique(),
        authentic=int((~images["forged"]).sum()),
        empty_rule=EMPTY_RULES.get(str(facts[0].get("empty")), "") if facts else "",
        notes=(*_notes(images, evaluation), *_public(evaluation)),
        figures=tuple({"f1": "F1", "iou": "IoU", "auc": "AUC"}[name] for name in figures),
        breakdowns=tuple(_breakdowns(evaluation.record.parts, figures)),
        examples=tuple(_examples(images.filter(pl.col("judged").is_not_null()), figures)),
        plots=tuple(_plots(images, evaluation, binary=binary)),
        gallery=tuple(_gallery(images, evaluation, figures)),
    )


def _binary(rows: pl.DataFrame, facts: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    from tiltyard.tracks.forgery_run import scored

    hits, alarms, misses, pixels = (pl.col(name) for name in ("tp", "fp", "fn", "pixels"))
    return scored(rows, facts).with_columns(
        judged=pl.col("f1") + pl.col("iou"), share=(hits + misses) / pixels, found=(hits + alarms) > 0, hit=hits > 0
    )


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    forged, authentic = (pl.col(f"{name}_at_least").arr.first() for name in ("forged", "authentic"))
    return rows.with_columns(judged=pl.col("auc"), share=forged / (forged.cast(pl.Int64) + authentic.cast(pl.Int64)))


def _notes(images: pl.DataFrame, evaluation: Evaluation) -> Iterator[str]:
    authentic, forged = images.filter(~pl.col("forged")), images.filter("forged")
    if "found" in images.columns:
        if len(forged):
            yield f"{int((~forged['hit']).sum())} of {len(forged)} forged images: not one forged pixel found"
        if len(authentic):
            yield f"{int(authentic['found'].sum())} of {len(authentic)} authentic images: something found (false alarm)"
    elif "icdar" not in evaluation.record.values:
        lacking = "authentic" if authentic.is_empty() else "forged"
        yield f"No ICDAR 2023 measure: the truth holds no {lacking} image, and its thresholds come from those."


def _public(evaluation: Evaluation) -> Iterator[str]:
    from tiltyard.tracks.forgery_run import public_part

    track = find_track(evaluation.record.identity.track)
    public, ranking = public_part(track, evaluation), track.metrics[0].name
    if public and ranking in public.values:
        low, high = public.intervals.get(ranking, (np.nan, np.nan))
        figure = f"{public.values[ranking]:.4f} ({low:.4f} – {high:.4f})"
        yield f"on the public share of {100 * public.share:.4g} %, {public.items} images: {figure}"


def _breakdowns(parts: Sequence[Mapping[str, Any]], figures: Sequence[str]) -> Iterator[Breakdown]:
    for by in dict.fromkeys(str(part["by"]) for part in parts):
        found = [part for part in parts if part["by"] == by]
        groups = [
            Group(str(part["name"]), int(part["items"]), tuple(part.get(name) for name in figures))
            for part in found[:MOST_PARTS]
        ]
        yield Breakdown(by, tuple(groups), max(0, len(found) - MOST_PARTS))


def _examples(images: pl.DataFrame, figures: Sequence[str]) -> Iterator[Example]:
    """The worst, those around the median, the best; of few images each stands once."""
    ordered = images.sort("judged", "item")
    middle = max(0, (len(ordered) - SHOWN) // 2)
    seen: set[str] = set()
    for sort, chosen in (("worst", ordered[:SHOWN]), ("median", ordered[middle : middle + SHOWN]),
                         ("best", ordered[-SHOWN:])):  # fmt: skip
        for row in chosen.iter_rows(named=True):
            if row["item"] not in seen:
                seen.add(row["item"])
                values = tuple(float(row[name]) for name in figures)
                yield Example(sort, row["item"], row["kind"], row["family"], float(row["share"]), values)


def _gallery(images: pl.DataFrame, evaluation: Evaluation, figures: Sequence[str]) -> Iterator[Shown]:
    """The worst and the best of those that shards kept a picture of; one that is missing or damaged is left out."""
    folder = evaluation.folder / ARTEFACTS
    kept = [place for place in range(len(images)) if (folder / example_name(place)).is_file()]
    ordered = images.with_row_index("place")[kept].filter("forged").sort("judged", "item", nulls_last=True)
    worst = ordered[: min(GALLERY, len(ordered) // 2)]
    for sort, chosen in (("worst", worst), ("best", ordered[len(worst) :][-GALLERY:])):
        for row in chosen.iter_rows(named=True):
            picture = _embedded(folder / example_name(row["place"]))
            if picture:
                values = tuple(float(row[name]) for name in figures)
                yield Shown(sort, row["item"], row["kind"], values, picture)


def _embedded(path: Path) -> str:
    """Decoded with bounds and encoded anew: a folder may come from a stranger."""
    try:
        image = Image.fromarray(read_picture(path).pixels)
    except TiltyardError:
        return ""
    image.thumbnail(STRIP)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _plots(images: pl.DataFrame, evaluation: Evaluation, *, binary: bool) -> Iterator[Plot]:
    forged = images.filter("forged")
    if binary and len(forged):
        yield histogram("F1", "IoU", forged["f1"].to_numpy(), forged["iou"].to_numpy())
    ranked = forged if binary else forged.drop_nulls("auc")
    if not binary and len(ranked):
        yield auc_plot(ranked["auc"].to_numpy())
    kinds = [part for part in evaluation.record.parts if part["by"] == "kind" and ("f1" in part or "auc" in part)]
    if len(kinds) > 1:
        yield kind_plot(kinds[:MOST_PARTS], binary=binary)
