"""The bar of the makers: samples, samples a second, time spent, time left."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tiltyard.cli.display import counted_bars

if TYPE_CHECKING:
    from rich.progress import TaskID

Progress = Callable[[int, int], None]


def _nothing(done: int, total: int) -> None:
    """Where standard error is no terminal."""


@contextmanager
def samples_bar(what: str = "samples") -> Iterator[Progress]:
    """A callback that draws a bar on standard error; silent where that is no terminal."""
    if not sys.stderr.isatty():
        yield _nothing
        return
    with counted_bars("{task.fields[rate]}", seconds=120) as progress:
        tasks: list[TaskID] = []

        def draw(done: int, total: int) -> None:
            if not tasks:
                tasks.append(progress.add_task(what, total=total, completed=done, rate=""))
            progress.update(tasks[0], completed=done, total=total)
            speed = progress.tasks[0].speed
            progress.update(tasks[0], rate=f"{speed:.1f}/s" if speed else "")

        yield draw
