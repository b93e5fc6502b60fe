"""Splits of a set by family, template or source, with no near-duplicate on both sides."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.evaluation import write_atomically
from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.groups import across, grouped
from tiltyard.forensics.making.listed import Row, read_samples

BY = ("family", "template", "source")
SPLIT = "split.csv"
SLACK = 0.05
"""How far a split may miss its share of the samples; a small one by half of its share at most."""


@dataclass(frozen=True)
class Split:
    """Samples by split, and what was found on the way."""

    counts: Mapping[str, int]
    groups: int
    joined: int
    """Groups that were joined because pictures in them look alike."""
    path: Path


def split_set(folder: Path, *, by: str, shares: Mapping[str, float], seed: int = 0) -> Split:
    """Writes split.csv (`name,split,group`) and checks what it wrote; TiltyardError where the shares cannot be met."""
    if by not in BY:
        raise TiltyardError(f"--by {by}: write {', '.join(BY)}")
    rows = read_samples(folder)
    hashes = [row.phash for row in rows]
    labels, joined = grouped([_key(row, by) for row in rows], hashes)
    sides = _assigned(labels, shares, seed)
    _check_shares(rows, labels, sides, shares, by)
    path = folder / SPLIT
    write_atomically(path, _as_csv(rows, labels, sides, list(shares)))
    _verify(path, rows, labels, hashes)
    names = list(shares)
    counts = Counter(names[side] for side in sides.tolist())
    return Split({name: counts[name] for name in names}, len(np.unique(labels)), joined, path)


def parse_shares(text: str) -> dict[str, float]:
    """`train=0.8,val=0.1,test=0.1`; TiltyardError for anything else."""
    how = f"--shares {text[:60]!r}: write train=0.8,val=0.1,test=0.1, in all 1"
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        shares = {name.strip(): float(share) for name, _, share in pairs}
    except ValueError:
        raise TiltyardError(how) from None
    named = len(shares) == len(pairs) >= 2 and all(name.isidentifier() for name in shares)
    if not named or not all(0 < share < 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
        raise TiltyardError(how)
    return shares


def _key(row: Row, by: str) -> str:
    return {"family": row.family, "template": f"{row.family}/{row.template}", "source": row.source}[by]


def _assigned(labels: NDArray[np.intp], shares: Mapping[str, float], seed: int) -> NDArray[np.intp]:
    """The side of each sample: the largest groups first, each where most is wanting; equal ones in random order."""
    found, which, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(found))
    wanting = np.array(list(shares.values())) * len(labels)
    side_of = np.empty(len(found), np.intp)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        side_of[group] = int(np.argmax(wanting))
        wanting[side_of[group]] -= sizes[group]
    return side_of[which]


def _check_shares(
    rows: Sequence[Row], labels: NDArray[np.intp], sides: NDArray[np.intp], shares: Mapping[str, float], by: str
) -> None:
    for number, (name, share) in enumerate(shares.items()):
        found = float(np.mean(sides == number))
        if abs(found - share) > min(SLACK, share / 2):
            largest, size = Counter(labels.tolist()).most_common(1)[0]
            raise TiltyardError(
                f"split {name} would get {found:.1%} of the samples, not {share:.1%}: the largest of "
                f"{len(np.unique(labels))} groups, that of {_key(rows[largest], by)!r}, has {size / len(rows):.1%}; "
                f"make more samples, or choose other shares or another --by"
            )


def _as_csv(rows: Sequence[Row], labels: NDArray[np.intp], sides: NDArray[np.intp], names: list[str]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("name", "split", "group"))
    writer.writerows((row.name, names[side], label) for row, side, label in zip(rows, sides, labels, strict=True))
    return buffer.getvalue().encode()


def _verify(path: Path, rows: Sequence[Row], labels: NDArray[np.intp], hashes: Sequence[str]) -> None:
    """Looks at the written file, not at what was meant to be written."""
    with path.open(encoding="utf-8", newline="") as file:
        written = {line["name"]: line["split"] for line in csv.DictReader(file)}
    names = sorted(set(written.values()))
    sides = np.array([names.index(written[row.name]) for row in rows])
    torn = len(np.unique(np.stack([labels, sides]), axis=1).T) - len(np.unique(labels))
    for one, other in across(sides, hashes):
        raise RuntimeError(f"{path}: near-duplicates {rows[one].name} and {rows[other].name} stand on both sides")
    if torn:
        raise RuntimeError(f"{path}: {torn} groups stand on both sides")
