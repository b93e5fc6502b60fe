"""Evaluations that are interrupted, killed, resumed, tampered with or malformed."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_contest import ToyData, ToyTrack, evaluated, find_toy, toy_entry, without_times

from tiltyard.contest import verify as verifying
from tiltyard.contest.entry import open_entry
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.evaluation import ROWS, Evaluation, read_evaluation, seal_of
from tiltyard.contest.executor import Here, Processes, Task
from tiltyard.contest.files import digest_of
from tiltyard.contest.run import Run
from tiltyard.contest.track import Measured, Shard
from tiltyard.contest.verify import Difference, verify
from tiltyard.errors import EntryError, EvaluationError

FUZZ = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "find_track", find_toy)


def differences(folder: Path) -> list[str]:
    return [difference.what for difference in verify(folder)]


class TestFolder:
    def test_a_finished_evaluation_verifies_and_holds_nothing_else(self, folder: Path) -> None:
        assert verify(folder) == []
        assert sorted(path.name for path in folder.iterdir()) == ["artefacts", "evaluation.json", "rows.parquet"]

    def test_a_folder_entry_is_kept_and_verified(self, tmp_path: Path) -> None:
        source = tmp_path / "entry"
        source.mkdir()
        (source / "bias.txt").write_text("1")
        entry = ToyTrack().read(source)
        evaluation = evaluate_entry(ToyTrack(), entry, ToyData(), Run(), tmp_path / "out")
        assert verify(evaluation.folder) == []
        for name in ("more.txt", "__pycache__/more.pyc"):
            added = evaluation.folder / "artefacts/entry" / name
            added.parent.mkdir(exist_ok=True)
            added.write_bytes(b"")
            assert differences(evaluation.folder)
            added.unlink()

    @pytest.mark.parametrize("name", ["run[1]", "run*", "läufe {a,b}", "~", "$HOME"])
    def test_any_folder_name_will_do(self, tmp_path: Path, name: str) -> None:
        assert verify(evaluated(tmp_path, out=tmp_path / name).folder) == []

    def test_a_shard_named_entry_does_not_replace_the_entry(self, tmp_path: Path) -> None:
        class Named(ToyTrack):
            def measure(self, *arguments: Any, **options: Any) -> Measured:
                measured = super().measure(*arguments, **options)
                return Measured(measured.rows, measured.facts, {"entry.log": b"", **measured.artefacts})

        evaluation = evaluate_entry(Named(), toy_entry(tmp_path), ToyData(), Run(), tmp_path / "out")
        assert verify(evaluation.folder) == []

    def test_a_folder_with_something_in_it_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out/thesis.tex").write_text("years of work")
        for resume in (False, True):
            with pytest.raises(EvaluationError, match="is not empty"):
                evaluated(tmp_path, resume=resume)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]

    def test_a_finished_evaluation_is_not_overwritten(self, tmp_path: Path) -> None:
        evaluated(tmp_path)
        with pytest.raises(EvaluationError, match="is not empty"):
            evaluated(tmp_path)

    def test_a_file_in_the_folders_place_is_an_evaluation_error(self, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("")
        with pytest.raises(EvaluationError, match="cannot be written"):
            evaluated(tmp_path)
        with pytest.raises(EvaluationError, match="cannot be written"):
            evaluated(tmp_path, out=tmp_path / "out/below")

    def test_an_entry_changed_since_it_was_opened_leaves_no_record(self, tmp_path: Path) -> None:
        source = tmp_path / "bias.zip"
        shutil.copyfile(toy_entry(tmp_path, 1).source.path, source)
        entry = open_entry(source, ToyTrack.entries[0])
        shutil.copyfile(toy_entry(tmp_path, 2).source.path, source)
        with pytest.raises(EntryError):
            evaluate_entry(ToyTrack(), entry, ToyData(), Run(), tmp_path / "out")
        assert not (tmp_path / "out/evaluation.json").exists()

    def test_a_broken_rule_ends_the_evaluation_early(self, tmp_path: Path) -> None:
        evaluation = evaluated(tmp_path, data=ToyData(fails_from=1))
        assert evaluation.record.status == "failed"
        assert evaluation.record.reason == "shard1: too slow"
        assert [fact["shard"] for fact in evaluation.record.facts] == ["shard0", "shard1"]
        assert evaluation.record.intervals == {}
        assert verify(evaluation.folder) == []


class Interrupted:
    """An executor whose user presses Ctrl-C after some shards."""

    def __init__(self, after: int) -> None:
        self.after = after

    def submit(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Measured]]:
        yield from Here().submit(task, islice(shards, self.after))
        raise KeyboardInterrupt


class Counting:
    """An executor that notes what it was asked to measure."""

    def __init__(self) -> None:
        self.measured: list[str] = []

    def submit(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Measured]]:
        listed = list(shards)
        self.measured += [shard.name for shard in listed]
        yield from Here().submit(task, list(reversed(listed)))


KILLED = """
import sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from toy_contest import ToyData, evaluated
from dataclasses import dataclass
evaluated(Path({folder!r}), data=ToyData(dies_at=2))
"""


def interrupted(tmp_path: Path, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluated(tmp_path, executor=Interrupted(after))
    with pytest.raises(EvaluationError, match="run it again with --resume"):
        read_evaluation(tmp_path / "out")


class TestResume:
    @pytest.mark.parametrize("after", range(5))
    def test_an_interrupted_evaluation_ends_as_an_uninterrupted_one(
        self, tmp_path: Path, pristine: Path, after: int
    ) -> None:
        interrupted(tmp_path, after)
        executor = Counting()
        resumed = evaluated(tmp_path, resume=True, executor=executor)
        assert executor.measured == [f"shard{number}" for number in range(after, 4)]
        assert without_times(resumed) == without_times(read_evaluation(pristine))
        assert verify(resumed.folder) == []

    def test_a_killed_evaluation_ends_as_an_uninterrupted_one(self, tmp_path: Path, pristine: Path) -> None:
        script = KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        executor = Counting()
        resumed = evaluated(tmp_path, resume=True, executor=executor)
        assert executor.measured == ["shard2", "shard3"]
        assert without_times(resumed) == without_times(read_evaluation(pristine))

    @pytest.mark.parametrize(
        "left",
        [
            [".plan.json.123"],
            ["plan.json", "shards/shard1/rows.parquet"],
            ["plan.json", "shards/shard1/.facts.json.9", "shards/shard1/artefacts/shard1.log"],
            ["plan.json", ".rows.parquet.123", "rows.parquet", "artefacts/entry.zip", "artefacts/half"],
        ],
    )
    def test_what_a_kill_leaves_half_written_is_replaced(self, tmp_path: Path, pristine: Path, left: list[str]) -> None:
        if "plan.json" in left:
            interrupted(tmp_path, 1)
        for name in left:
            path = tmp_path / "out" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name != "plan.json":
                path.write_bytes(b"half")
        resumed = evaluated(tmp_path, resume=True)
        assert without_times(resumed) == without_times(read_evaluation(pristine))
        assert sorted(path.name for path in resumed.folder.iterdir()) == [
            "artefacts",
            "evaluation.json",
            "rows.parquet",
        ]

    def test_what_a_kill_after_the_record_leaves_is_cleared(self, tmp_path: Path) -> None:
        evaluation = evaluated(tmp_path)
        (evaluation.folder / "shards/shard1").mkdir(parents=True)
        (evaluation.folder / "plan.json").write_text("{}")
        assert evaluated(tmp_path, resume=True).record == evaluation.record
        assert sorted(path.name for path in evaluation.folder.iterdir()) == ["artefacts", "evaluation.json", ROWS]

    @pytest.mark.parametrize("finished", [False, True])
    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"bias": 2}, "entry"),
            ({"run": Run(seed=1)}, "seed"),
            ({"data": ToyData(version="1" * 64)}, "data_version"),
            ({"run": Run(trust=True)}, "trust"),
        ],
    )
    def test_another_evaluation_is_not_mixed_in(
        self, tmp_path: Path, change: dict[str, Any], what: str, finished: bool
    ) -> None:
        if finished:
            evaluated(tmp_path)
        else:
            interrupted(tmp_path, 2)
        with pytest.raises(EvaluationError, match=f"was begun with {what}"):
            evaluated(tmp_path, resume=True, **change)

    @pytest.mark.parametrize(
        "plan", [b"", b"[]", b"[[1]]", b"{", b"\xff", b"null", b"7", b"[" * 100_000, b'{"seed": 0}']
    )
    def test_a_damaged_plan_is_an_evaluation_error(self, tmp_path: Path, plan: bytes) -> None:
        interrupted(tmp_path, 2)
        (tmp_path / "out/plan.json").write_bytes(plan)
        with pytest.raises(EvaluationError):
            evaluated(tmp_path, resume=True)

    @pytest.mark.parametrize("name", ["facts.json", "rows.parquet"])
    @pytest.mark.parametrize("content", [b"", b"null", b"[1]", b"\xff\xfe", b"PAR1garbagePAR1", b"{"])
    def test_a_damaged_shard_is_an_evaluation_error(self, tmp_path: Path, name: str, content: bytes) -> None:
        interrupted(tmp_path, 2)
        (tmp_path / "out/shards/shard1" / name).write_bytes(content)
        with pytest.raises(EvaluationError, match="delete it"):
            evaluated(tmp_path, resume=True)

    def test_an_evaluation_that_failed_is_not_gone_on_with(self, tmp_path: Path) -> None:
        data = ToyData(fails_from=1)
        with pytest.raises(KeyboardInterrupt):
            evaluated(tmp_path, data=data, executor=Interrupted(1))
        executor = Counting()
        evaluated(tmp_path, data=data, resume=True, executor=executor)
        assert evaluated(tmp_path, data=data, resume=True, executor=executor).record.status == "failed"
        assert executor.measured == ["shard1", "shard2", "shard3"]


def test_processes_give_the_same_evaluation(tmp_path: Path, pristine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    evaluation = evaluated(tmp_path, executor=Processes(2))
    assert without_times(evaluation) == without_times(read_evaluation(pristine))


def test_the_same_entry_seed_and_data_give_the_same_evaluation(tmp_path: Path, pristine: Path) -> None:
    assert without_times(evaluated(tmp_path)) == without_times(read_evaluation(pristine))
    assert (tmp_path / "out" / ROWS).read_bytes() == (pristine / ROWS).read_bytes()


def rewritten(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "evaluation.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def sealed(content: dict[str, Any]) -> None:
    content["seal"] = seal_of(content)


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a fact": lambda record: record["facts"][1].update(weight=0.2),
    "a fact's name": lambda record: record["facts"][1].update(failure2=record["facts"][1].pop("failure")),
    "a failure": lambda record: record["facts"][2].update(failure="slow"),
    "a missing shard": lambda record: record["facts"].pop(),
    "the score": lambda record: record["values"].update(score=99.0),
    "the other figure": lambda record: record["values"].update(wrong=0.0),
    "a figure more": lambda record: record["values"].update(bonus=1.0),
    "an interval": lambda record: record["intervals"]["score"].reverse(),
    "a missing interval": lambda record: record["intervals"].pop("score"),
    "a part": lambda record: record["parts"][0].update(weight=7),
    "a part less": lambda record: record["parts"].pop(),
    "the status": lambda record: record.update(status="failed"),
    "the reason": lambda record: record.update(reason="over budget"),
    "the entry's digest": lambda record: record["identity"].update(entry_digest="0" * 64),
    "the track": lambda record: record["identity"].update(track="tay"),
    "the track's version": lambda record: record["identity"].update(track_version="2"),
    "the seed": lambda record: record["identity"].update(seed=5),
    "no digest of the rows": lambda record: record["files"].pop(ROWS),
    "another digest of the rows": lambda record: record["files"].update({ROWS: "0" * 64}),
    "no digest of an artefact": lambda record: record["files"].pop("artefacts/shard0.log"),
    "no digest of the entry": lambda record: record["files"].pop("artefacts/entry.zip"),
    "a file that is not there": lambda record: record["files"].update({"artefacts/more": "0" * 64}),
}


class TestVerify:
    @pytest.mark.parametrize("edit", EDITS)
    def test_an_edited_record_is_noticed(self, folder: Path, edit: str) -> None:
        rewritten(folder, EDITS[edit])
        assert "seal over evaluation.json" in differences(folder)

    @pytest.mark.parametrize("edit", sorted(EDITS.keys() - {"the seed"}))
    def test_an_edited_record_under_a_new_seal_is_noticed_by_what_it_came_from(self, folder: Path, edit: str) -> None:
        rewritten(folder, EDITS[edit])
        rewritten(folder, sealed)
        assert differences(folder)

    @pytest.mark.parametrize("name", [ROWS, "artefacts/shard0.log", "artefacts/entry.zip"])
    @pytest.mark.parametrize("end", ["missing", "empty", "longer", "pipe", "folder", "link"])
    def test_a_replaced_file_is_noticed(self, folder: Path, name: str, end: str) -> None:
        path = folder / name
        content = path.read_bytes()
        path.unlink()
        match end:
            case "empty":
                path.write_bytes(b"")
            case "longer":
                path.write_bytes(content + b"\0")
            case "pipe":
                os.mkfifo(path)
            case "folder":
                path.mkdir()
            case "link":
                (folder.parent / "outside").write_bytes(content)
                path.symlink_to(folder.parent / "outside")
        assert any(what.endswith(name) for what in differences(folder))

    def test_an_added_artefact_is_noticed(self, folder: Path) -> None:
        (folder / "artefacts/notes").write_bytes(b"")
        assert differences(folder) == ["'artefacts/notes'"]

    def test_rows_that_were_changed_with_all_digests_no_longer_give_the_score(self, folder: Path) -> None:
        rows = pl.read_parquet(folder / ROWS)
        rows.with_columns(right=~pl.col("right")).write_parquet(folder / ROWS)
        rewritten(folder, lambda record: record["files"].update({ROWS: digest_of(folder / ROWS)}))
        rewritten(folder, sealed)
        assert {"values.score", "values.wrong"} <= set(differences(folder))

    def test_changed_rows_and_the_figures_that_they_do_not_give_are_named(self, folder: Path) -> None:
        rows = pl.read_parquet(folder / ROWS)
        rows.with_columns(right=~pl.col("right")).write_parquet(folder / ROWS)
        assert {ROWS, "values.score", "values.wrong"} <= set(differences(folder))

    def test_a_changed_kept_entry_is_noticed_under_a_new_digest(self, folder: Path) -> None:
        (folder / "artefacts/entry.zip").write_bytes(b"other")
        name = "artefacts/entry.zip"
        rewritten(folder, lambda record: record["files"].update({name: digest_of(folder / name)}))
        rewritten(folder, sealed)
        assert differences(folder) == ["entry digest"]

    @FUZZ
    @given(data=st.data())
    def test_any_changed_byte_of_a_file_is_noticed(self, pristine: Path, tmp_path: Path, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([ROWS, "artefacts/entry.zip", "artefacts/shard2.log"]))
        with changed_byte(pristine, tmp_path, name, data) as folder:
            assert name in differences(folder)

    @settings(FUZZ, max_examples=150)
    @given(data=st.data())
    def test_any_changed_byte_of_the_record_is_noticed(
        self, pristine: Path, tmp_path: Path, data: st.DataObject
    ) -> None:
        with changed_byte(pristine, tmp_path, "evaluation.json", data) as folder:
            if not same_content(folder, pristine):
                assert noticed(folder)


class changed_byte:  # noqa: N801
    """A copy of an evaluation in which one byte of a file is another."""

    def __init__(self, pristine: Path, tmp_path: Path, name: str, data: st.DataObject) -> None:
        self.folder = Path(shutil.copytree(pristine, tmp_path / "fuzzed"))
        content = bytearray((pristine / name).read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        (self.folder / name).write_bytes(content)

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)


def same_content(folder: Path, other: Path) -> bool:
    """Whether the two records say the same, though in other white space or another spelling of a number."""
    try:
        return json.dumps(json.loads((folder / "evaluation.json").read_bytes())) == json.dumps(
            json.loads((other / "evaluation.json").read_bytes())
        )
    except ValueError:
        return False


def noticed(folder: Path) -> bool:
    try:
        return bool(verify(folder))
    except EvaluationError as error:
        return "\n" not in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["identity", "facts", "status", "reason", "values", "intervals", "parts", "environment", "files", "seal"]
DEEP = '{"a":' * 5000 + "1" + "}" * 5000


class TestReading:
    @FUZZ
    @given(field=st.sampled_from(FIELDS), value=json_values, inner=st.booleans())
    def test_a_record_of_any_shape_is_read_or_an_evaluation_error(
        self, folder: Path, pristine: Path, field: str, value: Any, inner: bool
    ) -> None:
        shutil.copyfile(pristine / "evaluation.json", folder / "evaluation.json")

        def replace(record: dict[str, Any]) -> None:
            place = record[field]
            if inner and isinstance(place, dict) and place:
                place[next(iter(place))] = value
            else:
                record[field] = value

        before = json.loads((folder / "evaluation.json").read_text())
        rewritten(folder, replace)
        changed = json.dumps(json.loads((folder / "evaluation.json").read_text())) != json.dumps(before)
        assert not changed or noticed(folder)

    @FUZZ
    @given(content=st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
    def test_any_bytes_for_a_record_are_an_evaluation_error(self, folder: Path, content: bytes) -> None:
        (folder / "evaluation.json").write_bytes(content)
        with pytest.raises(EvaluationError):
            read_evaluation(folder)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"seed": 0', '"seed": NaN'),
            ('"seed": 0', '"seed": 1e999'),
            ('"seed": 0', '"seed": true'),
            ('"seed": 0', '"seed": "0"'),
            ('"seed": 0', '"seed": 0, "seed": 0'),
            ('"trust": false', '"trust": 0'),
            ('"weight": 0.0', '"weight": -Infinity'),
            ('"weight": 0.0', f'"weight": {DEEP}'),
            ('"weight": 0.0', f'"weight": {"[" * 20_000}'),
            ('"reason": ""', '"reason": null'),
            ("artefacts/shard0.log", "artefacts/../../shard0.log"),
            ("artefacts/shard0.log", "/etc/passwd"),
            ("artefacts/shard0.log", "artefacts/\\u0000"),
        ],
    )
    def test_a_record_that_cannot_be_right_is_an_evaluation_error(self, folder: Path, old: str, new: str) -> None:
        path = folder / "evaluation.json"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        with pytest.raises(EvaluationError, match="malformed"):
            read_evaluation(folder)

    def test_a_record_of_any_size_is_not_read(self, folder: Path) -> None:
        path = folder / "evaluation.json"
        record = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(8 << 30)
        with pytest.raises(EvaluationError, match=r"malformed \(more than the 32 MiB that a record takes"):
            read_evaluation(folder)
        path.write_bytes(record + b" " * ((32 << 20) - len(record)))
        assert read_evaluation(folder).record.status

    def test_what_is_no_evaluation_says_so(self, tmp_path: Path) -> None:
        for place in (tmp_path, tmp_path / "missing", Path("/dev/null")):
            with pytest.raises(EvaluationError, match="holds no evaluation"):
                read_evaluation(place)

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(50) + b"PAR1", b"item,score\n1,2\n"])
    def test_damaged_rows_are_an_evaluation_error(self, folder: Path, content: bytes) -> None:
        (folder / ROWS).write_bytes(content)
        with pytest.raises(EvaluationError, match="was changed"):
            _ = Evaluation(folder, read_evaluation(folder).record).rows


def test_a_difference_is_one_line_that_moves_no_cursor() -> None:
    told = str(Difference("score\x1b[1A", "\x1b[2K\x1b[1Aall figures agree\n\x1b[8m", "1"))
    assert "\x1b" not in told
    assert "\n" not in told
