"""Recomputes every figure of an evaluation from what it came from."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiltyard.contest.entry import digest_of
from tiltyard.contest.evaluate import score_record
from tiltyard.contest.evaluation import ARTEFACTS, Evaluation, read_evaluation, seal_of
from tiltyard.contest.registry import find_track
from tiltyard.errors import EvaluationError

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Difference:
    """A figure or file that is not what the record says."""

    what: str
    recorded: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.what}: recorded {self.recorded}, found {self.found}"


def verify(folder: Path) -> list[Difference]:
    """What differs: seal, files, entry digest, score, intervals, parts. An empty list means that all agree."""
    evaluation = read_evaluation(folder)
    differences = [*_seal(evaluation), *_files(evaluation), *_entry(evaluation)]
    try:
        return differences + list(_figures(evaluation))
    except EvaluationError as error:
        return [*differences, Difference("rows", "readable", error)]


def _seal(evaluation: Evaluation) -> Iterator[Difference]:
    record = evaluation.record
    found = seal_of(record.as_json())
    if found != record.seal:
        yield Difference("seal over evaluation.json", record.seal, found)


def _files(evaluation: Evaluation) -> Iterator[Difference]:
    folder, recorded = evaluation.folder, evaluation.record.files
    for name, digest in recorded.items():
        path = folder / name
        found = digest_of(path) if path.exists() else "missing"
        if found != digest:
            yield Difference(name, digest, found)
    artefacts = folder / ARTEFACTS
    present = {f"{ARTEFACTS}/{path.name}" for path in artefacts.iterdir()} if artefacts.is_dir() else set()
    for name in sorted(present - set(recorded)):
        yield Difference(name, "not there", "there")


def _entry(evaluation: Evaluation) -> Iterator[Difference]:
    digest = evaluation.record.identity.entry_digest
    kept = [
        value for name, value in evaluation.record.files.items() if Path(name).stem == "entry" and ARTEFACTS in name
    ]
    if kept != [digest]:
        yield Difference("entry digest", digest, kept[0] if kept else "no copy of the entry")


def _figures(evaluation: Evaluation) -> Iterator[Difference]:
    record = evaluation.record
    track = find_track(record.identity.track)
    if track.version != record.identity.track_version:
        yield Difference("track version", record.identity.track_version, f"{track.version} is installed")
    score, bounds = score_record(track, evaluation.rows, record.facts, seed=record.identity.seed)
    pairs = {
        "status": (record.status, score.status),
        "reason": (record.reason, score.reason),
        "values": (dict(record.values), dict(score.values)),
        "intervals": (_lists(record.intervals), _lists(bounds)),
        "parts": ([dict(part) for part in record.parts], [dict(part) for part in score.parts]),
    }
    for name, (recorded, found) in pairs.items():
        yield from _compare(name, recorded, found)


def _lists(bounds: Any) -> dict[str, list[float]]:
    return {name: list(interval) for name, interval in bounds.items()}


def _compare(what: str, recorded: Any, found: Any) -> Iterator[Difference]:
    """Descends to the single figures that differ."""
    if isinstance(recorded, dict) and isinstance(found, dict) and recorded.keys() == found.keys():
        for key in recorded:
            yield from _compare(f"{what}.{key}", recorded[key], found[key])
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for number, (one, other) in enumerate(zip(recorded, found, strict=True)):
            yield from _compare(f"{what}[{number}]", one, other)
    elif not _equal(recorded, found):
        yield Difference(what, recorded, found)


def _equal(recorded: Any, found: Any) -> bool:
    if isinstance(recorded, float) and isinstance(found, float):
        return math.isclose(recorded, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(recorded == found)
