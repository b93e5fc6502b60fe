"""Workers and whole sites killed while teams hand in: every entry ends once, right, and charged as it must be.

A shorter form of `bench/site_kills.py`, which does it for two minutes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from small_postgres import postgres

BENCH = Path(__file__).resolve().parents[2] / "bench" / "site_kills.py"
ENTRIES = 60


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
        return
    with postgres() as url:
        yield url


@pytest.mark.timeout(900)
def test_every_entry_ends_once_though_workers_and_the_whole_site_are_killed(database: str) -> None:
    found = killed("--entries", str(ENTRIES), "--seconds", "25", "--every", "3", "--tree", "3", "--database", database)
    assert found["worker_kills"] >= 1
    assert found["tree_kills"] >= 1
    assert found["waiting"] == found["running"] == 0
    assert found["entries"] == found["evaluations"] == found["scored"] + found["failed"] + found["broken"]
    assert found["scored"] >= 0.9 * found["entries"]
    assert (found["twice"], found["wrong"]) == (0, 0)
    assert found["quota_off"] == 0, "every team has exactly its quota charged, and no entry more was taken"
    assert found["scored"] + found["failed"] == ENTRIES
    assert found["orphans"] == 0


def killed(*options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--one", "--no-rate", *options],
        env={name: value for name, value in os.environ.items() if not name.startswith(("TILTYARD_", "DJANGO_"))},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0
    return dict(json.loads(done.stdout))
