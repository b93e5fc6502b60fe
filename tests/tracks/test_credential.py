"""The track of tampered credentials: truth, checks of a hand-in against it, rows, score, intervals, shards."""

import csv
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from tiltyard.contest.evaluate import evaluate_entry, score_record
from tiltyard.contest.executor import Processes
from tiltyard.contest.run import Run
from tiltyard.contest.verify import verify
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.tracks import credential_run
from tiltyard.tracks.credential import Credential
from tiltyard.tracks.credential_data import CredentialData, load_credentials

Box = list[list[float]]
TRACK = Credential()


def box(x: float, y: float, width: float, height: float) -> Box:
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def write_table(path: Path, files: Mapping[str, Sequence[Box]], **columns: Sequence[object]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["Path", "Polygon", *columns])
        for (name, polygons), *more in zip(files.items(), *columns.values(), strict=True):
            table.writerow([name, json.dumps(polygons), *more])
    return path


TRUTH = {
    "a.jpg": [box(0, 0, 10, 10), box(50, 50, 20, 10)],
    "b.jpg": [],
    "c.jpg": [box(5, 5, 10, 10)],
    "d.jpg": [],
}
FOUND = {
    "d.jpg": [box(1, 1, 5, 5)],
    "c.jpg": [box(5, 5, 10, 5)],
    "b.jpg": [],
    "a.jpg": [box(1, 0, 10, 10), box(200, 50, 20, 10)],
}


@pytest.fixture
def data(tmp_path: Path) -> CredentialData:
    write_table(tmp_path / "truth.csv", TRUTH)
    return load_credentials(tmp_path)


def measured(path: Path, data: CredentialData) -> tuple[pl.DataFrame, list[Mapping[str, object]]]:
    entry = TRACK.read(path)
    shards = [TRACK.measure(entry, shard, data, Run()) for shard in TRACK.plan(entry, data)]
    return pl.concat([shard.rows for shard in shards]), [shard.facts for shard in shards]


