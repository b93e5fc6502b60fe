"""How an evaluation is run, as against what it measures."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tiltyard.contest.budget import Budget


@dataclass(frozen=True)
class Step:
    """How far a shard has come; `spent` so far, where a meter runs."""

    shard: str
    done: int
    total: int
    spent: Budget | None = None
    budget: Budget | None = None


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """The progress callback that shows nothing."""


@dataclass(frozen=True)
class Run:
    """Seed, device, trust and progress of one evaluation; `seed`, `device` and `trust` are written into it."""

    seed: int = 0
    device: str = "cpu"
    trust: bool = False
    """Whether the entry's code may run without a jail: for one's own code only."""
    progress: Progress = field(default=silent, compare=False)
