"""What the commands have in common when they show something."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from tiltyard.contest.run import Progress as Callback
    from tiltyard.contest.run import Step


def write_json(content: Any, target: str | None) -> None:
    """Writes JSON to a file, or to standard output for `-`; nothing without a target."""
    if target is None:
        return
    text = json.dumps(content, indent=1, allow_nan=False)
    if target == "-":
        typer.echo(text)
        return
    check_writable(target)
    Path(target).write_text(text + "\n", encoding="utf-8")


def check_writable(target: str | None) -> None:
    """Raises before long work where its result could not be written."""
    if not target or target == "-":
        return
    path, shown = Path(target), one_line(target)
    folder = path.absolute().parent
    if not folder.is_dir():
        raise TiltyardError(f"{shown}: its folder does not exist")
    if path.is_dir():
        raise TiltyardError(f"{shown}: is a folder; name a file")
    if not (os.access(path, os.W_OK) if path.exists() else _takes_files(folder)):
        raise TiltyardError(f"{shown}: you may not write there; name another place")


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made there: an administrator may write everywhere, and /proc takes none for all that."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def show(text: str, *, json_to: str | None = None) -> None:
    """Prints for people; to standard error where standard output carries the JSON."""
    typer.echo(text, err=json_to == "-")


def table(head: list[str], lines: list[list[str]]) -> str:
    """Plain columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *lines]) for column in range(len(head))]

    def line(cells: list[str]) -> str:
        rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "  ".join([cells[0].ljust(widths[0]), *rest]).rstrip()

    return "\n".join([line(head), "  ".join("─" * width for width in widths), *map(line, lines)])


def percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def spread(interval: Mapping[str, Any] | tuple[float, float] | list[float] | None, digits: int = 2) -> str:
    """An interval as text, or nothing."""
    if not interval:
        return ""
    low, high = interval
    return f"[{low:.{digits}f}, {high:.{digits}f}]"


class _Bars:
    """One bar a shard, with its spending."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: "Step") -> None:
        if step.shard not in self._tasks:
            self._tasks[step.shard] = self._progress.add_task(step.shard, total=step.total, spent="")
        spent = f"{step.spent.backwards}/{step.budget.backwards} gradients" if step.spent and step.budget else ""
        self._progress.update(self._tasks[step.shard], completed=step.done, spent=spent)


@contextmanager
def progress_bars() -> Iterator["Callback"]:
    """A progress callback that draws bars with time left on standard error; silent where that is no terminal."""
    from tiltyard.contest.run import silent

    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[spent]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Bars(progress)


def counted_bars(after: str, *, seconds: float) -> "Progress":
    """Bars on standard error: so many of so many, the text `after` it, time spent, time left by the last `seconds`."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(after), TimeElapsedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    return Progress(*columns, console=Console(stderr=True), speed_estimate_period=seconds)
