"""Sets in folders: whole parts or none, the same bytes however they are made."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from toy_series import ToySeries

from tiltyard.contest.executor import Here, Processes
from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging.truth import mask_of
from tiltyard.forensics.making.folder import Shard, write_set
from tiltyard.forensics.making.part import IN_WORK
from tiltyard.forensics.making.series import COLUMNS

SERIES = ToySeries()


def content(folder: Path) -> dict[str, str]:
    """Digest by relative name of every file."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(Path(__file__).parent))
    folder = tmp_path_factory.mktemp("sets") / "whole"
    write_set(SERIES, folder, Here())
    return folder


class TestLayout:
    def test_every_sample_has_image_mask_truth_and_facts(self, whole: Path) -> None:
        truth, facts = rows(whole / "truth.csv"), rows(whole / "samples.csv")
        assert [row["Path"] for row in truth] == [row["name"] for row in facts]
        assert [Path(row["name"]).stem for row in facts] == [f"{index:09d}" for index in range(40)]
        for index, row in enumerate(facts):
            part = whole / f"part-{index // 16:05d}"
            image = (part / "images" / row["name"]).read_bytes()
            assert hashlib.sha256(image).hexdigest() == row["sha256"]
            assert (part / "masks" / f"{Path(row['name']).stem}.png").is_file()
            assert set(row) == set(COLUMNS)

    def test_truth_agrees_with_the_masks(self, whole: Path) -> None:
        for index, (truth, facts) in enumerate(
            zip(rows(whole / "truth.csv"), rows(whole / "samples.csv"), strict=True)
        ):
            path = whole / f"part-{index // 16:05d}" / "masks" / f"{index:09d}.png"
            mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            assert mask.dtype == np.uint8
            assert set(np.unique(mask)) <= {0, 255}
            size = int(facts["width"]), int(facts["height"])
            assert mask.shape == size[::-1]
            polygons = json.loads(truth["Polygon"])
            assert bool(polygons) == bool(mask.any()) == bool(index % 2) == (facts["forged"] == "1")
            drawn = mask_of([[(x, y) for x, y in polygon] for polygon in polygons], size)
            assert (drawn & (mask > 0)).sum() >= 0.95 * (drawn | (mask > 0)).sum()

    def test_parts_are_sets_of_their_own_and_join_to_the_whole(self, whole: Path) -> None:
        for name in ("truth.csv", "samples.csv"):
            parts = [row for part in sorted(whole.glob("part-*")) for row in rows(part / name)]
            assert parts == rows(whole / name)
        assert all((part / "recipe.json").is_file() for part in whole.glob("part-*"))
        assert not list(whole.glob(f"{IN_WORK}*"))


class TestSameBytes:
    def test_with_two_processes(self, whole: Path, tmp_path: Path) -> None:
        write_set(SERIES, tmp_path / "set", Processes(2))
        assert content(tmp_path / "set") == content(whole)

    def test_in_shards_whichever_comes_first_and_the_last_one_joins(self, whole: Path, tmp_path: Path) -> None:
        folder = tmp_path / "set"
        first = write_set(SERIES, folder, Here(), shard=Shard(2, 2))
        assert first.missing_parts == 2
        assert not (folder / "truth.csv").exists()
        assert content(folder).items() < content(whole).items()
        second = write_set(SERIES, folder, Here(), shard=Shard(1, 2))
        assert second.missing_parts == 0
        assert content(folder) == content(whole)

    def test_of_shards_in_folders_merged_later(self, whole: Path, tmp_path: Path) -> None:
        for number in (1, 2, 3):
            write_set(SERIES, tmp_path / str(number), Here(), shard=Shard(number, 3))
        for number in (2, 3):
            for part in (tmp_path / str(number)).glob("part-*"):
                part.rename(tmp_path / "1" / part.name)
        written = write_set(SERIES, tmp_path / "1", Here(), shard=Shard(1, 3))
        assert (written.samples, written.missing_parts) == (0, 0)
        assert content(tmp_path / "1") == content(whole)

    def test_of_a_sample_made_alone(self, whole: Path) -> None:
        sample = SERIES.sample(37)
        assert sample is not None
        assert (whole / "part-00002" / "images" / sample.name).read_bytes() == sample.image


