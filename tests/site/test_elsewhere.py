"""Measuring elsewhere: a worker that has only the database and the site's address, and a Ray cluster."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from site_process import TESTS, Site, served
from small_postgres import postgres

pytestmark = pytest.mark.usefixtures("turns")

BEGIN = """
import small_queue
team = small_queue.a_team(small_queue.turns_challenge("reads", files={{"large.bin": b"x" * 100_000}}))
answer = small_queue.handed_in(team, Path({folder!r}), ["ok 1", "ok 3"]).pk
"""
FINAL = "answer = Evaluation.objects.get().is_final"
RESULT = """
from tiltyard.contest.verify import verify
from tiltyard.site.storing.unpacking import unpacked
evaluation = Evaluation.objects.get()
folder = unpacked(evaluation.files)
record = json.loads((folder / "evaluation.json").read_text())
answer = {"state": evaluation.state, "values": evaluation.values, "differences": [str(d) for d in verify(folder)],
          "pids": [fact["pid"] for fact in record["facts"]],
          "workers": list(Worker.objects.values_list("pid", flat=True)), "stored": StoredFile.objects.count()}
"""


@pytest.fixture
def site_on_postgres(tmp_path: Path) -> Iterator[Site]:
    with postgres() as url, served(tmp_path / "site", database=url, workers=0) as site:
        yield site


def test_a_worker_elsewhere_fetches_and_puts_files_over_http(site_on_postgres: Site, tmp_path: Path) -> None:
    site = site_on_postgres
    site.ask(BEGIN.format(folder=str(tmp_path)))
    token, cache = tmp_path / "copied.token", tmp_path / "elsewhere"
    token.write_text((site.folder / "worker.token").read_text())
    options = ["--database", site.database, "--site", site.url, "--token", str(token), "--cache", str(cache)]
    command = [sys.executable, "-m", "tiltyard", "worker", *options, "--workers", "1"]
    worker = subprocess.Popen(command, env=site.surroundings())
    try:
        site.wait_for(FINAL, seconds=120)
    finally:
        worker.send_signal(signal.SIGINT)
        assert worker.wait(20) == 0
    found = site.ask(RESULT)
    assert (found["state"], found["values"]["right"], found["differences"]) == ("scored", 50.0, [])
    assert len([path for path in (cache / "cache" / "files").glob("*/*") if path.is_file()]) >= 5
    assert found["stored"] >= 8


def test_without_the_sites_token_a_worker_does_not_begin(site_on_postgres: Site, tmp_path: Path) -> None:
    site, wrong = site_on_postgres, tmp_path / "wrong"
    wrong.write_text("guessed")
    options = ["--database", site.database, "--site", site.url, "--token", str(wrong)]
    command = [sys.executable, "-m", "tiltyard", "worker", *options, "--cache", str(tmp_path / "cache")]
    done = subprocess.run(command, env=site.surroundings(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "the token is not the site's" in done.stderr


@pytest.mark.alone
def test_shards_are_measured_on_the_nodes_of_a_ray_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    monkeypatch.syspath_prepend(str(TESTS / "contest"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(TESTS)]))
    from two_nodes import two_nodes

    with two_nodes() as (address, _), served(tmp_path / "site", options=["--ray", address]) as site:
        site.ask(BEGIN.format(folder=str(tmp_path)))
        began = time.monotonic()
        site.wait_for(FINAL, seconds=120)
        found = site.ask(RESULT)
    assert (found["state"], found["values"]["right"], found["differences"]) == ("scored", 50.0, [])
    assert len(found["pids"]) == 2
    assert not set(found["pids"]) & set(found["workers"]), "no worker of the site measured"
    assert time.monotonic() - began < 120
