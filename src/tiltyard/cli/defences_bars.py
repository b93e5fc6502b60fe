"""What `tiltyard defences` shows meanwhile on standard error: a bar a model, or plain lines where it is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from tiltyard.cli.display import counted_bars

if TYPE_CHECKING:
    from rich.progress import TaskID

Told = Callable[[str, float, int], None]
"""Called with what is worked on, what is done of it and all there is."""
BETWEEN = 60.0
"""Seconds between two plain lines about one model."""


@contextmanager
def model_bars(unit: str) -> Iterator[Told]:
    """A bar a model with the time spent and left; elsewhere a line when it begins and one a minute."""
    if not sys.stderr.isatty():
        yield _Lines(unit)
        return
    with counted_bars(unit, seconds=600) as progress:
        tasks: dict[str, TaskID] = {}

        def draw(name: str, done: float, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done)

        yield draw


class _Lines:
    """Plain lines, few enough for a log."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._told: dict[str, float] = {}

    def __call__(self, name: str, done: float, total: int) -> None:
        now = time.monotonic()
        if now - self._told.get(name, -BETWEEN) >= BETWEEN or done == total:
            self._told[name] = now
            typer.echo(f"{name}: {round(done, 1):.10g} of {total} {self._unit}", err=True)
