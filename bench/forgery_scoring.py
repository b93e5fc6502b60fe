"""Pairs of one-megapixel masks scored by the track `forgery`, against only decoding them with as many processes."""

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tiltyard.contest.entry import open_entry
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.executor import Processes
from tiltyard.contest.run import Run
from tiltyard.forensics.truth_folder import read_truth
from tiltyard.tracks.forgery import MASKS, Forgery

SIDE = 1000
SIZES = (500, 4000)
CHUNK = 200
JOBS = len(os.sched_getaffinity(0))
ROUNDS = 2


def write_pairs(folder: Path, count: int) -> None:
    """Truth masks and an entry that finds most of what is forged: blobs as detectors give them, boxes as editors do."""
    (folder / "masks").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(folder / "entry.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(count):
            truth, found = mask_pair(rng)
            (folder / "masks" / f"{index:06d}.png").write_bytes(truth)
            archive.writestr(f"images/{index:06d}.png", found)


def mask_pair(rng: np.random.Generator) -> tuple[bytes, bytes]:
    truth = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.integers(0, SIDE - 60, 2)
        width, height = rng.integers(20, 300, 2)
        truth[y : y + height, x : x + width] = 255
    noise = cv2.resize(rng.random((40, 40), np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    found = np.where(noise + truth / 1020 > 0.85, 255, 0).astype(np.uint8)
    return tuple(cv2.imencode(".png", mask)[1].tobytes() for mask in (truth, found))  # type: ignore[return-value]


def decode_only(chunk: Sequence[str], *, folder: Path) -> int:
    """The masks of both sides of a chunk, decoded by Pillow alone and forgotten."""
    with zipfile.ZipFile(folder / "entry.zip") as archive:
        return sum(
            decoded((folder / "masks" / name).read_bytes()) + decoded(archive.read(f"images/{name}")) for name in chunk
        )


def decoded(content: bytes) -> int:
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        return np.asarray(image).size


def decode(folder: Path) -> None:
    names = sorted(path.name for path in (folder / "masks").iterdir())
    chunks = [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]
    for _ in Processes(JOBS).submit(partial(decode_only, folder=folder), chunks):
        pass


def score(folder: Path) -> None:
    """As `tiltyard run forgery` does it, from the archive on disk to the evaluation folder."""
    entry, truth = open_entry(folder / "entry.zip", MASKS), read_truth(folder)
    with tempfile.TemporaryDirectory() as out:
        evaluate_entry(Forgery(), entry, truth, Run(), Path(out) / "run", executor=Processes(JOBS))


def timed(what: str, folder: Path) -> dict[str, float]:
    """One of the two in a process of its own: wall and processor seconds, peak memory of the largest process in MiB."""
    done = subprocess.run([sys.executable, __file__, what, str(folder)], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(what: str, folder: Path) -> None:
    started = time.perf_counter()
    {"decode": decode, "score": score}[what](folder)
    wall = time.perf_counter() - started
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
    peaks = {"main MiB": own.ru_maxrss / 1024, "worker MiB": workers.ru_maxrss / 1024}
    print(json.dumps({"wall s": wall, "cpu s": cpu, **peaks}))


def compared(count: int) -> dict[str, float | int]:
    """The mean of rounds that alternate."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_pairs(folder, count)
        rounds = [(timed("decode", folder), timed("score", folder)) for _ in range(ROUNDS)]
    decoding, scoring = (
        {key: float(np.mean([one[key] for one in side])) for key in side[0]} for side in zip(*rounds, strict=True)
    )
    ratios = {f"{key} ratio": scoring[f"{key} s"] / decoding[f"{key} s"] for key in ("wall", "cpu")}
    return {
        "pairs": count, "processes": JOBS,
        **{f"decode {key}": value for key, value in decoding.items() if key.endswith(" s")},
        **{f"score {key}": value for key, value in scoring.items()}, **ratios,
    }  # fmt: skip


def main() -> None:
    from common import save, show  # not above: workers import this file, and need no torch

    rows = [compared(count) for count in SIZES]
    show("Scoring pairs of one-megapixel masks", rows)
    save(
        "forgery_scoring",
        "the track forgery, from archive to evaluation folder, against only decoding the same masks with Pillow",
        rows,
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
