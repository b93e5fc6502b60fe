"""What depends on the database, once more on PostgreSQL: other modules of this folder, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from small_postgres import postgres

HERE = Path(__file__).parent
MODULES = (
    "test_queue_leases.py",
    "test_queue_results.py",
    "test_scheduling.py",
    "test_store.py",
    "test_entering.py",
    "test_teams.py",
    "test_limits.py",
    "test_boards.py",
    "test_audit.py",
    "test_awards.py",
    "test_reproduction.py",
    "test_organising_actions.py",
)


@pytest.mark.timeout(900)
def test_the_other_modules_pass_on_postgresql() -> None:
    if os.environ.get("TILTYARD_DATABASE"):
        pytest.skip("this run is on PostgreSQL as a whole")
    modules = [str(HERE / name) for name in MODULES if (HERE / name).is_file()]
    with postgres() as url:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *modules]
        environment = {**os.environ, "TILTYARD_DATABASE": url}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stdout[-8000:]
