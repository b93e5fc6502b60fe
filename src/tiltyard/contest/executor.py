"""Where the shards of an evaluation are measured: one seam, many implementations."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Protocol

from tiltyard.contest.track import Measured, Shard

Task = Callable[[Shard], Measured]


class Executor(Protocol):
    """Measures shards; results arrive in any order, an exception of the task is raised where it is met."""

    def submit(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Measured]]: ...


class Here:
    """One after another in this process: the default, for guest and oracle already share the cores."""

    def submit(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Measured]]:
        for shard in shards:
            yield shard, task(shard)


class Processes:
    """Several local processes, started afresh (spawn); the task must be picklable and shows no progress."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def submit(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Measured]]:
        with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(task, shard): shard for shard in shards}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                pool.shutdown(cancel_futures=True)
