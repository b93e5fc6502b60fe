"""`tiltyard run forgery` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from small_forgery import SHAPE, png, softened, write_entry, write_truth
from tiltyard.cli.app import app
from tiltyard.cli.run.counted import Counted
from tiltyard.contest.executor import Here
from tiltyard.contest.run import Step
from tiltyard.contest.track import Shard
from tiltyard.errors import TiltyardError

BAD = "bad.zip: member 'images/0004.png': value 9 at (0, 0): a mask holds only 0 and 255"


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiltyard", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forgery")
    masks = write_truth(folder / "truth", 12, pictures=True)
    write_entry(folder / "masks.zip", masks)
    write_entry(folder / "maps.zip", masks, softened)
    write_entry(folder / "bad.zip", masks, m0004=png(np.full(SHAPE, 9)))
    return folder


def test_masks_are_scored_shown_and_written_and_the_public_share_beside_them(place: Path) -> None:
    done = tiltyard(
        "run", "forgery", "masks.zip", "--truth", "truth", "--public-share", 0.5, "--out", "masks", "--json", "-",
        cwd=place,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["score"] == pytest.approx(12 * found["mean"], abs=1e-3)
    assert found["public"]["items"] == 6
    assert found["truth"] == "truth"
    assert "public share 0.5 (6 images): score " in done.stderr
    assert "kind splice" in done.stderr
    assert "on the public share of 50 %" in (place / "masks" / "report.html").read_text()


def test_maps_are_scored_without_a_threshold_and_a_floor_is_held(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    words = "run forgery maps.zip --maps --truth truth --out maps --json maps.json --jobs 1 --fail-under 0.999999"
    assert app(words.split(), standalone_mode=False) == 1
    found = json.loads((place / "maps.json").read_text())
    assert found["public"] is None
    assert 0.5 < found["auc"] < 0.999999
    assert "icdar" in found


def test_a_shipped_detector_is_an_entry(place: Path) -> None:
    done = tiltyard("run", "forgery", "error_level", "--truth", "truth", "--out", "detector", "--json", "-", cwd=place)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entry"] == "error_level.zip"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bad.zip",), BAD),
        (("nobody",), "nobody: no such file or folder, and no detector of this name: there are tiltyard"),
        (("masks.zip", "--fail-under", 30), "--fail-under 30: write a number from 0 to 24"),
        (("masks.zip", "--public-share", 0), "the public share is 0: it must lie above 0 and at most at 1"),
        (
            ("error_level", "--images", "empty"),
            "no image called 0000: name the folder of the test images with --images",
        ),
    ],
)
def test_what_is_wrong_is_told_and_leaves_nothing_behind(
    arguments: tuple[object, ...], told: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "empty").mkdir(exist_ok=True)
    monkeypatch.chdir(place)
    words = ["run", "forgery", *map(str, arguments), "--truth", "truth", "--out", "wrong", "--jobs", "1"]
    with pytest.raises(TiltyardError) as caught:
        app(words, standalone_mode=False)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)
    assert not (place / "wrong").exists()


def test_a_bad_mask_is_one_line_and_exit_code_two(place: Path) -> None:
    done = tiltyard("run", "forgery", "bad.zip", "--truth", "truth", "--out", "bad", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"tiltyard: {BAD}\n"
    assert not (place / "bad").exists()


def test_one_bar_counts_the_items_of_all_shards_where_several_processes_work() -> None:
    seen: list[Step] = []
    shards = [Shard("a", 200), Shard("b", 200), Shard("c", 50)]
    results = list(Counted(Here(), seen.append, total=450).submit(lambda shard: shard.items, shards))
    assert results == [(shard, shard.items) for shard in shards]
    assert [step.done for step in seen] == [0, 200, 400, 450]
    assert {step.total for step in seen} == {450}
