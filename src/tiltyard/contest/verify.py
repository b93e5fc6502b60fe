"""Recomputes every figure of an evaluation from what it came from."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiltyard.contest.evaluate import score_record
from tiltyard.contest.evaluation import ARTEFACTS, ROWS, Evaluation, first_line, read_evaluation, seal_of
from tiltyard.contest.files import digest_of, is_regular, walk
from tiltyard.contest.names import is_junk, one_line, shown
from tiltyard.contest.registry import find_track
from tiltyard.errors import DecoderUnavailable

TOLERANCE = 1e-9
MOST_SHOWN = 500
"""Characters of a value in a line."""


@dataclass(frozen=True)
class Difference:
    """A figure or file that is not what the record says."""

    what: str
    recorded: Any
    found: Any

    def __str__(self) -> str:
        """One line, for a terminal too: what stands in a folder may come from anybody."""
        told = (one_line(value, MOST_SHOWN) for value in (self.what, self.recorded, self.found))
        return "{}: recorded {}, found {}".format(*told)


def verify(folder: Path) -> list[Difference]:
    """What differs: seal, files, entry digest, score, intervals, parts. An empty list means that all agree.

    EvaluationError where there is no evaluation; DecoderUnavailable where this machine cannot tell.
    """
    evaluation = read_evaluation(folder)
    differences = [*_seal(evaluation), *_files(evaluation), *_entry(evaluation)]
    try:
        return differences + list(_figures(evaluation))
    except DecoderUnavailable:
        raise
    except Exception as error:  # a track's score may fail in any way on rows and facts that were tampered with
        return [*differences, Difference("score", "computable", first_line(error))]


def _seal(evaluation: Evaluation) -> Iterator[Difference]:
    record = evaluation.record
    found = seal_of(record.as_json())
    if found != record.seal:
        yield Difference("seal over evaluation.json", record.seal, found)


def _files(evaluation: Evaluation) -> Iterator[Difference]:
    folder, recorded = evaluation.folder, evaluation.record.files
    for name, digest in recorded.items():
        found = _found(folder / name)
        if found != digest:
            yield Difference(name, digest, found)
    if ROWS not in recorded:
        yield Difference(ROWS, "no digest", "there")
    for name, path in sorted(walk(folder / ARTEFACTS)) if (folder / ARTEFACTS).is_dir() else ():
        if _stray(name, path, recorded):
            yield Difference(shown(f"{ARTEFACTS}/{name}"), "not there", "there")


def _found(path: Path) -> str:
    try:
        return digest_of(path) if path.is_dir() or is_regular(path) else "no regular file"
    except OSError as error:
        return f"unreadable ({error.strerror})"


def _stray(name: str, path: Path, recorded: Mapping[str, str]) -> bool:
    """Whether a file below the artefacts is covered by no digest."""
    return f"{ARTEFACTS}/{name.split('/')[0]}" not in recorded or is_junk(name) or not is_regular(path)


def _entry(evaluation: Evaluation) -> Iterator[Difference]:
    digest = evaluation.record.identity.entry_digest
    kept = [
        value for name, value in evaluation.record.files.items() if Path(name).stem == "entry" and ARTEFACTS in name
    ]
    if digest not in kept:
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
