"""The evaluation folder: rows, facts, score and evidence of one entry on one version of track and data."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any

import polars as pl

from tiltyard.contest.files import open_regular, replaced
from tiltyard.contest.names import check_name
from tiltyard.contest.rows import rows_of
from tiltyard.contest.track import Facts, Score
from tiltyard.errors import EvaluationError, TiltyardError

RECORD = "evaluation.json"
ROWS = "rows.parquet"
ARTEFACTS = "artefacts"
MOST_BYTES = 32 << 20
"""Of a record: ten thousand shards' facts take less than half of it."""


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
        """The rows as they are: `verify` compares them with the record. EvaluationError where there are none."""
        return rows_of(self.folder / ROWS, self.record.files.get(ROWS))


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
        content = json.loads(_text_of(path), object_pairs_hook=_without_repeats)
        record = Record(**{**content, "identity": Identity(**content["identity"]), "parts": tuple(content["parts"])})
        _check_types(record)
        seal_of(record.as_json())
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, TiltyardError) as error:
        raise EvaluationError(f"{path}: malformed ({first_line(error)})") from None
    return Evaluation(folder, record)


def _text_of(path: Path) -> str:
    with open_regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"more than the {MOST_BYTES >> 20} MiB that a record takes")
    return content.decode()


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What one reader takes from a name given twice, another does not."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _check_types(record: Record) -> None:
    _check_all("a text", (*_texts(record.identity), record.status, record.reason, record.seal), str)
    _check_all("seed", (record.identity.seed,), int)
    _check_all("trust", (record.identity.trust,), bool)
    _check_all("a list", (record.facts, record.parts), list | tuple)
    mappings = (record.values, record.intervals, record.environment, record.files, *record.facts, *record.parts)
    _check_all("a mapping", mappings, dict)
    _check_all("a value of the score", record.values.values(), int | float)
    _check_all("an interval", record.intervals.values(), list)
    for low, high in record.intervals.values():
        _check_all("the bound of an interval", (low, high), int | float)
    _check_all("a digest", record.files.values(), str)
    for name in record.files:
        check_name(name, "files")


def _texts(identity: Identity) -> Sequence[Any]:
    return [value for name, value in asdict(identity).items() if name not in ("seed", "trust")]


def _check_all(what: str, values: Iterable[object], kind: type | UnionType) -> None:
    for value in values:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{what} is {type(value).__name__}")


def write_record(folder: Path, record: Record) -> Evaluation:
    sealed = record.sealed()
    write_atomically(folder / RECORD, json.dumps(sealed.as_json(), indent=1, allow_nan=False).encode() + b"\n")
    return Evaluation(folder, sealed)


def write_atomically(path: Path, content: bytes) -> None:
    """Writes all or nothing, whatever kills the process."""
    with replaced(path) as place, place.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
