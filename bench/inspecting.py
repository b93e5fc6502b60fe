"""What `tiltyard inspect` finds at its shipped threshold, what `--fast` costs, and beside it peers and its own parts.

Real photographs, documents of families never trained on (a seed with which nothing was chosen), receipts forged by
our operations. No threshold was chosen on them, but false alarms seen on them made the rule stricter twice (decisions
0027, 0028; 0016 to 0018 and 0023 say what else was seen). Pixel F1 is the mean over forged pictures; flagged is the
share of which the mask is not empty; regions are matched at IoU .5 over all pictures of a set; seconds are processor
time of one thread, reading included. With the defaults it takes half an hour on two cores: every part can be made
smaller.
"""

import argparse
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import torch
from common import save, show
from inspecting_ablation import Said, variants
from inspecting_aims import beside_aims
from inspecting_calibration import shown, thresholds
from inspecting_figures import Judged, Mapped, at_best, figures, judged, mapped
from inspecting_peers import Peer, are_there, peers
from inspecting_pictures import (
    AS_SCANNED,
    MADE,
    PHOTOGRAPHS,
    SEED,
    TYPED_ON,
    Item,
    documents,
    photographs,
    receipts,
)  # fmt: skip

from tiltyard.contest.executor import ONE_THREAD, Executor, Processes
from tiltyard.forensics.detectors import detector_names, find_detector
from tiltyard.forensics.inspecting import How
from tiltyard.forensics.locating.deciding import THRESHOLD
from tiltyard.forensics.locating.finding import Evidence, Found, evidence_in, weighed
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.tracing.cue import Subject, as_grey, subject_of

OURS, FAST = "tiltyard", "tiltyard_fast"
DEFAULT = "default"
EVERY = 20
"""Pictures between two lines of progress."""


@dataclass(frozen=True)
class Asked:
    """A picture, and what is to be measured on it besides the detector itself, slow and fast."""

    item: Item
    ablated: bool
    beside_peers: bool
    pyifd: bool
    thresholds: Mapping[str, How]


@dataclass
class Seen:
    """What was measured on one picture, by detector, by part, by peer, by threshold."""

    detectors: dict[str, Judged] = field(default_factory=dict)
    parts: dict[str, Judged] = field(default_factory=dict)
    maps: dict[str, Peer] = field(default_factory=dict)
    calibrated: dict[str, Judged] = field(default_factory=dict)


Measured = Sequence[tuple[Item, Seen]]


def main() -> None:
    given = arguments()
    executor = Processes(given.processes, environment=ONE_THREAD)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items = [
            *photographs(given.photographs),
            *documents(folder / "documents", executor, given.documents),
            *receipts(folder / "receipts", executor, given.receipts, each=given.forged_each),
        ]
        limits = thresholds(items, folder, executor)
        print(f"{len(items)} pictures; thresholds {limits or 'not calibrated: too few receipts'}")
        seen = list(followed(asked(items, given, limits), executor))
    report(seen, limits, given, minutes=(time.monotonic() - began) / 60)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, help="of each set, forged and authentic, at most; all if not given")
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--receipts", type=int, default=80)
    parser.add_argument("--forged-each", type=int, default=2, help="forged samples of each receipt")
    parser.add_argument("--ablation", type=int, default=40, help="of documents and receipts each, half authentic")
    parser.add_argument("--peers", type=int, default=15, help="forged pictures of each set shown to peers")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def asked(items: Sequence[Item], given: argparse.Namespace, limits: Mapping[str, How]) -> Iterator[Asked]:
    """The first ones of a set are those that more is measured on."""
    pyifd = bool(given.peers) and are_there()
    calibrating, before = shown(items), Counter[tuple[str, bool]]()
    for item in items:
        forged = item.mask is not None
        number = before[item.group, forged]
        before[item.group, forged] += 1
        ablated = number < given.ablation // 2 or (item.group in PHOTOGRAPHS and given.ablation > 0)
        measured_by = limits if item.group == "receipts" and item.source not in calibrating | TYPED_ON else {}
        yield Asked(item, ablated, forged and number < given.peers, pyifd, measured_by)


