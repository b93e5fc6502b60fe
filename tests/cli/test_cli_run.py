"""`tiltyard run`, `verify`, `board`, `compare`, `new` as a user calls them, in processes of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import polars as pl
import pytest

SLOW = """
import time
class Attacker:
    def __init__(self, model, batch_size, dataset, session): pass
    def config(self, **kwargs): pass
    def batch_attack(self, xs, ys, ys_target=None):
        time.sleep(0.4)
        return xs
"""
IDLE = SLOW.replace("        time.sleep(0.4)\n", "")
RUN = ("run", "whitebox", "--pool", "digits-small")
PICKY_MODEL = """
import torch
class Picky(torch.nn.Module):
    def forward(self, x):
        return torch.eye(10)[(x.flatten(1).mean(1) * 9).long()]
def build():
    return Picky().eval()
"""
PICKY_POOL = """
name = "picky"
[data.digits]
reference = "digits"
[[models]]
name = "picky"
reference = "picky.py:build"
data = "digits"
eps = 0.1
"""
GREEDY = """
class Attacker:
    def __init__(self, model, batch_size, dataset, session): self.model = model
    def config(self, **kwargs): pass
    def batch_attack(self, xs, ys, ys_target=None):
        while True:
            self.model.logits(xs)
"""


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiltyard", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, jail: None) -> Path:
    """A folder with two finished evaluations: `first` (starter entry) and `second` (an attack that does nothing)."""
    folder = tmp_path_factory.mktemp("cli")
    assert tiltyard("new", "whitebox", "entry", cwd=folder).returncode == 0
    (folder / "idle.py").write_text(IDLE)
    for entry, out in (("entry", "first"), ("idle.py", "second")):
        done = tiltyard(*RUN, entry, "--items", 30, "--out", out, "--json", f"{out}.json", "--seed", 3, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_starter_entry_scores_at_once(place: Path) -> None:
    result = json.loads((place / "first.json").read_text())
    assert result["status"] == "scored"
    assert result["reason"] == ""
    assert 0 < result["score"] <= 100
    assert not result["trust"]


def test_json_holds_what_is_promised_for_each_model(place: Path) -> None:
    result = json.loads((place / "first.json").read_text())
    assert [model["name"] for model in result["models"]] == ["undefended", "pgd_at", "bit_depth"]
    for model in result["models"]:
        assert {"name", "score", "forwards", "gradients", "seconds"} <= model.keys()
        assert (model["forwards"], model["gradients"]) == (30 * 40, 30 * 40)


def test_score_is_the_mean_over_models_to_four_decimals(place: Path) -> None:
    result = json.loads((place / "first.json").read_text())
    mean = sum(model["score"] for model in result["models"]) / 3
    assert result["score"] == round(result["score"], 4) == pytest.approx(mean, abs=1e-3)


def test_report_is_written(place: Path) -> None:
    assert "<html" in (place / "first" / "report.html").read_text()


def test_verify_agrees_and_exits_zero(place: Path) -> None:
    done = tiltyard("verify", "first", "second", cwd=place)
    assert (done.returncode, done.stdout.count("all figures agree")) == (0, 2)


def test_verify_names_a_changed_row_and_exits_one(place: Path) -> None:
    changed = place / "changed"
    shutil.copytree(place / "first", changed)
    rows = pl.read_parquet(changed / "rows.parquet")
    rows.with_columns(misclassified=pl.lit(True)).write_parquet(changed / "rows.parquet")
    done = tiltyard("verify", "changed", cwd=place)
    assert done.returncode == 1
    assert "rows.parquet" in done.stdout
    assert "values.score" in done.stdout


def test_board_ranks_and_writes_a_page(place: Path) -> None:
    done = tiltyard("board", "second", "first", "--html", "board.html", "--json", "-", cwd=place)
    ranks = {line["name"]: line["rank"] for line in json.loads(done.stdout)}
    assert ranks == {"entry": 1, "idle.py": 2}
    assert "idle.py" in (place / "board.html").read_text()


def test_public_share_scores_fewer_items(place: Path) -> None:
    done = tiltyard("board", "first", "--share", 0.5, "--json", "-", cwd=place)
    public = json.loads(done.stdout)[0]["score"]
    rows = pl.read_parquet(place / "first" / "rows.parquet")
    assert rows["item"].n_unique() == 30
    assert public * 3 * 15 / 100 == pytest.approx(round(public * 3 * 15 / 100), abs=1e-9)


def test_compare_is_paired(place: Path) -> None:
    done = tiltyard("compare", "first", "second", "--json", "-", cwd=place)
    assert json.loads(done.stdout)["difference"] > 0


def test_fail_under_exits_one(place: Path) -> None:
    done = tiltyard(*RUN, "baseline", "--items", 5, "--out", "low", "--fail-under", 100, cwd=place)
    assert done.returncode == 1


def test_a_failed_entry_scores_zero_with_the_reason_and_exits_three(place: Path) -> None:
    (place / "greedy.py").write_text(GREEDY)
    done = tiltyard(*RUN, "greedy.py", "--items", 5, "--out", "greedy", "--json", "-", cwd=place)
    result = json.loads(done.stdout)
    assert done.returncode == 3
    assert (result["status"], result["score"]) == ("failed", 0)
    assert "over budget" in result["reason"]
    assert tiltyard("verify", "greedy", cwd=place).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "whitebox", "nowhere.zip"], "no such file"),
        (["run", "whitebox", "pgd", "--pool", "nowhere"], "no pool nowhere"),
        ([*RUN, "foolbox:Nothing"], "no attack named Nothing"),
        (["run", "whitebox", "pgd", "--out", "first"], "is not empty"),
        (["run", "whitebox", "pgd", "--json", "no/folder/x.json"], "its folder does not exist"),
        (["run", "whitebox", "pgd", "--items", "5", "--device", "nonsense"], "device nonsense"),
        (["run", "whitebox", "pgd", "--resume"], "--resume needs --out"),
        (["pools", "--json", "first"], "is a folder"),
        (["verify", "nowhere"], "holds no evaluation"),
        (["attack", "pool:digits/nobody", "digits"], "no model 'nobody'"),
        (["attack", "pool:digits/pgd_at", "nowhere.npz"], "no such file"),
        (["attack", "pool:digits/pgd_at", "digits", "--eps", "a/b"], "eps 'a/b'"),
        (["attack", "pool:digits/pgd_at", "digits", "--norm", "l7"], "norm 'l7'"),
        (
            ["attack", "pool:digits/pgd_at", "digits", "--fail-under", "nan"],
            "--fail-under nan: write a number from 0 to 1",
        ),
        (
            ["attack", "pool:digits/pgd_at", "digits", "--fail-under", "40"],
            "--fail-under 40: write a number from 0 to 1",
        ),
        (["run", "whitebox", "pgd", "--fail-under", "nan"], "--fail-under nan: write a number from 0 to 100"),
        (["run", "defence", "nowhere.zip", "--fail-under", "-1"], "--fail-under -1: write a number from 0 to 100"),
        (["new", "whitebox", "first"], "not an empty folder"),
    ],
)
def test_bad_input_is_one_line_and_exits_two(place: Path, arguments: list[str], told: str) -> None:
    done = tiltyard(*arguments, cwd=place)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(place: Path) -> None:
    assert "Traceback" in tiltyard("--debug", "verify", "nowhere", cwd=place).stderr


def test_an_interrupted_run_resumes_to_the_same_rows(place: Path) -> None:
    with zipfile.ZipFile(place / "slow.zip", "w") as archive:
        archive.writestr("attacker/__init__.py", SLOW)
    command = [sys.executable, "-m", "tiltyard", *RUN, "slow.zip", "--items", "10"]
    whole = subprocess.run([*command, "--out", "whole"], cwd=place, capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stderr
    process = subprocess.Popen([*command, "--out", "broken"], cwd=place, stderr=subprocess.PIPE, text=True)
    wait_for(place / "broken" / "shards" / "undefended" / "facts.json")
    process.send_signal(signal.SIGINT)
    assert "--resume" in process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert not (place / "broken" / "evaluation.json").exists()
    kept = (place / "broken" / "shards" / "undefended" / "facts.json").stat().st_mtime_ns
    assert kept
    done = tiltyard(*command[3:], "--out", "broken", "--resume", cwd=place)
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(place / "broken" / "rows.parquet").equals(pl.read_parquet(place / "whole" / "rows.parquet"))
    assert tiltyard("verify", "broken", cwd=place).returncode == 0


def test_two_models_at_a_time_give_the_same_rows(place: Path) -> None:
    done = tiltyard(*RUN, "idle.py", "--items", 30, "--seed", 3, "--jobs", 2, "--out", "jobs", cwd=place)
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(place / "jobs" / "rows.parquet").equals(pl.read_parquet(place / "second" / "rows.parquet"))


def test_a_model_that_chokes_on_a_query_fails_the_entry_not_the_evaluation(place: Path) -> None:
    (place / "picky.py").write_text(PICKY_MODEL)
    (place / "picky.toml").write_text(PICKY_POOL)
    (place / "outside.py").write_text(
        IDLE.replace("return xs", "self.model.logits(xs + 5)\n        return xs").replace(
            "session): pass", "session): self.model = model"
        )
    )
    done = tiltyard("run", "whitebox", "outside.py", "--pool", "picky.toml", "--items", 5, "--out", "picky", cwd=place)
    assert done.returncode == 3, done.stderr
    assert "could not answer a query" in done.stdout


def test_resume_with_another_seed_is_refused(place: Path) -> None:
    done = tiltyard(*RUN, "idle.py", "--items", 30, "--out", "second", "--resume", cwd=place)
    assert done.returncode == 2
    assert "seed" in done.stderr


def test_without_a_jail_a_strangers_code_is_refused(place: Path) -> None:
    command = [sys.executable, "-m", "tiltyard", *RUN, "baseline", "--items", "5", "--out", "refused"]
    environment = {**os.environ, "PATH": str(place)}

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)

    done = run(command)
    assert done.returncode == 4
    assert "bubblewrap" in done.stderr
    assert not (place / "refused").exists()
    trusted = subprocess.run(
        [*command, "--trust"], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert trusted.returncode == 0, trusted.stderr
    assert "without a jail" in trusted.stdout
    board = tiltyard("board", "refused", "--html", "trusted.html", cwd=place)
    assert "without a jail" in board.stdout
    assert "run without a jail" in (place / "trusted.html").read_text()


def wait_for(path: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.02)
