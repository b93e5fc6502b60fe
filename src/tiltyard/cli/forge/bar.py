"""The bar of the makers: samples, samples a second, time spent, time left."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]


def _nothing(done: int, total: int) -> None:
    """Where standard error is no terminal."""


@contextmanager
def samples_bar(what: str = "samples") -> Iterator[Progress]:
    """A callback that draws a bar on standard error; silent where that is no terminal."""
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=120) as progress:
        tasks: list[TaskID] = []

        def draw(done: int, total: int) -> None:
            if not tasks:
                tasks.append(progress.add_task(what, total=total, completed=done, rate=""))
            progress.update(tasks[0], completed=done, total=total)
            speed = progress.tasks[0].speed
            progress.update(tasks[0], rate=f"{speed:.1f}/s" if speed else "")

        yield draw
