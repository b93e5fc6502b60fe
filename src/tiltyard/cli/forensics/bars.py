"""What `tiltyard forensics train` shows meanwhile: one bar, of the material while it is made, then of training."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Line = dict[str, float]
"""Of the curve; empty when training begins."""


@dataclass(frozen=True)
class Shown:
    """`making` is called with what is done and all there is, `told` with the share of training and a line."""

    making: Callable[[int, int], None]
    told: Callable[[float, Line], None]


@contextmanager
def training_bars() -> Iterator[Shown]:
    """A bar on standard error with the time left; where that is no terminal, plain lines of training alone."""
    if not sys.stderr.isatty():
        yield Shown(lambda done, of: None, lambda share, line: typer.echo(f"{share:.0%} {_told(line)}", err=True))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    what, text = TextColumn("{task.description}"), TextColumn("{task.fields[text]}")
    columns = what, BarColumn(), text, TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as progress:
        bar = _Bar(progress)
        yield Shown(bar.making, bar.told)


class _Bar:
    """The one bar; another takes its place where something else begins."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._what: tuple[str, int] | None = None

    def making(self, done: int, of: int) -> None:
        self._show("material", of, done, f"{done}/{of}")

    def told(self, share: float, line: Line) -> None:
        self._show("training", 1, share, _told(line))

    def _show(self, what: str, total: int, completed: float, text: str) -> None:
        if self._task is None or self._what != (what, total):
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task, self._what = self._progress.add_task(what, total=total, text=""), (what, total)
        self._progress.update(self._task, completed=completed, text=text)


def _told(line: Line) -> str:
    if not line:
        return "training begins"
    return f"loss {line['loss']:.3f}, AUC {line['auc']:.3f}, found {line['found']:.3f}"
