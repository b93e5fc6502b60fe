"""A person at a prompt does not wait: what needs no torch does not load it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.run import Run
from tiltyard.defences.pool import load_pool
from tiltyard.tracks.whitebox import WhiteBox

pytestmark = pytest.mark.alone

LOADED = """
import sys
sys.argv[1:] = {arguments!r}
from tiltyard.cli import main
try:
    main()
except SystemExit:
    pass
assert "torch" not in sys.modules
"""


USUAL = 0.3
"""Seconds that a process needs to import polars and pydantic on the machine for which the bounds were set."""


def seconds_of(*arguments: str) -> float:
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - began


def assert_answers_within(seconds: float, *arguments: str, tries: int = 12) -> None:
    """The best of some tries counts: a shared machine is slow at times, a slow command always.

    Where the machine is slow for longer, the bound grows with what the same imports take it at the same time.
    """
    times, usual = [seconds_of("-m", "tiltyard", *arguments)], [USUAL]
    while min(times) >= seconds * max(1.0, min(usual[1:], default=USUAL) / USUAL) and len(times) < tries:
        usual.append(seconds_of("-c", "import polars, pydantic"))
        times.append(seconds_of("-m", "tiltyard", *arguments))
    assert min(times) < seconds * max(1.0, min(usual[1:], default=USUAL) / USUAL), (times, usual[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"]])
def test_help_and_doctor_answer_in_half_a_second(arguments: list[str], jail: None) -> None:
    assert_answers_within(0.5, *arguments)


@pytest.mark.parametrize("arguments", [["tracks"], ["pools"], ["run", "whitebox", "--help"]])
def test_verbs_without_torch_answer_in_one_and_a_half_seconds(arguments: list[str]) -> None:
    assert_answers_within(1.5, *arguments)


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"], ["tracks"], ["pools"], ["verify", "/nowhere"]])
def test_torch_is_not_loaded(arguments: list[str]) -> None:
    script = LOADED.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("seconds", "arguments"),
    [(1.5, ["board", "a", "b"]), (2.0, ["verify", "a"]), (2.0, ["compare", "a", "b"]), (2.5, ["report", "a"])],
)
def test_what_reads_evaluations_answers_soon(
    seconds: float, arguments: list[str], evaluations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are decoded by a process of their own, a report draws its plots: both load a library."""
    monkeypatch.chdir(evaluations)
    assert_answers_within(seconds, *arguments)


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small evaluations, `a` and `b`."""
    place = tmp_path_factory.mktemp("evaluations")
    track, pool = WhiteBox(), load_pool("digits-small", items=40)
    for folder in ("a", "b"):
        evaluate_entry(track, track.named("baseline"), pool, Run(trust=True), place / folder)
    return place
