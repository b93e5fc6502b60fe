"""What a run leaves to others: time, temporary folders, and what a guest may see of the host."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tiltyard.contest.evaluate import in_time_left
from tiltyard.contest.track import Shard
from tiltyard.jail.launch import launch
from tiltyard.jail.limits import Limits
from tiltyard.tracks.unpacked import UNPACKED, remove_left_behind


def test_a_shard_gets_the_time_that_earlier_ones_left() -> None:
    finished = [{"seconds": 70.0}]
    assert in_time_left(Shard("second", 1, seconds=100.0), finished).seconds == pytest.approx(30)
    assert in_time_left(Shard("second", 1, seconds=60.0), finished).seconds == pytest.approx(0, abs=0.01)
    assert in_time_left(Shard("second", 1), finished).seconds is None


def test_code_of_a_killed_evaluator_goes_and_that_of_a_living_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, living, other = (tmp_path / name for name in (f"{UNPACKED}{gone.pid}-a", f"{UNPACKED}{os.getpid()}-a", "x"))
    for folder in (dead, living, other):
        folder.mkdir()
    remove_left_behind()
    assert [folder.exists() for folder in (dead, living, other)] == [False, True, True]


def test_sources_and_local_settings_of_the_host_are_not_shown(jail: None) -> None:
    secret = Path("/usr/src/tiltyard-test-secret")
    if not os.access("/usr/src", os.W_OK):
        pytest.skip("needs to write below /usr/src: run as root")
    secret.write_text("secret")
    try:
        with launch(["/bin/ls", "/usr/src"], limits=Limits()) as guest:
            guest.wait(20)
            assert guest.poll() == 0
            os.set_blocking(guest.log, True)
            assert b"secret" not in os.read(guest.log, 4096)
    finally:
        secret.unlink()
