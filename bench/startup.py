"""How long a jail, a guest with torch in it, and the command line take to start."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from common import entry_folder, save, show

from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.run import Run
from tiltyard.defences.pool import load_pool
from tiltyard.jail.launch import launch
from tiltyard.jail.limits import Limits
from tiltyard.tracks.whitebox import WhiteBox

IDLE = "class Attacker:\n    def __init__(self, *args): pass\n    def config(self, **kwargs): pass\n" \
    "    def batch_attack(self, xs, ys, ys_target=None): return xs\n"  # fmt: skip
TILTYARD = Path(sys.executable).with_name("tiltyard")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluation, start = evaluated(folder)
        rows = [
            row("/bin/true alone", partial(outside, ["/bin/true"]), repeats),
            row("/bin/true in a jail", partial(jailed, ["/bin/true"]), repeats),
            row("import torch alone", partial(outside, [sys.executable, "-c", "import torch"]), repeats),
            row("import torch in a jail", partial(jailed, [sys.executable, "-c", "import torch"]), repeats),
            {"what": "guest ready for its first batch", "median s": start[0], "slowest s": start[1], "runs": 3},
        ]
        if TILTYARD.is_file():
            for words in (["--help"], ["doctor"], ["verify", str(evaluation)]):
                label = f"tiltyard {words[0]}"
                rows.append(row(label, partial(outside, [str(TILTYARD), *words]), repeats))
    show("start-up", rows)
    save("startup", "seconds until things have started", rows)


def evaluated(folder: Path) -> tuple[Path, tuple[float, float]]:
    """An evaluation folder for `verify`, and the median and slowest seconds until its guests were ready."""
    track = WhiteBox()
    pool = load_pool("digits", items=50)
    entry = track.read(entry_folder(folder / "entry", IDLE))
    found = evaluate_entry(track, entry, pool, Run(), folder / "evaluation")
    starts = [fact["start_seconds"] for fact in found.record.facts]
    return found.folder, (median(starts), max(starts))


def row(what: str, action: Callable[[], None], repeats: int) -> dict[str, Any]:
    action()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return {"what": what, "median s": median(seconds), "slowest s": max(seconds), "runs": repeats}


def outside(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"})
    if done.returncode:
        raise SystemExit(f"{shutil.which(command[0])} {' '.join(command[1:])}: {done.stderr.strip()[-300:]}")


def jailed(command: list[str]) -> None:
    with launch(command, limits=Limits()) as guest:
        if guest.wait(60) != 0:
            raise SystemExit(f"{' '.join(command)} in a jail: {guest.ended()}")


if __name__ == "__main__":
    main()
