"""Evaluations of the track `turns` and workers without processes, for tests of the queue."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import small_site
from tiltyard.contest import bootstrap
from tiltyard.site import queue
from tiltyard.site.models import Challenge, Evaluation, Team, Worker
from tiltyard.site.worker.step import step

_numbers = itertools.count()


def quick_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of few resamples, here and where they are verified: most tests do not look at them."""
    monkeypatch.setitem(bootstrap.resamples.__kwdefaults__, "count", 20)


def turns_challenge(track: str = "turns", seed: int | None = 5, **changes: Any) -> Challenge:
    """A challenge over the track `turns`, or `reads`, which needs no jail."""
    contest = {"name": "regions", "title": "Turns", "track": track, "data": "none", "seed": seed}
    return small_site.challenge(contests=[contest], **changes)


def a_team(of: Challenge) -> Team:
    return small_site.team(of, small_site.somebody(f"Person {next(_numbers)}"))


def handed_in(team: Team, folder: Path, turns: Sequence[str]) -> Evaluation:
    """The evaluation of an entry of these turns, just begun."""
    number = next(_numbers)
    path = folder / f"turns-{number}.txt"
    path.write_text("".join(f"{turn}\n" for turn in turns))
    return queue.begin(small_site.entry(team, path))


def a_worker(*, jail: bool = True) -> Worker:
    """The row of a worker; nothing runs."""
    return Worker.objects.create(name=f"worker-{next(_numbers)}", host="here", pid=1, jail=jail)


def work_off(worker: Worker) -> int:
    """Does all jobs there are in this process; returns how many that were."""
    done = 0
    while step(worker):
        done += 1
    return done
