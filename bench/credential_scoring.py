"""What scoring a table of 100 000 credentials costs, stage by stage, against only parsing its CSV and JSON.

The table is made here: up to three regions a file, four fifths of them claimed a little aside, some false claims, a
score for every file; documents of three near-duplicates each. Stages are timed in one process of their own (processor
time), the whole evaluation in another by the clock, with one job and with one for each core.
"""

import argparse
import csv
import io
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tiltyard.contest.evaluate import evaluate_entry, score_record
from tiltyard.contest.executor import Here, Processes
from tiltyard.contest.run import Run
from tiltyard.tracks.credential import Credential
from tiltyard.tracks.credential_data import load_credentials

Box = list[list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    files = parser.parse_args().files
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_contest(folder, files)
        rows = alone(stages, folder)
        whole = [alone(evaluated, folder, jobs) for jobs in sorted({1, cores})]
        size = (folder / "result.csv").stat().st_size
    report(rows, whole, files=files, size=size)


def report(rows: list[dict[str, Any]], whole: list[dict[str, Any]], *, files: int, size: int) -> None:
    from common import save, show  # the stages' processes shall not carry torch

    title = f"{files} files, {size / 1e6:.1f} MB"
    show(f"processor time of each stage, {title}", rows)
    show(f"whole evaluation with 500 resamples, {title}", whole)
    what = "scoring a table of credentials, stage by stage, against parsing its CSV and JSON"
    save("credential_scoring", what, rows, files=files, bytes=size, whole=whole)


def write_contest(folder: Path, files: int) -> None:
    """`truth.csv`, `samples.csv` and `result.csv`."""
    rng = np.random.default_rng(0)
    with (
        (folder / "truth.csv").open("w", newline="") as truth,
        (folder / "samples.csv").open("w", newline="") as samples,
        (folder / "result.csv").open("w", newline="") as result,
    ):
        tables = csv.writer(truth), csv.writer(samples), csv.writer(result)
        heads = ["Path", "Polygon"], ["name", "source", "width", "height"], ["Path", "Polygon", "Score"]
        for table, head in zip(tables, heads, strict=True):
            table.writerow(head)
        for index in range(files):
            regions = [a_box(rng) for _ in range(rng.integers(0, 4))]
            claims = [moved(box, rng) for box in regions if rng.random() < 0.8]
            claims += [a_box(rng)] * int(rng.random() < 0.2)
            name = f"credential_{index:06d}.jpg"
            tables[0].writerow([name, json.dumps(regions)])
            tables[1].writerow([name, f"document-{index // 3}", 1100, 1100])
            tables[2].writerow([name, json.dumps(claims), round(float(rng.normal()) + bool(regions), 4)])


def a_box(rng: np.random.Generator) -> Box:
    x, y, width, height = (int(number) for number in rng.integers([50, 50, 10, 10], [900, 900, 100, 100]))
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def moved(box: Box, rng: np.random.Generator) -> Box:
    dx, dy = (int(number) for number in rng.integers(-12, 13, 2))
    return [[x + dx, y + dy] for x, y in box]


def alone(task: Callable[..., Any], *given: Any) -> Any:
    """What a task gives in a fresh process of its own."""
    receiving, sending = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=answer, args=(sending, task, *given))
    process.start()
    result = receiving.recv()
    process.join()
    return result


def answer(sending: Any, task: Callable[..., Any], *given: Any) -> None:
    sending.send(task(*given))


def stages(folder: Path) -> list[dict[str, Any]]:
    """Processor seconds of each stage, and how much memory the process had had by its end."""
    rows: list[dict[str, Any]] = []
    track, run = Credential(), Run()
    with timed(rows, "parsing CSV and JSON only"):
        parse((folder / "result.csv").read_text())
    with timed(rows, "reading and checking the table"):
        entry = track.read(folder / "result.csv")
    with timed(rows, "reading the truth and its samples"):
        data = load_credentials(folder)
    with timed(rows, "comparing table and truth"):
        shards = track.plan(entry, data)
    with timed(rows, "matching regions"):
        measured = [track.measure(entry, shard, data, run) for shard in shards]
    table, facts = pl.concat([shard.rows for shard in measured]), [shard.facts for shard in measured]
    with timed(rows, "score"):
        track.score(table, facts)
    with timed(rows, "score and 500 resamples"):
        score_record(track, table, facts, seed=0)
    return rows


@contextmanager
def timed(rows: list[dict[str, Any]], stage: str) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = seconds / rows[0]["seconds"] if rows else 1.0
    rows.append({"stage": stage, "seconds": seconds, "times parsing": ratio, "peak memory, MiB": round(peak)})


def parse(text: str) -> None:
    for line in csv.reader(io.StringIO(text, newline="")):
        if line[1] != "Polygon":
            json.loads(line[1])


def evaluated(folder: Path, jobs: int) -> dict[str, Any]:
    """Wall time of a whole evaluation, from opening both tables to the finished folder."""
    start, track = time.perf_counter(), Credential()
    entry, data = track.read(folder / "result.csv"), load_credentials(folder)
    executor = Here() if jobs == 1 else Processes(jobs)
    evaluation = evaluate_entry(track, entry, data, Run(), folder / f"out-{jobs}", executor=executor)
    seconds = time.perf_counter() - start
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {"jobs": jobs, "seconds": seconds, "f1": evaluation.record.values["f1"], "peak memory, MiB": round(peak)}


if __name__ == "__main__":
    main()
