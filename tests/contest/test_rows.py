"""Rows that a stranger sends: a small file that would decode to millions of rows, or to more than memory holds."""

import json
import resource
import subprocess
import sys
import tracemalloc
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from toy_contest import find_toy

from tiltyard.contest import apart
from tiltyard.contest import rows as reading
from tiltyard.contest import verify as verifying
from tiltyard.contest.decoder import is_plain
from tiltyard.contest.evaluate import parquet
from tiltyard.contest.evaluation import ROWS, read_evaluation, seal_of
from tiltyard.contest.files import digest_of
from tiltyard.contest.verify import verify
from tiltyard.errors import DecoderUnavailable, EvaluationError, TiltyardError

MANY, LONG = 10_000_000, 64 << 20
"""Rows beyond what is read; bytes beyond `small`."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less may be decoded than is usual, so that tests need not make as much."""
    monkeypatch.setattr(apart, "MOST_BYTES", LONG - 1)


def written(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def heavy() -> bytes:
    """One text of which two do not fit into a gigabyte with all that a process holds."""
    return written(pl.Series(["x" * (400 << 20)]).to_frame("item"))


def planted(folder: Path, content: bytes, *, told: bool = True) -> None:
    """Other rows in the folder, under a record that tells their digest or does not know of them."""
    (folder / ROWS).write_bytes(content)
    if told:
        record = json.loads((folder / "evaluation.json").read_text())
        record["files"][ROWS] = digest_of(folder / ROWS)
        (folder / "evaluation.json").write_text(json.dumps({**record, "seal": seal_of(record)}))


def refused(folder: Path) -> str:
    """Why the rows are refused, none of which this process may ever decode."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read_parquet", "scan_parquet"):
            patch.setattr(pl, name, _never)
        with pytest.raises(EvaluationError) as caught:
            _ = read_evaluation(folder).rows
    assert type(caught.value) is EvaluationError
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith(str(folder / ROWS))
    return str(caught.value)


def _never(*_: object, **__: object) -> None:
    raise AssertionError("what a stranger wrote is decoded here")


@pytest.mark.parametrize("told", [True, False])
def test_ten_million_rows_in_a_small_file_are_refused(folder: Path, told: bool) -> None:
    content = written(pl.DataFrame({"item": pl.zeros(MANY, eager=True), "right": pl.repeat(True, MANY, eager=True)}))
    assert len(content) < 200_000
    planted(folder, content, told=told)
    assert f"{MANY} rows, and an evaluation has at most {apart.MOST_ROWS}" in refused(folder)


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
    assert f"more than the {apart.MOST_BYTES >> 20} MiB that rows may take" in refused(folder)


def test_what_no_longer_fits_into_the_decoders_memory_is_refused(
    folder: Path, heavy: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MEMORY", 1 << 30)
    planted(folder, heavy)
    assert "damaged, or too large for 1024 MiB of memory" in refused(folder)


def test_a_file_larger_than_rows_may_be_is_not_read(folder: Path) -> None:
    with (folder / ROWS).open("r+b") as file:
        file.truncate(1 << 40)
    tracemalloc.start()
    told = refused(folder)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"{1 << 40} bytes, more than the {apart.MOST_BYTES >> 20} MiB that rows may take" in told
    assert most < 64 << 20


def test_what_waits_too_long_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0)
    monkeypatch.setattr(apart.decoder, "STARTED", "")
    planted(folder, written(pl.DataFrame({"item": ["waited for"]})))
    assert "takes too long" in refused(folder)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[1.5, 2.5], [], None]),
        pl.Series([[1, 2], [3, 4], None], dtype=pl.Array(pl.UInt32, 2)),
        pl.Series([None, None, None], dtype=pl.Null),
        pl.Series([b"a", None, b"c"]),
        pl.Series([{"a": "b", "c": True}, None, {"a": None, "c": False}]),
        pl.Series([date(2026, 1, 1), None, date(2026, 1, 2)]),
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
    monkeypatch.setattr(apart, "SECONDS", 0)
    assert read_evaluation(folder).rows.equals(first)


CODED = {
    "categories": pl.Series(["word"], dtype=pl.Categorical),
    "an enumeration": pl.Series(["word"], dtype=pl.Enum(["word"])),
    "a list of categories": pl.Series([["word"]], dtype=pl.List(pl.Categorical)),
    "an array of categories": pl.Series([["word"]], dtype=pl.Array(pl.Categorical, 1)),
    "a field of categories": pl.Series([{"a": ["word"]}], dtype=pl.Struct({"a": pl.List(pl.Categorical)})),
}


@pytest.mark.parametrize("kind", [pl.List(pl.Null), pl.Array(pl.Null, 3), pl.Struct({"a": pl.List(pl.Null)})])
def test_nulls_whose_number_no_size_tells_are_refused(kind: pl.DataType) -> None:
    assert not is_plain(kind)


@pytest.mark.parametrize("column", CODED)
def test_codes_are_refused_for_each_may_stand_for_a_megabyte(folder: Path, column: str) -> None:
    planted(folder, written(CODED[column].to_frame("item")))
    kind = type(CODED[column].dtype).__name__
    assert f"a column holds {kind}, and no evaluation does" in refused(folder)


@pytest.mark.parametrize("column", CODED)
def test_a_track_that_measures_in_codes_is_told_before_they_are_written(column: str) -> None:
    with pytest.raises(TiltyardError, match=r"^rows: column item holds \w+: let the track cast it to pl.String$"):
        parquet(CODED[column].to_frame("item"))


class TestTheDecoder:
    """The rows are sound: nobody may be told that they differ."""

    @pytest.fixture(autouse=True)
    def anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The toy contest is installed, and nothing was decoded before."""
        monkeypatch.setattr(verifying, "find_track", find_toy)
        monkeypatch.setattr(reading, "_sound", set())

    def why(self, folder: Path) -> str:
        with pytest.raises(DecoderUnavailable) as caught:
            verify(folder)
        assert "changed" not in str(caught.value)
        return str(caught.value).removeprefix(f"{folder / ROWS}: ")

    def test_finds_what_only_this_process_was_told_of(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "polars.py").write_text("import nowhere_at_all")
        monkeypatch.setattr(sys, "path", [*sys.path[:1], str(tmp_path), *sys.path[1:]])
        assert self.why(folder) == "the decoder could not start: ModuleNotFoundError: No module named 'nowhere_at_all'"

    @pytest.mark.parametrize("first", ["", ".", "the folder itself"])
    def test_imports_nothing_from_the_folder_one_stands_in(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, first: str
    ) -> None:
        for name in ("polars", "io", "resource"):
            (folder / f"{name}.py").write_text("raise SystemExit('a stranger was here')")
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", [str(folder) if "folder" in first else first, *sys.path[1:]])
        assert verify(folder) == []

    def test_holds_to_a_lower_limit_that_is_set_already(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (2 << 30, 2 << 30))
        monkeypatch.setattr(apart, "MEMORY", 1 << 60)
        assert verify(folder) == []

    def test_that_needs_more_than_this_machine_allows_does_not_blame_the_rows(
        self, folder: Path, heavy: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 30, 1 << 30))
        planted(folder, heavy)
        told = "the decoder could not go on: 1024 MiB of memory are allowed (ulimit -v), 4096 MiB may be needed"
        assert self.why(folder) == told

    def test_that_cannot_start_for_want_of_memory_says_so(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(apart, "MEMORY", 64 << 20)
        assert self.why(folder).startswith("the decoder could not start: ")

    def test_that_is_slow_to_start_does_not_blame_the_rows(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(apart, "SECONDS", 0)
        assert self.why(folder) == "the decoder could not start in 0 s"

    def test_that_is_killed_does_not_blame_the_rows(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killed = tmp_path / "killed"
        killed.write_text(f"#!/bin/sh\necho {apart.decoder.STARTED} >&2\ncat > /dev/null\nkill -9 $$\n")
        killed.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(killed))
        assert self.why(folder) == "the decoder was killed: 4096 MiB of memory may be needed"

    def test_that_is_not_there_says_so(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        assert self.why(folder) == "the decoder could not start: No such file or directory"


VERIFY = """
import sys
sys.path[1:1] = {places!r}
from toy_contest import find_toy
from tiltyard.contest import apart, verify
verify.find_track = find_toy
{change}
from tiltyard.cli import main
sys.argv[1:] = ["verify", {folder!r}]
main()
"""


def verified(folder: Path, change: str = "", *, memory: int | None = None) -> tuple[int, str]:
    """How `tiltyard verify` ends, and what it says, under an interpreter without packages and a limit of memory."""
    places = [str(Path(__file__).parent), *sys.path[1:]]
    script = VERIFY.format(places=places, folder=str(folder), change=change)
    python = getattr(sys, "_base_executable", sys.executable)

    def limit() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    command = [python, "-I", "-c", script]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("memory", [None, 3 << 30], ids=["unlimited", "limited"])
def test_an_interpreter_without_packages_of_its_own_verifies_by_those_it_was_told_of(
    folder: Path, memory: int | None
) -> None:
    assert verified(folder, memory=memory) == (0, f"{folder}: all figures agree\n")


def test_a_decoder_that_cannot_start_is_an_error_and_no_difference(folder: Path) -> None:
    code, said = verified(folder, "apart.MEMORY = 64 << 20")
    assert code == 2
    assert said.startswith(f"tiltyard: {folder / ROWS}: the decoder could not start: ")
    assert len(said.splitlines()) == 1