def refused(path: Path, data: CredentialData) -> str:
    with pytest.raises(EntryError) as caught:
        measured(path, data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_groups_of_the_truth_are_those_of_the_rows(tmp_path: Path) -> None:
    write_table(tmp_path / "truth.csv", TRUTH, Group=["one", "one", "", "two"])
    grouped = load_credentials(tmp_path)
    rows, _ = measured(write_table(tmp_path / "r.csv", FOUND), grouped)
    assert list(TRACK.cluster_values(grouped) or ()) == rows["group"].to_list() == ["one", "one", "c.jpg", "two"]


def test_rows_follow_the_truth_whatever_the_order_of_the_table(tmp_path: Path, data: CredentialData) -> None:
    rows, _ = measured(write_table(tmp_path / "r.csv", FOUND), data)
    assert rows.select("item", "truth", "found", "matched", "forged", "group").rows() == [
        ("a.jpg", 2, 2, 1, True, "a.jpg"),
        ("b.jpg", 0, 0, 0, False, "b.jpg"),
        ("c.jpg", 1, 1, 1, True, "c.jpg"),
        ("d.jpg", 0, 1, 0, False, "d.jpg"),
    ]
    assert rows["overlaps"].to_list() == [[pytest.approx(90 / 110)], [], [0.5], []]
    assert rows["score"].to_list() == [None] * 4


def test_score_is_micro_f1_over_all_files(tmp_path: Path, data: CredentialData) -> None:
    rows, facts = measured(write_table(tmp_path / "r.csv", FOUND), data)
    assert TRACK.score(rows, facts).values == {
        "f1": pytest.approx(4 / 7), "precision": pytest.approx(2 / 4), "recall": pytest.approx(2 / 3)
    }  # fmt: skip


def test_threshold_is_the_option_before_the_file_before_one_half(tmp_path: Path, data: CredentialData) -> None:
    table = write_table(tmp_path / "r.csv", FOUND)
    assert measured(table, load_credentials(tmp_path, iou=0.51))[0]["matched"].to_list() == [1, 0, 0, 0]
    (tmp_path / "credential.toml").write_text('name = "mine"\niou = 0.9\npublic_share = 0.5\n')
    settled = load_credentials(tmp_path / "truth.csv")
    assert (settled.name, settled.settings.iou, settled.settings.public_share) == ("mine", 0.9, 0.5)
    assert measured(table, settled)[0]["matched"].to_list() == [0, 0, 0, 0]
    assert load_credentials(tmp_path, iou=0.5).settings.iou == 0.5


def test_a_region_that_is_exactly_at_the_threshold_matches(tmp_path: Path) -> None:
    write_table(tmp_path / "truth.csv", {"a.jpg": [[[0.1, 0.1], [8.1, 0.1], [8.1, 2.1], [0.1, 2.1]]]})
    table = write_table(tmp_path / "r.csv", {"a.jpg": [[[0.1, 0.1], [4.1, 0.1], [4.1, 2.1], [0.1, 2.1]]]})
    rows, facts = measured(table, load_credentials(tmp_path))
    assert (rows["overlaps"].to_list(), TRACK.score(rows, facts).values["f1"]) == ([[0.5]], 1)


def test_a_threshold_of_many_digits_is_rounded_as_the_overlaps_are(tmp_path: Path) -> None:
    write_table(tmp_path / "truth.csv", {"a.jpg": [box(0, 0, 30, 10)], "b.jpg": [box(0, 0, 30, 10)]})
    table = write_table(tmp_path / "r.csv", {"a.jpg": [box(0, 0, 10, 10)], "b.jpg": [box(0, 0, 20, 10)]})
    assert measured(table, load_credentials(tmp_path, iou=1 / 3))[0]["matched"].to_list() == [1, 1]
    assert measured(table, load_credentials(tmp_path, iou=2 / 3))[0]["matched"].to_list() == [0, 1]


def test_the_truth_itself_scores_one_at_iou_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    files = {f"{i}.jpg": [(50 + 40 * rng.random((3, 2))).tolist()] for i in range(200)}
    write_table(tmp_path / "truth.csv", files)
    rows, facts = measured(write_table(tmp_path / "r.csv", files), load_credentials(tmp_path, iou=1))
    assert TRACK.score(rows, facts).values["f1"] == 1


def test_version_changes_with_truth_and_threshold_and_not_with_the_name(tmp_path: Path, data: CredentialData) -> None:
    (tmp_path / "credential.toml").write_text('name = "mine"\n')
    assert load_credentials(tmp_path).version == data.version
    assert load_credentials(tmp_path, iou=0.6).version != data.version
    write_table(tmp_path / "truth.csv", {**TRUTH, "d.jpg": [box(0, 0, 3, 3)]})
    assert load_credentials(tmp_path).version != data.version
    with pytest.raises(TiltyardError, match="was changed since"):
        assert pickle.loads(pickle.dumps(data)).truth


def test_samples_beside_the_truth_give_groups_kinds_and_sizes(tmp_path: Path) -> None:
    write_table(tmp_path / "truth.csv", TRUTH)
    lines = ["d.jpg,doc-2,90,80,,note", "a,doc-1,100,80,splice,", "b,doc-1,100,80,,", "c,,100,80,erase,"]
    (tmp_path / "samples.csv").write_text("\n".join(["name,source,width,height,kind,post", *lines]))
    data = load_credentials(tmp_path)
    rows, _ = measured(write_table(tmp_path / "r.csv", {**FOUND, "a.jpg": [box(50, 50, 50, 30)]}), data)
    assert rows["group"].to_list() == ["doc-1", "doc-1", "c.jpg", "doc-2"]
    assert rows["kind"].to_list() == ["splice", "", "erase", ""]
    assert rows["family"].to_list() == [None] * 4
    told = refused(write_table(tmp_path / "r.csv", {**FOUND, "d.jpg": [box(80, 50, 11, 10)]}), data)
    assert told == "r.csv: line 2: 'd.jpg': polygon 1 lies outside the picture of 90 × 80"


def test_columns_of_the_truth_come_before_those_of_samples(tmp_path: Path) -> None:
    write_table(tmp_path / "truth.csv", TRUTH, Width=[300] * 4, Height=[300] * 4, Group=["g", "g", "", "h"])
    (tmp_path / "samples.csv").write_text("name,source,width,height\n" + "".join(f"{n},x,1,1\n" for n in "abcd"))
    rows, _ = measured(write_table(tmp_path / "r.csv", FOUND), load_credentials(tmp_path))
    assert rows["group"].to_list() == ["g", "g", "c.jpg", "h"]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"a.jpg": [], "b.jpg": [], "c.jpg": []}, "r.csv: lacks the test file 'd.jpg': each must stand there once"),
        ({"a.jpg": []}, "r.csv: lacks the test file 'b.jpg' and 2 more: each must stand there once"),
        ({**FOUND, "e.jpg": []}, "r.csv: line 6: 'e.jpg': no such test file"),
        ({**FOUND, "images/a.jpg": []}, "r.csv: line 6: 'images/a.jpg': no such test file"),
        ({}, "r.csv: lacks the test file 'a.jpg' and 3 more"),
    ],
)
def test_each_test_file_stands_there_exactly_once(
    tmp_path: Path, data: CredentialData, found: Mapping[str, list[Box]], told: str
) -> None:
    assert refused(write_table(tmp_path / "r.csv", found), data).startswith(told)