class TestRefusal:
    def test_another_recipe_is_named(self, whole: Path) -> None:
        before = content(whole)
        with pytest.raises(TiltyardError, match="another recipe \\(seed 0, not 1\\)"):
            write_set(ToySeries(seed=1), whole, Here())
        assert content(whole) == before

    def test_a_part_of_another_set_is_not_joined(self, tmp_path: Path) -> None:
        write_set(SERIES, tmp_path / "one", Here(), shard=Shard(1, 2))
        write_set(ToySeries(seed=1), tmp_path / "other", Here(), shard=Shard(2, 2))
        (tmp_path / "other" / "part-00001").rename(tmp_path / "one" / "part-00001")
        with pytest.raises(TiltyardError, match=r"part-00001: was begun with another recipe"):
            write_set(SERIES, tmp_path / "one", Here(), shard=Shard(1, 2))

    def test_a_folder_with_other_things_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "precious").touch()
        with pytest.raises(TiltyardError, match="is not an empty folder"):
            write_set(SERIES, tmp_path, Here())
        assert list(tmp_path.iterdir()) == [tmp_path / "precious"]

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(TiltyardError, match="set: cannot be written"):
            write_set(SERIES, tmp_path / "file" / "set", Here())

    def test_a_worker_of_another_kind_is_refused(self) -> None:
        from tiltyard.forensics.making.pieces import Piece, make

        with pytest.raises(TiltyardError, match="other samples \\(seed 0, not 5\\)"):
            make(SERIES, ToySeries(seed=5).described(), Piece(0, range(2)))


class TestFault:
    def test_it_names_the_sample(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="sample 21: ZeroDivisionError"):
            write_set(ToySeries(faulty=21), tmp_path / "set", Here())
        assert [path.name for path in (tmp_path / "set").glob("part-*")] == ["part-00000"]
        assert not list((tmp_path / "set").glob(f"{IN_WORK}*"))


class TestPassedOver:
    def test_pictures_without_a_place_are_counted_and_left_out(self, tmp_path: Path) -> None:
        written = write_set(ToySeries(without=(3, 16)), tmp_path / "set", Here())
        assert (written.samples, written.passed_over, written.missing_parts) == (38, 2, 0)
        names = [row["name"] for row in rows(tmp_path / "set" / "samples.csv")]
        assert len(names) == 38
        assert not {f"{index:09d}" for index in (3, 16)} & {Path(name).stem for name in names}


WRITING = """
import sys
from pathlib import Path
from tiltyard.contest.executor import Processes
from tiltyard.forensics.making.folder import write_set
from toy_series import ToySeries
if __name__ == "__main__":
    write_set(ToySeries(seconds=0.02), Path(sys.argv[1]), Processes(2))
"""


def children_of(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def wait_for(condition: object, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


def started(tmp_path: Path) -> "subprocess.Popen[bytes]":
    script = tmp_path / "writing.py"
    script.write_text(WRITING)
    return subprocess.Popen([sys.executable, str(script), str(tmp_path / "set")], stderr=subprocess.DEVNULL)


def stopped_while(pid: int, condition: Callable[[], bool]) -> bool:
    """Whether the condition holds while the process stands still, which it then goes on to do."""
    if not condition():
        return False
    os.kill(pid, signal.SIGSTOP)
    if not condition():
        os.kill(pid, signal.SIGCONT)
        return False
    return True


def in_the_second_part(folder: Path) -> bool:
    return (folder / "part-00000").is_dir() and bool(list(folder.glob(f"{IN_WORK}*/images/*")))


@pytest.mark.alone
class TestKilled:
    def test_it_goes_on_to_the_same_set_and_leaves_no_process(self, whole: Path, tmp_path: Path) -> None:
        folder, writer = tmp_path / "set", started(tmp_path)
        assert wait_for(lambda: stopped_while(writer.pid, lambda: in_the_second_part(folder)))
        workers = children_of(writer.pid)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        assert len(workers) >= 2
        assert wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
        assert list(folder.glob(f"{IN_WORK}*"))
        assert not (folder / "truth.csv").exists()
        kept = content(folder / "part-00000")
        written = write_set(SERIES, folder, Here())
        assert written.found >= 16
        assert written.samples == 40 - written.found
        assert content(folder / "part-00000") == kept
        assert content(folder) == content(whole)
        assert not list(folder.glob(f"{IN_WORK}*"))

    def test_what_a_living_process_writes_is_left_to_it(self, whole: Path, tmp_path: Path) -> None:
        folder, writer = tmp_path / "set", started(tmp_path)
        assert wait_for(lambda: list(folder.glob(f"{IN_WORK}*/images/*")))
        write_set(SERIES, folder, Here())
        assert writer.wait(60) == 0
        assert content(folder) == content(whole)
