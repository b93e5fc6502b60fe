"""`tiltyard forge` as a user calls it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.errors import TiltyardError

SMALL = ["--scripts", "latin", "--long-side", "300", "--samples-a-part", "4", "--kinds", "splice,erase,poisson"]


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiltyard", "forge", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def here(*arguments: object) -> Result:
    """The command in this process: a start costs a second."""
    return CliRunner().invoke(app, ["forge", *map(str, arguments)])


@pytest.mark.parametrize("verb", ["documents", "tamper", "split", "sheet", "kinds", "train"])
def test_help_shows_an_example(verb: str) -> None:
    done = here(verb, "--help")
    assert done.exit_code == 0
    assert f"tiltyard forge {verb}" in " ".join(done.stdout.split())


def test_documents_are_made_split_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ["documents", "--count", 10, "--seed", 3, "--out", "set", *SMALL, "--jobs", 2]
    done = tiltyard(*options, "--sheet", "sheet.html", "--sheet-items", 4, "--json", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["samples"] + found["passed_over"] == found["count"] == 10
    assert (found["found"], found["missing_parts"]) == (0, 0)
    assert sum(found["kinds"].values()) == found["samples"]
    assert found["cost"]["core_hours_a_million"] > 0
    assert "a million:" in done.stderr
    assert "core-hours" in done.stderr
    assert len((tmp_path / "set" / "truth.csv").read_text().splitlines()) == 1 + found["samples"]
    assert (tmp_path / "sheet.html").stat().st_size > 1000
    monkeypatch.chdir(tmp_path)
    again = json.loads(here(*options, "--json", "-").stdout)
    assert (again["samples"], again["found"]) == (0, found["samples"])
    options[4] = 4
    assert "another recipe (seed 3, not 4)" in str(here(*options).exception)
    split = here("split", "set", "--shares", "a=0.5,b=0.5", "--json", "-")
    assert split.exit_code == 0, split.output
    assert sum(json.loads(split.stdout)["counts"].values()) == found["samples"]
    assert "no near-duplicate on both sides" in split.stderr
    assert here("sheet", "set", "--out", "set.png", "--items", 3).exit_code == 0


def test_own_pictures_are_tampered_with(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        coarse = Image.fromarray(rng.integers(80, 250, (8, 10, 3), dtype=np.uint8))
        coarse.resize((300, 240), Image.Resampling.BICUBIC).save(tmp_path / "mine" / name)
    (tmp_path / "mine" / "bad.jpg").write_bytes(b"no picture")
    done = tiltyard(
        "tamper", "mine", "--out", "set", "--forged", 2, "--authentic", 1, "--jobs", 1, "--json", "-", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["samples"] + found["passed_over"] == 6
    assert found["kinds"]["authentic"] == 2
    assert [line for line in done.stderr.splitlines() if "bad.jpg" in line] == [
        next(line for line in done.stderr.splitlines() if line.startswith("passed over: bad.jpg"))
    ]


def test_an_estimate_writes_nothing(tmp_path: Path) -> None:
    done = tiltyard("documents", "--estimate", "--count", 6, *SMALL, "--jobs", 1, "--json", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert 1 <= found["cost"]["samples"] <= 6
    assert "a million:" in done.stderr
    assert not list(tmp_path.iterdir())


def test_kinds_lists_families_templates_and_operations(tmp_path: Path) -> None:
    done = here("kinds", "--json", tmp_path / "kinds.json")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "kinds.json").read_text())
    assert len(found["families"]) >= 10
    assert "copy_move" in found["kinds"]
    assert all(name in done.stdout for name in (*found["families"], *found["kinds"]))


@pytest.mark.parametrize(("arguments", "reason"), [
    (["documents"], "--out DIR is missing"),
    (["documents", "--out", "x", "--shard", "0/4"], "write I/N"),
    (["documents", "--out", "x", "--shard", "5/4"], "write I/N"),
    (["documents", "--out", "x", "--families", "poem"], "'poem' is not known"),
    (["documents", "--out", "x", "--kinds", "magic"], "'magic' is not known"),
    (["documents", "--out", "x", "--sheet", "x.pdf"], ".png or .html"),
    (["documents", "--out", "x", "--json", "nowhere/x.json"], "its folder does not exist"),
    (["documents", "--out", "x", "--scripts", "latin", "--ray", "127.0.0.1:1"], "cannot be reached"),
    (["documents", "--out", "x", "--scripts", "latin", "--ray", "auto", "--jobs", "2"], "leave it out with --ray"),
    (["tamper", "nowhere", "--out", "x"], "is no folder"),
    (["split", "nowhere"], "holds no samples.csv"),
    (["split", ".", "--shares", "train=2"], "--shares"),
    (["split", ".", "--by", "colour"], "--by colour"),
    (["sheet", "nowhere"], "holds no recipe.json"),
])  # fmt: skip
def test_what_is_wrong_is_one_line(
    tmp_path: Path, arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = here(*arguments)
    assert isinstance(done.exception, TiltyardError)
    assert reason in str(done.exception)
    assert str(done.exception).isprintable()
    assert not (tmp_path / "x").exists()


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    options = ["documents", "--count", "4000", "--out", "set", *SMALL, "--jobs", "2"]
    command = [sys.executable, "-m", "tiltyard", "forge", *options]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as writer:
        until = time.monotonic() + 60
        while not list(tmp_path.glob("set/part-*")) and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(writer.pid, signal.SIGINT)
        _, told = writer.communicate(timeout=60)
    assert writer.returncode == 130
    assert "interrupted; the same command goes on in set" in told
    assert "Traceback" not in told
    assert not list((tmp_path / "set").glob(".in-work-*"))


def test_a_set_to_which_no_kind_fits_is_an_error(tmp_path: Path) -> None:
    wanted = ["--families", "invoice", "--kinds", "portrait_exchange", "--count", "2", "--jobs", "1"]
    done = here("documents", *wanted, "--scripts", "latin", "--long-side", "300", "--out", str(tmp_path / "set"))
    assert isinstance(done.exception, TiltyardError)
    assert "name other --kinds" in str(done.exception)