def test_a_bad_table_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    path = write_table(tmp_path / "r.csv", {"a.jpg": [[[0, 0], [9, 9], [9, 0], [0, 9]]]})
    with pytest.raises(EntryError, match=r"^r\.csv: line 2: 'a\.jpg': polygon 1 crosses or touches itself at"):
        TRACK.read(path)


@pytest.mark.parametrize("name", ["r.txt", "r.zip", "missing.csv"])
def test_only_a_csv_file_or_its_folder_is_an_entry(tmp_path: Path, name: str) -> None:
    if name != "missing.csv":
        write_table(tmp_path / name, FOUND)
    with pytest.raises(EntryError, match=name):
        TRACK.read(tmp_path / name)


def test_a_folder_with_one_table_is_an_entry_and_one_with_two_is_not(tmp_path: Path, data: CredentialData) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    write_table(folder / "r.csv", FOUND)
    assert len(measured(folder, data)[0]) == 4
    write_table(folder / "s.csv", FOUND)
    with pytest.raises(EntryError, match="more than the 1 files"):
        TRACK.read(folder)


def test_a_truth_that_breaks_its_format_is_no_fault_of_the_entry(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("Path,Polygon\na.jpg,[\n")
    with pytest.raises(TiltyardError, match=r"truth in .*truth\.csv: line 2: 'a\.jpg': no valid JSON") as caught:
        load_credentials(tmp_path)
    assert not isinstance(caught.value, EntryError)
    (tmp_path / "truth.csv").write_text("Path,Polygon\n")
    with pytest.raises(TiltyardError, match="lists no test file"):
        load_credentials(tmp_path)
    with pytest.raises(TiltyardError, match="cannot be read"):
        load_credentials(tmp_path / "absent.csv")
    write_table(tmp_path / "truth.csv", TRUTH)
    (tmp_path / "samples.csv").write_text("name\na\n")
    with pytest.raises(TiltyardError, match=r"samples\.csv: says nothing of 'b\.jpg'"):
        load_credentials(tmp_path)
    (tmp_path / "samples.csv").write_text("name,source\na,x\nb,x\nc,x\nd,x\na,y\n")
    with pytest.raises(TiltyardError, match=r"samples\.csv: line 6: 'a' stands there twice"):
        load_credentials(tmp_path)
    for width in ("1e400", "nan", "-3", "1_0"):
        (tmp_path / "samples.csv").write_text("name,width,height\n" + "".join(f"{n},{width},9\n" for n in "abcd"))
        with pytest.raises(TiltyardError, match=rf"samples\.csv: '{width}' is no width or height"):
            load_credentials(tmp_path)
    (tmp_path / "samples.csv").unlink()
    with pytest.raises(TiltyardError, match="IoU threshold nan"):
        load_credentials(tmp_path, iou=float("nan"))
    (tmp_path / "credential.toml").write_text("iou = 2")
    with pytest.raises(TiltyardError, match=r"credential\.toml: iou"):
        load_credentials(tmp_path)


def test_a_true_region_outside_its_own_picture_is_refused(tmp_path: Path) -> None:
    """No hand-in could claim it."""
    truth = {"a.jpg": [box(0, 0, 10, 10)], "b.jpg": [box(0, 0, 9, 9), box(90, 70, 10, 10.5)]}
    outside = rf"^truth in {tmp_path}: truth\.csv: line 3: 'b\.jpg': polygon 2 lies outside the picture of 100 × 80$"
    write_table(tmp_path / "truth.csv", truth, Width=[100, 100], Height=[80, 80])
    with pytest.raises(TiltyardError, match=outside) as caught:
        load_credentials(tmp_path)
    assert not isinstance(caught.value, EntryError)
    write_table(tmp_path / "truth.csv", truth)
    assert len(load_credentials(tmp_path).truth.paths) == 2
    (tmp_path / "samples.csv").write_text("name,width,height\nb,100,80\na,,\n")
    with pytest.raises(TiltyardError, match=outside):
        load_credentials(tmp_path)
    (tmp_path / "samples.csv").write_text("name,width,height\nb,100,81\na,10,10\n")
    assert len(load_credentials(tmp_path).truth.paths) == 2


def test_scores_give_image_level_figures_that_do_not_rank(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = {f"{i}.jpg": [box(0, 0, 9, 9)] * int(i % 3 == 0) for i in range(300)}
    forged = np.array([bool(regions) for regions in truth.values()])
    scores = np.round(rng.normal(size=300) + forged, 1)
    write_table(tmp_path / "truth.csv", truth)
    rows, facts = measured(write_table(tmp_path / "r.csv", truth, Score=scores), load_credentials(tmp_path))
    values = TRACK.score(rows, facts).values
    thresholds = np.percentile(scores[~forged], range(90, 100))
    assert values["auc"] == pytest.approx(roc_auc_score(forged, scores))
    assert values["recall_at_far"] == pytest.approx(np.mean([(scores[forged] > t).mean() for t in thresholds]))
    assert values["f1"] == 1
    assert TRACK.metrics[0].name == "f1"


def test_files_of_one_kind_have_no_image_level_figures(tmp_path: Path) -> None:
    truth = {"a.jpg": [box(0, 0, 9, 9)], "b.jpg": [box(0, 0, 9, 9)]}
    write_table(tmp_path / "truth.csv", truth)
    rows, facts = measured(write_table(tmp_path / "r.csv", truth, Score=[0, 1]), load_credentials(tmp_path))
    assert set(TRACK.score(rows, facts).values) == {"f1", "precision", "recall"}


def test_a_resample_without_one_kind_still_has_every_figure(tmp_path: Path) -> None:
    truth = {"a.jpg": [box(0, 0, 9, 9)], "b.jpg": []}
    write_table(tmp_path / "truth.csv", truth)
    rows, facts = measured(write_table(tmp_path / "r.csv", truth, Score=[1, 0]), load_credentials(tmp_path))
    score, intervals = score_record(TRACK, rows, facts, seed=0)
    assert set(intervals) == set(score.values) == {"f1", "precision", "recall", "auc", "recall_at_far"}
    assert intervals["auc"] == (0.5, 1.0)


def test_intervals_resample_document_groups_and_not_files(tmp_path: Path) -> None:
    """Ten copies of each of eight documents: as files they would seem to tell ten times as much."""
    truth = {f"{i}.jpg": [box(0, 0, 9, 9)] for i in range(80)}
    found = {f"{i}.jpg": [box(0, 0, 9, 9)] * int(i // 10 < 4) for i in range(80)}
    table = write_table(tmp_path / "r.csv", found)
    widths = []
    for groups in ([i // 10 for i in range(80)], list(range(80))):
        write_table(tmp_path / "truth.csv", truth, Group=groups)
        rows, facts = measured(table, load_credentials(tmp_path))
        low, high = score_record(TRACK, rows, facts, seed=0)[1]["recall"]
        widths.append(high - low)
    assert widths[0] > 2 * widths[1]


def test_no_files_measured_yet_score_nothing() -> None:
    assert TRACK.score(pl.DataFrame(), []).values["f1"] == 0


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, CredentialData]:
    """A table and data of 50 files in shards of 20."""
    monkeypatch.setattr(credential_run, "SHARD_FILES", 20)
    rng = np.random.default_rng(0)
    truth = {f"{i}.jpg": [box(*rng.integers(0, 50, 2), 20, 20) for _ in range(i % 4)] for i in range(50)}
    found = {name: [[[x + 2, y] for x, y in polygon] for polygon in truth[name]][:2] for name in reversed(truth)}
    write_table(tmp_path / "truth.csv", json.loads(json.dumps(truth, default=int)))
    table = write_table(tmp_path / "r.csv", json.loads(json.dumps(found, default=int)), Score=rng.random(50))
    return table, load_credentials(tmp_path)


def test_shards_cover_every_file_once(many: tuple[Path, CredentialData]) -> None:
    entry = TRACK.read(many[0])
    assert [shard.items for shard in TRACK.plan(entry, many[1])] == [20, 20, 10]
    rows, facts = measured(*many)
    assert rows["item"].to_list() == [f"{i}.jpg" for i in range(50)]
    assert [fact["items"] for fact in facts] == [20, 20, 10]


def test_shards_give_what_one_shard_gives(many: tuple[Path, CredentialData], monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = measured(*many)
    monkeypatch.setattr(credential_run, "SHARD_FILES", 1000)
    assert measured(*many)[0].equals(rows)


def test_evaluation_in_processes_equals_one_here_and_verifies(
    many: tuple[Path, CredentialData], tmp_path: Path
) -> None:
    entry = TRACK.read(many[0])
    here = evaluate_entry(TRACK, entry, many[1], Run(), tmp_path / "here")
    apart = evaluate_entry(TRACK, entry, many[1], Run(), tmp_path / "apart", executor=Processes(2))
    assert apart.rows.equals(here.rows)
    assert apart.record.values == here.record.values
    assert apart.record.intervals == here.record.intervals
    assert verify(tmp_path / "apart") == []


def test_an_entry_is_parsed_once_however_many_shards(
    many: tuple[Path, CredentialData], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = credential_run.read_table
    monkeypatch.setattr(credential_run, "read_table", lambda *given: calls.append(given) or real(*given))
    entry = replace(TRACK.read(many[0]), name="fresh.csv")
    for shard in TRACK.plan(entry, many[1]):
        TRACK.measure(entry, shard, many[1], Run())
    assert len(calls) == 1
