"""Workers as processes: they start at once, and whatever kills, cancels or hangs one, the job goes on or ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import toy_turns
from site_process import TESTS, Site, processes, served
from tiltyard.site.queue.terms import LEASE

FAST = {"TILTYARD_SLACK": "1", "TILTYARD_GRACE": "1"}
HEAVY = ("torch", "polars", "numpy", "matplotlib", "cv2", "scipy", "ninja")
SET_UP = """
import small_queue
team = small_queue.a_team(small_queue.turns_challenge("reads"))
answer = team.pk
"""
HAND_IN = """
import small_queue
evaluation = small_queue.handed_in(Team.objects.get(), Path({folder!r}), {turns!r})
answer = evaluation.pk
"""
STATE = """
evaluation = Evaluation.objects.get(pk={pk})
jobs = [[job.kind, job.state, job.attempt, job.done_items, [a.outcome for a in job.attempts.order_by("number")]]
        for job in evaluation.jobs.order_by("pk")]
answer = {{"state": evaluation.state, "reason": evaluation.reason, "values": evaluation.values, "jobs": jobs,
          "charged": Entry.objects.get(pk=evaluation.entry_id).charged}}
"""
MEASURING = "answer = Job.objects.filter(evaluation={pk}, kind='measure', state='leased').exists()"
FINAL = "answer = Evaluation.objects.get(pk={pk}).is_final"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        toy_turns.install(tmp_path_factory.mktemp("turns"), patch)
        with served(tmp_path_factory.mktemp("workers") / "site", environment=FAST) as site:
            site.ask(SET_UP)
            yield site


@pytest.fixture
def hand_in(site: Site, tmp_path: Path) -> Callable[..., int]:
    return lambda *turns: int(site.ask(HAND_IN.format(folder=str(tmp_path), turns=turns)))


def state(site: Site, pk: int) -> dict[str, Any]:
    return dict(site.ask(STATE.format(pk=pk)))


def ended(site: Site, pk: int) -> dict[str, Any]:
    site.wait_for(FINAL.format(pk=pk), seconds=90)
    return state(site, pk)


def the_worker(site: Site) -> int:
    until = time.monotonic() + 20
    while not (found := [pid for pid, command in processes(site.folder).items() if "tiltyard.site.worker" in command]):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found[0]


def test_an_entry_is_scored(site: Site, hand_in: Callable[..., int]) -> None:
    done = ended(site, hand_in("ok 1", "ok 3"))
    assert (done["state"], done["values"]["right"]) == ("scored", 50.0)


def test_a_killed_workers_shard_is_taken_over_and_the_finished_ones_are_kept(
    site: Site, hand_in: Callable[..., int]
) -> None:
    pk = hand_in("ok 4", "late 6")
    site.wait_for(f"answer = Job.objects.filter(evaluation={pk}, position=1, state='leased').exists()")
    os.kill(the_worker(site), signal.SIGKILL)
    killed = time.monotonic()
    site.wait_for(f"answer = Job.objects.filter(evaluation={pk}, position=1, attempt=2).exists()")
    assert time.monotonic() - killed < LEASE.total_seconds() - 5, "the lease was not waited for"
    done = ended(site, pk)
    assert done["state"] == "scored"
    assert [job[4] for job in done["jobs"] if job[0] == "measure"] == [["done"], ["lost", "done"]]


def test_a_worker_that_is_told_to_end_gives_its_job_back(site: Site, hand_in: Callable[..., int]) -> None:
    pk = hand_in("late 5")
    site.wait_for(MEASURING.format(pk=pk))
    os.kill(the_worker(site), signal.SIGTERM)
    done = ended(site, pk)
    assert done["state"] == "scored"
    assert [job[4] for job in done["jobs"] if job[0] == "measure"] == [["returned", "done"]]


def test_even_when_its_work_hears_nothing(site: Site, hand_in: Callable[..., int]) -> None:
    pk = hand_in("hang")
    site.wait_for(MEASURING.format(pk=pk))
    worker = the_worker(site)
    os.kill(worker, signal.SIGTERM)
    until = time.monotonic() + 5
    while worker in processes(site.folder):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert state(site, pk)["jobs"][1][4][0] == "returned"
    done = ended(site, pk)
    assert (done["state"], done["charged"]) == ("broken", False)
    assert done["jobs"][1][4] == ["returned", *["lost"] * 3], "what hangs is ended at its deadline, three times"


def test_a_cancelled_job_stops_and_its_worker_goes_on(site: Site, hand_in: Callable[..., int]) -> None:
    pk = hand_in("late 600")
    site.wait_for(MEASURING.format(pk=pk))
    worker = the_worker(site)
    site.ask(f"from tiltyard.site import queue\nqueue.cancel(Evaluation.objects.get(pk={pk}), 'not wanted')")
    assert ended(site, hand_in("ok 4"))["state"] == "scored"
    assert state(site, pk)["state"] == "cancelled"
    assert the_worker(site) == worker, "it stopped at the next sign of progress and lives"


def test_progress_is_told_while_a_shard_is_measured(site: Site, hand_in: Callable[..., int]) -> None:
    pk = hand_in("late 4")
    told = f"answer = Job.objects.filter(evaluation={pk}, state='leased', done_items=1).exists()"
    site.wait_for(told)
    ended(site, pk)


def test_a_fault_of_ours_is_tried_three_times_and_not_charged(site: Site, hand_in: Callable[..., int]) -> None:
    done = ended(site, hand_in("bug"))
    assert (done["state"], done["charged"]) == ("broken", False)
    assert done["reason"].startswith("Infrastructure failure")
    assert done["jobs"][1][4] == ["error"] * 3


class TestStarting:
    def test_a_worker_loads_nothing_heavy_before_a_job_needs_it(self, tmp_path: Path) -> None:
        script = (
            "import django, sys; django.setup(); import tiltyard.site.worker.loop; "
            f"print([name for name in {HEAVY} if name in sys.modules])"
        )
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tiltyard.site.worker.settings"}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
        assert done.stdout.strip() == "[]", done.stderr

    def test_it_is_there_after_less_than_a_second_of_computing(self, site: Site) -> None:
        """Of its own computing: how long that takes on a busy machine says nothing."""
        environment = {**os.environ, "TILTYARD_SITE": str(site.folder), "PYTHONPATH": str(TESTS)}
        environment.pop("DJANGO_SETTINGS_MODULE")
        before = set((site.folder / "living").rglob("*"))
        worker = subprocess.Popen([sys.executable, "-m", "tiltyard.site.worker"], env=environment)
        try:
            until = time.monotonic() + 30
            while not set((site.folder / "living").rglob("*")) - before:
                assert time.monotonic() < until
                time.sleep(0.01)
            fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
            seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        finally:
            worker.terminate()
            worker.wait(20)
        assert seconds < 1
