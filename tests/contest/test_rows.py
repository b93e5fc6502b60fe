"""Rows that a stranger sends: a small file that would decode to millions of rows, or to more than memory holds."""

import json
import resource
import shutil
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from toy_contest import evaluated

from tiltyard.contest import rows as reading
from tiltyard.contest.evaluation import ROWS, read_evaluation, seal_of
from tiltyard.contest.files import digest_of
from tiltyard.errors import EvaluationError

MANY, LONG = 10_000_000, 64 << 20
"""Rows beyond what is read; bytes beyond `small`."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished evaluation that no test touches."""
    return evaluated(tmp_path_factory.mktemp("pristine")).folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(pristine, tmp_path / "copy"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less may be decoded than is usual, so that tests need not make as much."""
    monkeypatch.setattr(reading, "MOST_BYTES", LONG - 1)


def written(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def planted(folder: Path, content: bytes, *, told: bool = True) -> None:
    """Other rows in the folder, under a record that tells their digest or does not know of them."""
    (folder / ROWS).write_bytes(content)
    if told:
        record = json.loads((folder / "evaluation.json").read_text())
        record["files"][ROWS] = digest_of(folder / ROWS)
        (folder / "evaluation.json").write_text(json.dumps({**record, "seal": seal_of(record)}))


def refused(folder: Path) -> str:
    with pytest.raises(EvaluationError) as caught:
        _ = read_evaluation(folder).rows
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith(str(folder / ROWS))
    return str(caught.value)


@pytest.mark.parametrize("told", [True, False])
def test_ten_million_rows_in_a_small_file_are_refused(folder: Path, told: bool) -> None:
    content = written(pl.DataFrame({"item": pl.zeros(MANY, eager=True), "right": pl.repeat(True, MANY, eager=True)}))
    assert len(content) < 200_000
    planted(folder, content, told=told)
    before = peak()
    assert f"{MANY} rows, and an evaluation has at most {reading.MOST_ROWS}" in refused(folder)
    assert peak() - before < 32 << 20


BOMBS = {
    "a list": pl.Series([pl.zeros(LONG, dtype=pl.UInt8, eager=True)]),
    "a text": pl.Series(["x" * LONG]),
    "an array that is not there": pl.Series([None], dtype=pl.Array(pl.UInt8, LONG)),
    "one word in all rows": pl.Series(["word" * 16]).new_from_index(0, LONG // 64),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("bomb", BOMBS)
def test_what_decodes_to_more_than_is_allowed_is_refused(folder: Path, bomb: str, told: bool) -> None:
    content = written(BOMBS[bomb].to_frame("item"))
    assert len(content) < LONG // 500
    planted(folder, content, told=told)
    before = peak()
    assert f"more than the {reading.MOST_BYTES >> 20} MiB that rows may take" in refused(folder)
    assert peak() - before < 32 << 20


def test_what_no_longer_fits_into_the_decoders_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MEMORY", 1 << 30)
    planted(folder, written(pl.Series(["x" * (400 << 20)]).to_frame("item")))
    assert "damaged, or too large for 1024 MiB of memory" in refused(folder)


def test_a_file_larger_than_rows_may_be_is_not_read(folder: Path) -> None:
    with (folder / ROWS).open("r+b") as file:
        file.truncate(1 << 40)
    before = peak()
    assert f"more than the {reading.MOST_BYTES >> 20} MiB that rows may take" in refused(folder)
    assert peak() - before < 32 << 20


def test_what_waits_too_long_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    planted(folder, written(pl.DataFrame({"item": ["waited for"]})))
    assert "takes too long" in refused(folder)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[1.5, 2.5], [], None]),
        pl.Series([[1, 2], [3, 4], None], dtype=pl.Array(pl.UInt32, 2)),
        pl.Series([None, None, None], dtype=pl.Null),
        pl.Series(["a", None, "c"], dtype=pl.Categorical),
        pl.Series([float("nan"), float("inf"), -0.0], dtype=pl.Float32),
    ],
    ids=lambda column: str(column.dtype),
)
def test_rows_of_any_kind_are_read_as_they_were_written(folder: Path, column: pl.Series) -> None:
    rows = pl.DataFrame({"item": ["1", "2", "3"], "measured": column})
    planted(folder, written(rows))
    for _ in range(2):
        found = read_evaluation(folder).rows
        assert found.schema == rows.schema
        assert found.equals(rows, null_equal=True)


def test_rows_are_decoded_apart_only_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(folder, written(pl.DataFrame({"item": ["only once"]})))
    first = read_evaluation(folder).rows
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert read_evaluation(folder).rows.equals(first)


def peak() -> int:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