def followed(wanted: Iterable[Asked], executor: Executor) -> Iterator[tuple[Item, Seen]]:
    """All that is measured, with a line of progress now and then."""
    every = sorted(wanted, key=lambda one: -one.item.picture.stat().st_size)
    began = time.monotonic()
    for done, (one, seen) in enumerate(executor.submit(measured, every), 1):
        if done % EVERY == 0 or done == len(every):
            print(f"{done} of {len(every)} pictures, {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        yield one.item, seen


def measured(one: Asked) -> Seen:
    """Everything that is asked of one picture; what the detector looks at is looked at once."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    path, seen = one.item.picture, Seen()
    subject, found, seconds = inspected(path, fast=False)
    truth = one.item.truth(subject.shape)
    seen.detectors[OURS] = judged(found.mask, found.probability, truth, seconds=seconds)
    _, fast, fast_seconds = inspected(path, fast=True)
    seen.detectors[FAST] = judged(fast.mask, fast.probability, truth, seconds=fast_seconds)
    if one.ablated:
        parts = variants(path, subject, found.evidence)
        seen.parts = {name: _judged(said, truth) for name, said in parts}
    if one.beside_peers:
        seen.maps = dict(beside_peers(one, found, fast, truth))
    if one.thresholds:
        seen.calibrated = dict(calibrated(found.evidence, one.thresholds, truth))
    return seen


def inspected(path: Path, *, fast: bool) -> tuple[Subject, Found, float]:
    """What the detector does with a file, in seconds a megapixel."""
    began = time.process_time()
    subject = subject_of(path)
    found = weighed(evidence_in(subject, fast=fast), threshold=THRESHOLD)
    return subject, found, (time.process_time() - began) / found.mask.size * 1e6


def _judged(said: Said, truth: Mask) -> Judged:
    mask, score = said
    return judged(mask, score, truth)


def beside_peers(one: Asked, found: Found, fast: Found, truth: Mask) -> Iterator[tuple[str, Peer]]:
    """Our maps, those of the baselines and of pyIFD."""
    for name, ours in ((OURS, found), (FAST, fast)):
        yield name, Peer({"as it is": mapped(as_grey(ours.map), truth)}, 0.0, failed=False)
    for name in detector_names():
        if name not in (OURS, FAST):
            began = time.process_time()
            values = find_detector(name).locate(one.item.picture).map
            seconds = (time.process_time() - began) / truth.size * 1e6
            yield name, Peer({"as it is": mapped(values, truth)}, seconds, failed=False)
    if one.pyifd:
        yield from peers(one.item.picture, truth)


def calibrated(evidence: Evidence, limits: Mapping[str, How], truth: Mask) -> Iterator[tuple[str, Judged]]:
    for name, how in {DEFAULT: How(), **limits}.items():
        found = weighed(replace(evidence, trusted=how.trusted), threshold=how.needed)
        yield name, judged(found.mask, found.probability, truth)


def report(seen: Measured, limits: Mapping[str, How], given: argparse.Namespace, *, minutes: float) -> None:
    rows = by_set(seen)
    tables = {
        "aims": beside_aims(rows),
        "kinds": by_kind(seen),
        "maps": beside_each_other(seen),
        "parts": by_part(seen),
        "calibration": by_threshold(seen, limits),
    }
    show("detectors, shipped threshold", rows)
    for title, table in tables.items():
        if table:
            show(TITLES[title], table)
    save(
        "inspecting", "what inspect finds, what --fast costs, peers, ablation, calibration", rows, **tables,
        threshold=THRESHOLD, calibrated={name: _told(how) for name, how in limits.items()}, seed=SEED,
        options=vars(given), minutes=minutes,
    )  # fmt: skip


TITLES = {
    "aims": "issue 5, and receipts as scanned",
    "kinds": "tiltyard by kind of forgery",
    "maps": "maps on the same forged pictures, at the threshold that is best for each set, chosen with the truth",
    "parts": "parts: pixel F1 and share of authentic pictures flagged",
    "calibration": "receipts that were not calibrated on",
}


def groups_of(item: Item) -> tuple[str, ...]:
    """The rows that a picture counts in."""
    if item.group in PHOTOGRAPHS:
        return item.group, "photographs", "all"
    if item.group == "receipts" and item.source not in TYPED_ON:
        return item.group, AS_SCANNED, "all"
    return item.group, "all"


def by_set(seen: Measured) -> list[dict[str, Any]]:
    members: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for item, one in seen:
        for name, answer in one.detectors.items():
            for group in groups_of(item):
                members[name, group].append(answer)
    order = (*PHOTOGRAPHS, "photographs", *MADE, AS_SCANNED, "all")
    return [
        {"detector": name, "pictures": group, **figures(members[name, group])}
        for name in (OURS, FAST)
        for group in order
        if (name, group) in members
    ]


def by_kind(seen: Measured) -> list[dict[str, Any]]:
    members: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for item, one in seen:
        if item.group in MADE and item.mask is not None:
            members[item.group, item.kind].append(one.detectors[OURS])
    wanted = ("forged", "pixel F1", "forged flagged", "region F1")
    return [
        {"pictures": group, "kind": kind, **{name: figures(of_kind)[name] for name in wanted}}
        for (group, kind), of_kind in sorted(members.items())
    ]


def beside_each_other(seen: Measured) -> list[dict[str, Any]]:
    """One row a set and detector; ours in addition at the shipped threshold."""
    members: dict[tuple[str, str], list[Peer]] = defaultdict(list)
    shipped: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for item, one in seen:
        for name, peer in one.maps.items():
            members[item.group, name].append(peer)
            if name in one.detectors:
                shipped[item.group, name].append(one.detectors[name])
    order = (*PHOTOGRAPHS, *MADE)
    return [
        of_maps(group, name, members[group, name], shipped[group, name])
        for group, name in sorted(members, key=lambda key: order.index(key[0]))
    ]


def of_maps(group: str, name: str, every: Sequence[Peer], shipped: Sequence[Judged]) -> dict[str, Any]:
    ways = {way: [peer.ways[way] for peer in every] for way in every[0].ways}
    way = max(ways, key=lambda one: at_best(ways[one]))
    seconds = [peer.seconds for peer in every]
    return {
        "pictures": group,
        "detector": name,
        "forged": len(every),
        "best F1": at_best(ways[way]),
        "read by": way,
        "pixel AUC": max(mean_auc(of_way) for of_way in ways.values()),
        "F1 as shipped": figures(shipped)["pixel F1"] if shipped else None,
        "s a megapixel": sorted(seconds)[len(seconds) // 2] if any(seconds) else None,
        "failed": sum(peer.failed for peer in every),
    }


def mean_auc(maps: Sequence[Mapped]) -> float:
    return sum(one.auc for one in maps) / len(maps)


def by_part(seen: Measured) -> list[dict[str, Any]]:
    """One row a part; the pictures of which parts were measured."""
    members: dict[str, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for item, one in seen:
        for name, answer in one.parts.items():
            for group in groups_of(item):
                members[name][group].append(answer)
    there = [group for group in (*PHOTOGRAPHS, "photographs", *MADE) if any(group in of for of in members.values())]
    return [{"part": name, **dict(_of_part(groups, there))} for name, groups in members.items()]


def _of_part(groups: Mapping[str, list[Judged]], there: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for group in there:
        row = figures(groups[group])
        if group != "photographs":
            yield f"{group} F1", row["pixel F1"]
        if group not in PHOTOGRAPHS:
            yield f"{group} flagged", row["authentic flagged"]


def _told(how: How) -> dict[str, Any]:
    return {"at": how.needed, "distrusted": ", ".join(how.distrust)}


def by_threshold(seen: Measured, limits: Mapping[str, How]) -> list[dict[str, Any]]:
    members: dict[str, list[Judged]] = defaultdict(list)
    for _, one in seen:
        for name, answer in one.calibrated.items():
            members[name].append(answer)
    wanted = ("forged", "pixel F1", "forged flagged", "authentic", "authentic flagged")
    return [
        {"threshold": name, **_told(how), **{figure: figures(members[name])[figure] for figure in wanted}}
        for name, how in {DEFAULT: How(), **limits}.items()
        if name in members
    ]


if __name__ == "__main__":
    main()
