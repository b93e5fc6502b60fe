"""The baselines, single cues, on rendered documents of all families and on real forged photographs.

The documents are of a seed with which no threshold was chosen; nothing was chosen on the photographs. Pixel F1 is the
mean over forged pictures; flagged is the share of pictures of which the mask is not empty.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
from common import save, show
from inspecting_figures import Judged, figures, judged
from inspecting_pictures import Item, photographs, written

from tiltyard.contest.executor import ONE_THREAD, Processes
from tiltyard.forensics.detectors import CueDetector, detector_names, find_detector
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.recipe import document_recipe

SEED = 20_260_725
BASELINES = tuple(name for name in detector_names() if isinstance(find_detector(name), CueDetector))
Found = dict[str, Judged]
"""By baseline."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--photographs", type=int, help="of each set, forged and authentic, at most; all if not given")
    given = parser.parse_args()
    workers = Processes(len(os.sched_getaffinity(0)), environment=ONE_THREAD)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "set")
        write_set(document_recipe(seed=SEED, count=given.documents), place, workers)
        items = [*written(place, "documents"), *photographs(given.photographs)]
        rows = summed(workers.submit(measured, items))
    show("baselines", rows)
    what = "pixel F1 on forged pictures, share of pictures flagged, seconds a megapixel and thread"
    save("baselines", what, rows, document_seed=SEED, options=vars(given))


def measured(item: Item) -> Found:
    """All of them on one picture."""
    cv2.setNumThreads(1)
    found: Found = {}
    for name in BASELINES:
        began = time.process_time()
        answer = find_detector(name).locate(item.picture)
        seconds = (time.process_time() - began) / answer.mask.size * 1e6
        found[name] = judged(answer.mask, answer.score, item.truth(answer.mask.shape), seconds=seconds)
    return found


def summed(seen: Iterable[tuple[Item, Found]]) -> list[dict[str, Any]]:
    """One row a baseline and group; documents by kind of forgery as well."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for item, found in seen:
        groups[item.group].append(found)
        if item.group == "documents" and item.mask is not None:
            groups[f"documents {item.kind}"].append(found)
    return [
        {"detector": name, "pictures": group, **figures([found[name] for found in members])}
        for name in BASELINES
        for group, members in sorted(groups.items())
    ]


if __name__ == "__main__":
    main()
