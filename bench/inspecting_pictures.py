"""The pictures that the benches of forensics measure on: photographs, documents and receipts forged on the spot."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from common import DATA
from PIL import Image

from tiltyard.contest.executor import Executor
from tiltyard.forensics.locating.sets import NEVER_TRAINED_ON
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.recipe import document_recipe
from tiltyard.forensics.making.sources import Found, find_sources
from tiltyard.forensics.making.tampered import tamper_recipe
from tiltyard.forensics.picture import Mask

SEED = 20_261_126
PHOTOGRAPHS = ("comofod", "noso", "imd2020")
MADE = ("documents", "receipts")
RECEIPTS = DATA / "forgery" / "receipts"
AS_SCANNED = "receipts as scanned"
TYPED_ON = frozenset(f"{number:03}.jpg" for number in (0, 1, 2, 3, 4, 5, 6, 7, 29, 73, 74, 75, 76, 131))
"""Receipts on which somebody typed a name or a number with a program, after the scan: told by eye, of all 80. They are
not untouched, so that `receipts` is measured with and without them."""
AUTHENTIC = "authentic"


@dataclass(frozen=True)
class Item:
    """A picture, the set it belongs to, how it was forged; its true mask unless it is authentic."""

    group: str
    kind: str
    picture: Path
    mask: Path | None
    source: str = ""
    """The receipt that it was made from."""

    def truth(self, shape: tuple[int, int]) -> Mask:
        """(h, w), empty where the picture is authentic."""
        if self.mask is None:
            return np.zeros(shape, np.bool_)
        with Image.open(self.mask) as image:
            return np.asarray(np.asarray(image.convert("L")) > 127)


def photographs(most: int | None) -> Iterator[Item]:
    """Published benchmarks, where they are at hand; at most so many a set, forged and authentic each."""
    items = sorted(_published(), key=lambda item: (item.group, item.kind))
    for _, members in groupby(items, lambda item: (item.group, item.kind)):
        yield from list(members)[:most]


def _published() -> Iterator[Item]:
    manifest = DATA / "forgery" / "manifest.csv"
    if not manifest.is_file():
        print(f"{manifest}: not there, photographs are left out; set TILTYARD_DATA to measure them")
        return
    with manifest.open(newline="") as file:
        for row in csv.DictReader(file):
            mask = manifest.parent / row["mask"] if row["forged"] == "1" else None
            yield Item(row["set"], "forged" if mask else AUTHENTIC, manifest.parent / row["image"], mask)


def documents(folder: Path, executor: Executor, count: int) -> Iterator[Item]:
    """Of families that no training saw and that nothing was chosen on; half of them authentic."""
    if count:
        write_set(document_recipe(seed=SEED, count=count, families=NEVER_TRAINED_ON[1:]), folder, executor)
        yield from written(folder, "documents")


def receipts(folder: Path, executor: Executor, count: int, *, each: int) -> Iterator[Item]:
    """Scanned receipts as they are, and each forged so many times; none where they are not at hand."""
    if not RECEIPTS.is_dir():
        print(f"{RECEIPTS}: not there, receipts are left out; set TILTYARD_DATA to measure them")
        return
    images, boxes = RECEIPTS / "image", RECEIPTS / "boxes"
    found = find_sources(images, boxes, executor)
    sources = found.sources[:count]
    if not sources:
        return
    recipe = tamper_recipe(images, Found(sources, found.complaints), seed=SEED, boxes=boxes, forged=each, authentic=0)
    write_set(recipe, folder, executor)
    yield from written(folder, "receipts")
    for source in sources:
        yield Item("receipts", AUTHENTIC, images / source.name, None, source.name)


def written(folder: Path, group: str) -> Iterator[Item]:
    """The pictures of a set that `tiltyard forge` wrote."""
    with (folder / "samples.csv").open(newline="") as file:
        lines = {line["name"]: line for line in csv.DictReader(file)}
    for picture in sorted(folder.glob("part-*/images/*")):
        line, mask = lines[picture.name], picture.parent.parent / "masks" / f"{picture.stem}.png"
        forged = line["kind"] != AUTHENTIC
        yield Item(group, line["kind"], picture, mask if forged else None, line["source"])
