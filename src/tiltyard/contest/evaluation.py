"""The evaluation folder: rows, facts, score and evidence of one entry on one version of track and data."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from tiltyard.contest.track import Facts, Score
from tiltyard.errors import EvaluationError

RECORD = "evaluation.json"
ROWS = "rows.parquet"
ARTEFACTS = "artefacts"


@dataclass(frozen=True)
class Identity:
    """What was evaluated: two runs of equal identity give the same rows on the same machine."""

    track: str
    track_version: str
    data: str
    data_version: str
    entry: str
    entry_digest: str
    seed: int
    device: str
    trust: bool


@dataclass(frozen=True)
class Record:
    """`evaluation.json`. `files` maps every file of evidence to its SHA-256; `seal` is a SHA-256 over the rest."""

    identity: Identity
    facts: Facts
    status: str
    reason: str
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    parts: tuple[Mapping[str, Any], ...]
    environment: Mapping[str, Any]
    files: Mapping[str, str]
    seal: str = ""

    def sealed(self) -> "Record":
        return replace(self, seal=seal_of(self.as_json()))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def score(self) -> Score:
        return Score(self.values, self.parts, self.reason)


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation, read back from its folder."""

    folder: Path
    record: Record

    @property
    def rows(self) -> pl.DataFrame:
        try:
            return pl.read_parquet(self.folder / ROWS)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise EvaluationError(f"{self.folder / ROWS}: cannot be read ({first_line(error)})") from None


def seal_of(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of everything but the seal itself."""
    rest = {key: value for key, value in content.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, allow_nan=False).encode()).hexdigest()


def read_evaluation(folder: Path) -> Evaluation:
    """Reads `evaluation.json`; EvaluationError where it is missing or malformed. Checks no figure: `verify` does."""
    path = folder / RECORD
    if not path.is_file():
        unfinished = (folder / "plan.json").is_file()
        hint = "was not finished: run it again with --resume" if unfinished else "holds no evaluation"
        raise EvaluationError(f"{folder}: {hint}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        record = Record(**{**content, "identity": Identity(**content["identity"]), "parts": tuple(content["parts"])})
        _check_types(record)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EvaluationError(f"{path}: malformed ({first_line(error)})") from None
    return Evaluation(folder, record)


def _check_types(record: Record) -> None:
    texts = (record.status, record.reason, record.seal, record.identity.track, record.identity.data_version)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text field holds something else")
    mappings = (record.values, record.intervals, record.environment, record.files, *record.facts, *record.parts)
    if not all(isinstance(mapping, dict) for mapping in mappings):
        raise TypeError("a field that maps names to values holds something else")
    if not all(isinstance(value, int | float) for value in record.values.values()):
        raise TypeError("a value of the score is no number")


def write_record(folder: Path, record: Record) -> Evaluation:
    sealed = record.sealed()
    write_atomically(folder / RECORD, json.dumps(sealed.as_json(), indent=1, allow_nan=False).encode() + b"\n")
    return Evaluation(folder, sealed)


def write_atomically(path: Path, content: bytes) -> None:
    """Writes all or nothing, whatever kills the process."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
