"""`tiltyard attack` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tiltyard.attacks.catalogue import DEFAULT_ATTACK
from tiltyard.cli.app import EPILOG
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

ROUNDING = """
import torch
from tiltyard.vision.references import load_model
class Rounding(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.network = load_model("pool:digits/undefended").module
    def forward(self, x):
        return self.network((x * 7).round() / 7)
def build():
    return Rounding().eval()
"""


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiltyard", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def attacked(cwd: Path, *arguments: object) -> tuple[str, dict[str, object]]:
    done = tiltyard("attack", *arguments, "--no-checks", "--json", "out.json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads((cwd / "out.json").read_text())


def test_the_standard_ensemble_runs_to_its_end_unless_a_budget_is_named(tmp_path: Path) -> None:
    given = ("pool:digits/bit_depth", "digits", "--eps", 0.15, "--items", 12, "--attack", "autoattack")
    shown, found = attacked(tmp_path, *given)
    assert "out of budget" not in shown
    assert found["forwards_per_image"] > 1000  # type: ignore[operator]
    shown, found = attacked(tmp_path, *given, "--forwards", 200)
    assert "out of budget: the attack would have gone on; --gradients and --forwards give it more" in shown
    assert found["forwards_per_image"] <= 200  # type: ignore[operator]


def test_an_eps_that_spans_the_whole_range_is_asked_about(tmp_path: Path) -> None:
    model = "pool:digits/undefended", "digits", "--items", 4, "--attack", "baseline", "--eps"
    assert "was it meant in 255ths, as in 8/255?" in attacked(tmp_path, *model, 8)[0]
    assert "255ths" not in attacked(tmp_path, *model, 0.9)[0]


def test_json_holds_what_is_promised(tmp_path: Path) -> None:
    done = tiltyard(
        "attack", "pool:digits/pgd_at", "digits", "--eps", "0.15", "--items", 40, "--gradients", 20, "--forwards", 40,
        "--seed", 7, "--json", "out.json", "--html", "out.html", "--csv", "rows.csv", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["items"], found["norm"], found["seed"], found["attack"], found["eps"]) == (
        40, "linf", 7, DEFAULT_ATTACK, pytest.approx(0.15),
    )  # fmt: skip
    assert 0 <= found["robust_accuracy"] <= found["clean_accuracy"] <= 1
    assert 0 < found["gradients_per_image"] <= 20
    assert 0 < found["forwards_per_image"] <= 40
    assert found["seconds"] > 0
    assert "<html" in (tmp_path / "out.html").read_text()
    shown = done.stdout.splitlines()
    assert found["verdict"] in shown
    assert len(found["checks"]) == 11
    marks = {"passed": "✓", "warning": "!", "failed": "✗", "not run": "–"}
    assert {f"{marks[check['verdict']]} {check['name']}" for check in found["checks"]} <= set(shown)
    (fates,) = (line for line in shown if line.startswith("broken "))
    parts = (part.rpartition(" ") for part in fates.split(" · "))
    assert {word: int(count) for word, _, count in parts} == found["verdicts"]
    assert found["by_eps"][4]["eps"] == pytest.approx(0.15)
    assert found["curve"][-1]["gradients"] == pytest.approx(found["gradients_per_image"])
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert len(lines) == 41
    assert "verdict" in lines[0].split(",")


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
    assert found["by_eps"][4]["eps"] == pytest.approx(8 / 255)
    assert found["by_eps"][-1]["eps"] == pytest.approx(1)
    assert found["range"] == [0, 255]
    assert found["eps"] == pytest.approx(8 / 255)


def test_fail_under_exits_one(tmp_path: Path) -> None:
    done = tiltyard(
        "attack", "pool:digits/undefended", "digits", "--items", 20, "--eps", 0.3, "--fail-under", 0.9, "--no-checks",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "not checked" in done.stdout


def test_fail_doubtful_exits_one_and_prints_which_checks_doubt(tmp_path: Path) -> None:
    (tmp_path / "rounds.py").write_text(ROUNDING)
    options = [
        "rounds.py:build",
        "digits",
        "--items",
        20,
        "--eps",
        0.1,
        "--attack",
        "pgd",
        "--gradients",
        10,
        "--forwards",
        20,
    ]
    done = tiltyard("attack", *options, "--fail-doubtful", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "failed: gradients are not zero." in done.stdout
    assert tiltyard("attack", *options, "--fail-doubtful", "--no-checks", cwd=tmp_path).returncode == 2


def test_help_says_that_a_doubt_may_exit_one() -> None:
    assert "1 below --fail-under, doubtful under --fail-doubtful" in EPILOG
