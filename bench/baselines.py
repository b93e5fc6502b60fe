"""The baselines, single cues, on rendered documents and on real forged photographs.

The documents are of a seed with which no threshold was chosen; nothing was chosen on the photographs. Pixel F1 is the
mean over forged pictures; flagged is the share of authentic ones of which the mask is not empty.
"""

import argparse
import csv
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from common import DATA, save, show
from PIL import Image

from tiltyard.contest.executor import ONE_THREAD, Processes
from tiltyard.forensics.detectors import find_detector
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.recipe import document_recipe

SEED = 20_260_725
NAMES = "double_jpeg", "error_level", "copy_move"
Item = tuple[str, str, Path, Path | None]
"""Group, kind, picture, true mask; None where it is authentic."""
Found = dict[str, tuple[float, bool, float]]
"""By detector: F1, whether anything was marked, seconds a megapixel."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    given = parser.parse_args()
    workers = Processes(len(os.sched_getaffinity(0)), environment=ONE_THREAD)
    with tempfile.TemporaryDirectory() as folder:
        write_set(document_recipe(seed=SEED, count=given.documents), Path(folder, "set"), workers)
        items = [*rendered(Path(folder, "set")), *photographs()]
        measured = list(workers.submit(judged, items))
    rows = summed(measured)
    show("baselines", rows)
    save(
        "baselines",
        "pixel F1 on forged pictures, share of authentic ones flagged, seconds a megapixel and thread",
        rows,
        document_seed=SEED,
    )


def rendered(folder: Path) -> Iterable[Item]:
    """A set that was made on the spot."""
    with (folder / "samples.csv").open(newline="") as file:
        kinds = {row["name"]: row["kind"] for row in csv.DictReader(file)}
    for picture in sorted(folder.glob("part-*/images/*")):
        mask = picture.parent.parent / "masks" / f"{picture.stem}.png"
        kind = kinds[picture.name]
        yield "documents", kind, picture, None if kind == "authentic" else mask


def photographs() -> Iterable[Item]:
    """Published benchmarks, where they are at hand."""
    manifest = DATA / "forgery" / "manifest.csv"
    if not manifest.is_file():
        print(f"{manifest}: not there, photographs are left out; set TILTYARD_DATA to measure them")
        return
    with manifest.open(newline="") as file:
        for row in csv.DictReader(file):
            mask = manifest.parent / row["mask"] if row["forged"] == "1" else None
            yield row["set"], "forged" if mask else "authentic", manifest.parent / row["image"], mask


def judged(item: Item) -> Found:
    """All of them on one picture."""
    import cv2

    cv2.setNumThreads(1)
    *_, picture, mask = item
    found: Found = {}
    for name in NAMES:
        began = time.process_time()
        marked = find_detector(name).locate(picture).mask
        seconds = (time.process_time() - began) / marked.size * 1e6
        found[name] = f1(marked, mask), bool(marked.any()), seconds
    return found


def f1(marked: np.ndarray[Any, np.dtype[np.bool_]], mask: Path | None) -> float:
    if mask is None:
        return 0.0
    with Image.open(mask) as image:
        truth = np.asarray(image.convert("L")) > 127
    return float(2 * (marked & truth).sum() / max(1, marked.sum() + truth.sum()))


def summed(measured: Iterable[tuple[Item, Found]]) -> list[dict[str, Any]]:
    """One row a detector and group; documents by kind of forgery as well."""
    groups: dict[tuple[str, str], list[tuple[bool, Found]]] = defaultdict(list)
    for (group, kind, _, mask), found in measured:
        groups[group, ""].append((mask is not None, found))
        if group == "documents" and mask is not None:
            groups[group, kind].append((True, found))
    return [
        row(name, group, kind, [(forged, found[name]) for forged, found in members])
        for name in NAMES
        for (group, kind), members in sorted(groups.items())
    ]


def row(name: str, group: str, kind: str, members: list[tuple[bool, tuple[float, bool, float]]]) -> dict[str, Any]:
    forged = [figures for is_forged, figures in members if is_forged]
    authentic = [figures for is_forged, figures in members if not is_forged]
    return {
        "detector": name,
        "pictures": f"{group} {kind}".strip(),
        "forged": len(forged),
        "pixel F1": statistics.mean(score for score, _, _ in forged),
        "forged flagged": statistics.mean(flagged for _, flagged, _ in forged),
        "authentic": len(authentic),
        "authentic flagged": statistics.mean(flagged for _, flagged, _ in authentic) if authentic else None,
        "s a megapixel": statistics.median(seconds for _, (_, _, seconds) in members),
    }


if __name__ == "__main__":
    main()
