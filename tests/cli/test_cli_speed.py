"""A person at a prompt does not wait: what needs no torch does not load it."""

import subprocess
import sys
import time

import pytest

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


def best_time(*arguments: str, tries: int = 5) -> float:
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tiltyard", *arguments], capture_output=True, check=False)
        times.append(time.perf_counter() - began)
    return min(times)


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"]])
def test_help_and_doctor_answer_in_half_a_second(arguments: list[str]) -> None:
    assert best_time(*arguments) < 0.5


@pytest.mark.parametrize("arguments", [["tracks"], ["pools"], ["verify", "/nowhere"], ["run", "whitebox", "--help"]])
def test_verbs_without_torch_answer_in_one_and_a_half_seconds(arguments: list[str]) -> None:
    assert best_time(*arguments) < 1.5


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"], ["tracks"], ["pools"], ["verify", "/nowhere"]])
def test_torch_is_not_loaded(arguments: list[str]) -> None:
    script = LOADED.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
