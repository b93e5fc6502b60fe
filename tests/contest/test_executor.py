"""Executors do every item once, take them as workers come free, and leave nothing behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tiltyard.contest.executor import AHEAD, Here, Processes
from tiltyard.errors import TiltyardError


def doubled(item: int) -> int:
    return 2 * item


def refusing(item: int) -> int:
    if item == 3:
        raise TiltyardError(f"item {item} is bad")
    return item


def deadly(item: int) -> int:
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def threads_of(item: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


@pytest.fixture(autouse=True)
def _workers_find_this_module(monkeypatch: pytest.MonkeyPatch) -> None:
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def task() -> Any:
    """The tasks under a module name that workers can import."""
    import test_executor

    return test_executor


class TestHere:
    def test_one_after_another_and_only_when_asked(self) -> None:
        results = Here().submit(doubled, iter(range(10**9)))
        assert [next(results) for _ in range(3)] == [(0, 0), (1, 2), (2, 4)]


class TestProcesses:
    def test_every_item_once(self, task: Any) -> None:
        assert sorted(Processes(2).submit(task.doubled, range(20))) == [(item, 2 * item) for item in range(20)]

    def test_an_endless_stream_is_taken_as_workers_come_free(self, task: Any) -> None:
        taken: list[int] = []

        def endless() -> Iterator[int]:
            item = 0
            while True:
                taken.append(item)
                yield item
                item += 1

        results = Processes(1).submit(task.doubled, endless())
        for received in range(1, 6):
            next(results)
            assert len(taken) <= received + AHEAD
        results.close()  # type: ignore[attr-defined]

    def test_an_error_of_the_task_is_raised(self, task: Any) -> None:
        with pytest.raises(TiltyardError, match="item 3 is bad"):
            list(Processes(2).submit(task.refusing, range(8)))

    def test_a_killed_worker_is_one_line(self, task: Any) -> None:
        with pytest.raises(TiltyardError, match="worker processes was killed"):
            list(Processes(1).submit(task.deadly, range(8)))

    def test_workers_get_an_environment_and_this_process_keeps_its_own(
        self, task: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", "7")
        found = list(Processes(1, environment={"OMP_NUM_THREADS": "1"}).submit(task.threads_of, [0]))
        assert found == [(0, "1")]
        assert os.environ["OMP_NUM_THREADS"] == "7"
