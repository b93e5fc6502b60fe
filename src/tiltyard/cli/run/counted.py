"""One bar over all shards where several processes measure them."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tiltyard.contest.run import Progress, Step

if TYPE_CHECKING:
    from tiltyard.contest.executor import Executor, Item, Result, Task


class Counted:
    """An executor that reports, whenever a shard is done, how many of `total` items are."""

    def __init__(self, executor: "Executor", progress: Progress, *, total: int) -> None:
        self.executor, self.progress, self.total = executor, progress, total

    def submit(self, task: "Task[Item, Result]", items: "Iterable[Item]") -> "Iterator[tuple[Item, Result]]":
        done = 0
        self.progress(Step("all", done, self.total))
        for shard, result in self.executor.submit(task, items):
            done += getattr(shard, "items", 1)
            self.progress(Step("all", done, self.total))
            yield shard, result
