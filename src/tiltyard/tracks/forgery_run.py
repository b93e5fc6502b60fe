"""How masks are measured against the truth, some hundred images at a time, and how rows become figures."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tiltyard.contest.bootstrap import Interval
from tiltyard.contest.entry import Entry
from tiltyard.contest.evaluate import score_record
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.names import shown
from tiltyard.contest.run import Run, Step
from tiltyard.contest.split import public_rows
from tiltyard.contest.track import Facts, Measured, Shard, Track
from tiltyard.errors import EntryError
from tiltyard.forensics.scoring.overlap import f1_and_iou, overlap
from tiltyard.forensics.truth_folder import TruthFolder, TruthItem
from tiltyard.tracks.forgery_gallery import gallery
from tiltyard.vision.masks import decode_mask

SHARD_IMAGES = 200
STEPS = 20
"""Images between two reports of progress."""
COUNTS = ("tp", "fp", "fn", "pixels")
SCHEMA = {
    "item": pl.String,
    "source": pl.String,
    "kind": pl.String,
    "family": pl.String,
    "forged": pl.Boolean,
    **dict.fromkeys(COUNTS, pl.Int64),
}
Row = dict[str, Any]


def plan_shards(entry: Entry, data: TruthFolder) -> list[Shard]:
    """Shards in order of the images' names; EntryError where the members are not one for each image."""
    _check_names(entry, data)
    count = len(data.items)
    return [
        Shard(f"{start + 1:07d}", min(SHARD_IMAGES, count - start)) for start in range(0, count, SHARD_IMAGES)
    ]  # fmt: skip


def member_of(item: TruthItem) -> str:
    return f"images/{item.name}.png"


def _check_names(entry: Entry, data: TruthFolder) -> None:
    wanted, found = [member_of(item) for item in data.items], entry.members
    missing, extra = set(wanted).difference(found), set(found).difference(wanted)
    if extra:
        first = next(name for name in found if name in extra)
        raise EntryError(f"{entry.name}: member {shown(first)}: no test image has this name{_more(extra)}")
    if missing:
        first = next(name for name in wanted if name in missing)
        raise EntryError(f"{entry.name}: lacks {shown(first)}{_more(missing)}: each test image needs one")


def _more(names: set[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def measure_masks(entry: Entry, shard: Shard, data: TruthFolder, run: Run) -> Measured:
    """One row an image: pixels found and forged, found only, forged only."""
    return measured(entry, shard, data, run, row=_row, judge=_judge, schema=SCHEMA)


def _judge(rows: pl.DataFrame) -> list[float | None]:
    """IoU of the forged images."""
    _, iou = f1_and_iou(*(rows[name].to_numpy() for name in COUNTS[:3]), empty="none")
    return [float(value) if forged else None for value, forged in zip(iou, rows["forged"], strict=True)]


def measured(
    entry: Entry,
    shard: Shard,
    data: TruthFolder,
    run: Run,
    *,
    row: Callable[[TruthItem, bytes, str], Row],
    judge: Callable[[pl.DataFrame], list[float | None]],
    schema: dict[str, Any],
) -> Measured:
    """The rows of a shard; `row` gets an image, the bytes handed in for it, and what errors call them.

    `judge` says of each row how good it is, for the pictures of the best and the worst.
    """
    started, rows = time.perf_counter(), []
    run.progress(Step(shard.name, 0, shard.items))
    for done, (item, content) in enumerate(_handed_in(entry, shard, data), start=1):
        rows.append(row(item, content, f"{entry.name}: member {shown(member_of(item))}"))
        if done % STEPS == 0 or done == shard.items:
            run.progress(Step(shard.name, done, shard.items))
    rules = data.settings.model_dump(include={"empty", "public_share", "split_seed"})
    facts = {"shard": shard.name, "items": shard.items, "seconds": time.perf_counter() - started, **rules}
    frame, first = pl.DataFrame(rows, schema=schema), int(shard.name) - 1
    members = [member_of(item) for item in _items(shard, data)]
    return Measured(frame, facts, gallery(entry, data, members, judge(frame), first=first))


def _items(shard: Shard, data: TruthFolder) -> tuple[TruthItem, ...]:
    first = int(shard.name) - 1
    return data.items[first : first + shard.items]


def _handed_in(entry: Entry, shard: Shard, data: TruthFolder) -> Iterator[tuple[TruthItem, bytes]]:
    items = _items(shard, data)
    contents = entry.contents([member_of(item) for item in items])
    for item, (_, content) in zip(items, contents, strict=True):
        yield item, content


def known_of(item: TruthItem, *, forged: bool) -> Row:
    """The columns that say what an image is."""
    return {"item": item.name, "source": item.source, "kind": item.line.kind, "family": item.line.family,
            "forged": forged}  # fmt: skip


def _row(item: TruthItem, content: bytes, name: str) -> Row:
    truth = item.read()
    height, width = truth.shape
    counts = overlap(decode_mask(content, name, size=(width, height)), truth)
    return {**known_of(item, forged=counts.tp + counts.fn > 0), **{name: getattr(counts, name) for name in COUNTS}}


@dataclass(frozen=True)
class Public:
    """Figures on the fixed public share of document groups."""

    share: float
    items: int
    values: Mapping[str, float]
    intervals: Mapping[str, Interval]


def public_part(track: Track, evaluation: Evaluation) -> Public | None:
    """What a public board shows; None where all groups are public."""
    record = evaluation.record
    share = record.facts[0]["public_share"] if record.facts else 1.0
    if share >= 1:
        return None
    rows = public_rows(evaluation.rows, track.cluster, share=share, seed=record.facts[0]["split_seed"])
    score, intervals = score_record(track, rows, record.facts, seed=record.identity.seed)
    return Public(share, len(rows), score.values, intervals)


def scored(rows: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """The rows with the columns `f1` and `iou`, by the rule for empty masks that the facts name."""
    f1, iou = f1_and_iou(*(rows[name].to_numpy() for name in COUNTS[:3]), empty=facts[0]["empty"])
    return rows.with_columns(f1=f1, iou=iou)


def parts_of(images: pl.DataFrame, *figures: str) -> Iterator[dict[str, Any]]:
    """Means of the figures by kind of forgery and by family, where those are known."""
    for by in ("kind", "family"):
        groups = images.group_by(by).agg(pl.len().alias("items"), *(pl.col(name).mean() for name in figures)).sort(by)
        if groups[by].to_list() == [""]:
            continue
        for group in groups.iter_rows(named=True):
            yield {"name": group[by] or "unknown", "by": by, "items": group["items"],
                   **{name: group[name] for name in figures if group[name] is not None}}  # fmt: skip
