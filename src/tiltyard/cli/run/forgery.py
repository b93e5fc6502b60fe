"""`tiltyard run forgery`: masks or maps of forged images against the truth."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, show, spread, table, write_json
from tiltyard.cli.run.evaluating import (
    Options,
    check_fail_under,
    check_resume,
    default_folder,
    evaluated,
    exit_code,
)
from tiltyard.cli.run.options import IntervalSeed, Json, Out, Resume
from tiltyard.cli.run.shown import common_json, verdict
from tiltyard.errors import EntryError

if TYPE_CHECKING:
    from tiltyard.contest.evaluation import Evaluation, Record
    from tiltyard.forensics.truth_folder import TruthFolder
    from tiltyard.tracks.forgery_run import Public

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Empty(StrEnum):
    """What an image scores when both masks are empty."""

    iou = "iou"
    both = "both"
    none = "none"


def forgery(
    entry: Annotated[str, typer.Argument(help="Zip or folder with images/NAME.png; or a shipped detector's name.")],
    truth: Annotated[Path, typer.Option(help="Folder of true masks, as `tiltyard forge` writes it.")],
    maps: Annotated[bool, typer.Option("--maps", help="Grey maps, scored without a threshold.")] = False,
    empty: Annotated[Empty | None, typer.Option(help="Both masks empty: IoU 1 (iou), F1 too (both), neither.")] = None,
    public_share: Annotated[float | None, typer.Option(help="Show the score on this share of the images too.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="The test images, for detectors and the report; by default the truth's.")
    ] = None,
    out: Out = None,
    json: Json = None,
    resume: Resume = False,
    seed: IntervalSeed = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; by default one a core.")] = CORES,
    fail_under: Annotated[float | None, typer.Option(help="Exit 1 if the score (AUC with --maps) is below.")] = None,
) -> None:
    """Forged-image localisation (Tianchi 2021): F1 + IoU of one mask an image, or AUC of one grey map an image.

    Example: tiltyard run forgery masks.zip --truth forged/ --out runs/mine --json mine.json
    """
    from tiltyard.contest.registry import find_track
    from tiltyard.forensics.truth_folder import read_truth
    from tiltyard.tracks.forgery_run import public_part

    check_writable(json)
    check_resume(resume, out)
    rules = read_truth(truth).with_rules(empty=empty.value if empty else None, public_share=public_share)
    rules = rules.with_pictures(images)
    check_fail_under(fail_under, most=1 if maps else 2 * len(rules.items))
    options = Options(out=out, resume=resume, seed=seed, jobs=jobs)
    evaluation = evaluate_forgery(entry, rules, maps=maps, options=options)
    public = public_part(find_track(evaluation.record.identity.track), evaluation)
    show(describe(evaluation, public), json_to=json)
    write_json(as_json(evaluation, public), json)
    exit_code(evaluation, fail_under)


def evaluate_forgery(entry: str, truth: "TruthFolder", *, options: Options, maps: bool = False) -> "Evaluation":
    """Scores masks (or maps), or those that a shipped detector finds, and writes folder and report."""
    from tiltyard.tracks.forgery import Forgery
    from tiltyard.tracks.forgery_maps import ForgeryMaps

    track = ForgeryMaps() if maps else Forgery()
    with _handed_in(entry, truth, maps=maps, jobs=options.jobs) as path:
        opened = track.read(path)
        shards = track.plan(opened, truth)
        folder = options.out or default_folder(track.name, opened.name)
        fresh = not folder.exists()
        try:
            return evaluated(track, opened, truth, replace(options, out=folder, jobs=min(options.jobs, len(shards))))
        except EntryError:
            if fresh:
                shutil.rmtree(folder, ignore_errors=True)
            raise


@contextmanager
def _handed_in(entry: str, truth: "TruthFolder", *, maps: bool, jobs: int) -> Iterator[Path]:
    """The entry's path; for a detector's name, of what it finds in the images."""
    if Path(entry).exists() or Path(entry).suffix:
        yield Path(entry)
        return
    from tiltyard.cli.run.detected import found_by, images_of

    with images_of(truth) as images, found_by(entry, images, what="maps" if maps else "masks", jobs=jobs) as path:
        yield path


def as_json(evaluation: "Evaluation", public: "Public | None") -> dict[str, Any]:
    """The result for machines; a figure that the truth does not allow is null."""
    from tiltyard.contest.registry import find_track

    record = evaluation.record
    names = [metric.name for metric in find_track(record.identity.track).metrics]
    shared = public and {
        "share": public.share,
        "items": public.items,
        **_rounded(public.values),
        "interval": public.intervals.get(names[0]),
    }
    figures = dict.fromkeys(names) | _rounded(record.values)
    common = common_json(evaluation, ranking=names[0])
    return {
        **common,
        **figures,
        "public": shared,
        "parts": [_rounded(part) for part in record.parts],
        "truth": record.identity.data,
    }


def describe(evaluation: "Evaluation", public: "Public | None") -> str:
    """The result for people: by kind and family, all figures, the public share."""
    from tiltyard.contest.registry import find_track

    record = evaluation.record
    ranking, *others = (metric.name for metric in find_track(record.identity.track).metrics)
    told = [", ".join(f"{name} {_figure(record.values.get(name))}" for name in others)]
    if "icdar" in others and "icdar" not in record.values:
        told.append("no ICDAR measure: its thresholds come from authentic images, and it needs forged ones")
    if public:
        told.append(
            f"public share {public.share:g} ({public.items} images): {ranking} {_figure(public.values.get(ranking))} "
            f"{spread(public.intervals.get(ranking), 4)}"
        )
    return "\n".join([*_groups(record), *told, *verdict(evaluation, ranking=ranking, digits=4)])


def _groups(record: "Record") -> list[str]:
    columns = [name for name in ("f1", "iou", "auc") if name in record.values]
    lines = [
        [f"{part['by']} {part['name']}", str(part["items"]), *(_figure(part.get(name)) for name in columns)]
        for part in record.parts
    ]
    return [table(["", "images", *columns], lines), ""] if lines else []


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
