"""`tiltyard attack`, `demo` and `defences train` as a user calls them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tiltyard.vision.data import digits

MODEL = """
import torch
class Scaled(torch.nn.Module):
    x_min, x_max = 0.0, 255.0
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(64, 10)
        torch.nn.init.normal_(self.line.weight, generator=torch.Generator().manual_seed(0))
    def forward(self, x):
        return self.line(x.flatten(1) / 255)
def build():
    return Scaled().eval()
"""


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiltyard", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_json_holds_what_is_promised(tmp_path: Path) -> None:
    done = tiltyard(
        "attack", "pool:digits/pgd_at", "digits", "--eps", "0.15", "--items", 40, "--gradients", 20, "--forwards", 40,
        "--seed", 7, "--json", "out.json", "--html", "out.html", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["items"], found["norm"], found["seed"], found["attack"], found["eps"]) == (40, "linf", 7, "pgd", 0.15)
    assert 0 <= found["robust_accuracy"] <= found["clean_accuracy"] <= 1
    assert 0 < found["gradients_per_image"] <= 20
    assert 0 < found["forwards_per_image"] <= 40
    assert found["seconds"] > 0
    assert "<html" in (tmp_path / "out.html").read_text()


@pytest.mark.parametrize(
    "extra", [["--norm", "l2", "--eps", "0.5"], ["--targeted", "--eps", "0.2"], ["--attack", "baseline"]]
)
def test_norms_goals_and_attacks(tmp_path: Path, extra: list[str]) -> None:
    done = tiltyard("attack", "pool:digits/undefended", "digits", "--items", 20, "--json", "-", *extra, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"] == 20


def test_own_files_with_a_declared_range(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODEL)
    data = digits("test").first(25)
    np.savez(tmp_path / "data.npz", images=data.images, labels=data.labels)
    done = tiltyard("attack", "mine.py:build", "data.npz", "--eps", "8/255", "--json", "-", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert found["range"] == [0, 255]
    assert found["eps"] == pytest.approx(8 / 255)


def test_fail_under_exits_one(tmp_path: Path) -> None:
    done = tiltyard(
        "attack", "pool:digits/undefended", "digits", "--items", 20, "--eps", 0.3, "--fail-under", 0.9, cwd=tmp_path
    )
    assert done.returncode == 1


def test_demo_prints_a_board_and_leaves_a_report_that_verifies(tmp_path: Path, jail: None) -> None:
    done = tiltyard("demo", "--out", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the jail works" in done.stdout
    assert "over budget" in done.stdout
    assert (tmp_path / "demo" / "run-starter" / "report.html").is_file()
    assert (tmp_path / "demo" / "board.html").is_file()
    assert tiltyard("verify", "demo/run-starter", "demo/run-greedy", cwd=tmp_path).returncode == 0


def test_demo_does_not_delete_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "precious").touch()
    assert tiltyard("demo", "--out", "demo", cwd=tmp_path).returncode == 2
    assert (tmp_path / "demo" / "precious").is_file()


def test_training_stops_at_its_minutes_and_goes_on(tmp_path: Path) -> None:
    first = tiltyard("defences", "train", "digits", "--model", "undefended", "--minutes", 0.01, cwd=tmp_path)
    assert first.returncode == 2
    assert "run it again" in first.stderr
    done = tiltyard("defences", "train", "digits", "--model", "undefended", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "trained").iterdir()} == {".safetensors", ".csv", ".md"}
