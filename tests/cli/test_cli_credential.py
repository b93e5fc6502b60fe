"""`tiltyard run credential` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tiltyard.cli.app import app
from tiltyard.contest.verify import verify
from tiltyard.errors import TiltyardError
from tiltyard.forensics.detectors import detector_names

SQUARE = "[[[10,10],[60,10],[60,60],[10,60]]]"
ASIDE = "[[[20,10],[70,10],[70,60],[20,60]]]"


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiltyard", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with truth of eight files, their pictures, and a table that finds half of the regions."""
    folder = tmp_path_factory.mktemp("credential")
    truth, found = ["Path,Polygon"], ["Path,Polygon,Score"]
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    for i in range(8):
        truth.append(f'{i}.png,"{SQUARE if i < 4 else []}"')
        found.append(f'{i}.png,"{ASIDE if i < 2 else []}",{1 - i / 10}')
        cv2.imwrite(str(folder / "images" / f"{i}.png"), rng.integers(0, 256, (96, 128, 3), np.uint8))
    (folder / "truth.csv").write_text("\n".join(truth))
    (folder / "result.csv").write_text("\n".join(found))
    return folder


def test_a_table_is_scored_and_the_evaluation_verifies(place: Path) -> None:
    done = tiltyard(
        "run", "credential", "result.csv", "--truth", "truth.csv", "--out", "first", "--json", "first.json", cwd=place
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((place / "first.json").read_text())
    assert (result["f1"], result["precision"], result["recall"]) == (0.6667, 1.0, 0.5)
    assert (result["auc"], result["iou"], result["files"]) == (1.0, 0.5, 8)
    assert "f1 0.6667 [" in done.stdout
    assert (place / "first" / "report.html").is_file()
    assert verify(place / "first") == []


def test_threshold_public_share_and_floor_are_options(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    words = "run credential result.csv --truth . --iou 0.7 --public-share 0.5 --json second.json --fail-under 0.1"
    assert app(words.split(), standalone_mode=False) == 1
    result = json.loads((place / "second.json").read_text())
    assert result["f1"] == 0
    assert (result["public"]["share"], result["public"]["files"]) == (0.5, 4)


def test_a_detector_is_run_over_the_pictures_and_scored(place: Path) -> None:
    name = detector_names()[0]
    done = tiltyard("run", "credential", name, "--truth", ".", "--out", "cue", "--json", "-", cwd=place)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["entry"] == f"{name}.csv"
    assert 0 <= result["auc"] <= 1
    assert verify(place / "cue") == []


@pytest.mark.parametrize(
    ("entry", "options", "told"),
    [
        ("short.csv", (), "short.csv: lacks the test file '0.png' and 7 more: each must stand there once"),
        ("none.csv", (), "none.csv: no such file or folder"),
        ("oracle", (), "oracle: no such file or folder, and no detector of this name: there are "),
        ("result.csv", ("--iou", "0"), "IoU threshold 0: write a number above 0, at most 1"),
        ("result.csv", ("--public-share", "nan"), "--public-share nan: write a number above 0, at most 1"),
        ("result.csv", ("--fail-under", "50"), "--fail-under 50: write a number from 0 to 1"),
        ("result.csv", ("--resume",), "--resume needs --out"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_measured(
    place: Path, monkeypatch: pytest.MonkeyPatch, entry: str, options: tuple[str, ...], told: str
) -> None:
    (place / "short.csv").write_text("Path,Polygon\n")
    monkeypatch.chdir(place)
    with pytest.raises(TiltyardError) as caught:
        app(["run", "credential", entry, "--truth", "truth.csv", *options], standalone_mode=False)
    assert told in str(caught.value)


def test_a_bad_polygon_is_one_line_and_exit_code_two(place: Path) -> None:
    (place / "bad.csv").write_text('Path,Polygon\n0.png,"[[[0,0],[10,10],[10,0],[0,10]]]"\n')
    done = tiltyard("run", "credential", "bad.csv", "--truth", "truth.csv", cwd=place)
    assert done.returncode == 2
    assert done.stderr == "tiltyard: bad.csv: line 2: '0.png': polygon 1 crosses or touches itself at (5, 5)\n"
