"""Where pieces of work are done: one seam, many implementations; scoring and forging share it."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Protocol, TypeVar

from tiltyard.errors import TiltyardError

Item = TypeVar("Item")
Result = TypeVar("Result")
Task = Callable[[Item], Result]

AHEAD = 2
"""Items that wait for each worker: enough that none idles, few enough that memory stays flat."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""The environment of a worker that shares the machine with one worker for each other core."""


class Executor(Protocol):
    """Does a task for every item; results arrive in any order, an exception of the task is raised where it is met."""

    def submit(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]: ...


class Here:
    """One after another in this process: the default, for guest and oracle already share the cores."""

    def submit(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        for item in items:
            yield item, task(item)


class Processes:
    """Several local processes, started afresh (spawn); the task must be picklable and shows no progress.

    Items are taken as workers come free, so that an endless stream of them takes no memory. A worker ends with this
    process, however that ends, and leaves Ctrl-C to it.
    """

    def __init__(self, workers: int, *, environment: Mapping[str, str] | None = None) -> None:
        self.workers = workers
        self.environment = dict(environment or {})

    def submit(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        with (
            _environment(self.environment),
            ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=_tie_to_parent) as pool,
        ):
            try:
                yield from _as_completed(pool, task, iter(items), AHEAD * self.workers)
            except BrokenProcessPool:
                raise TiltyardError(
                    f"one of {self.workers} worker processes was killed, most often for want of memory: use fewer jobs"
                ) from None
            finally:
                pool.shutdown(cancel_futures=True)


def _as_completed(
    pool: ProcessPoolExecutor, task: Task[Item, Result], items: Iterator[Item], in_flight: int
) -> Iterator[tuple[Item, Result]]:
    pending: dict[Future[Result], Item] = {}
    while True:
        for item in islice(items, in_flight - len(pending)):
            pending[pool.submit(task, item)] = item
        if not pending:
            return
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            yield pending.pop(future), future.result()


def _tie_to_parent() -> None:
    """A pool's queues are open in its workers too, so a worker whose parent was killed would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Workers inherit the environment when they start, which is whenever the first item for them comes."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
