"""What a check says."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "warning", "failed", "not run"]


@dataclass(frozen=True)
class Check:
    """`found` is the figures in one sentence, or why it was not run; `means` is what a reader should make of it."""

    name: str
    verdict: Verdict
    found: str
    means: str = ""

    @property
    def casts_doubt(self) -> bool:
        return self.verdict in ("warning", "failed")


POINTS, TOO_MANY = 0.01, 0.05
"""Robust accuracy (fraction) that an attack left unfound: above the first a warning, from the second on failed."""


def graded(value: float, *, warning: float, failed: float) -> Verdict:
    """The larger the worse: from `failed` on it failed, above `warning` it is one."""
    if value >= failed:
        return "failed"
    return "warning" if value > warning else "passed"


def graded_loss(broken: int, share: float) -> Verdict:
    """`broken` images beyond what the attack broke, an estimated `share` of all; one alone casts no doubt."""
    return graded(share, warning=POINTS, failed=TOO_MANY) if broken > 1 else "passed"


def worst(*verdicts: Verdict) -> Verdict:
    """The worst of verdicts that were reached."""
    order: tuple[Verdict, ...] = ("passed", "warning", "failed")
    return max(verdicts, key=order.index)


def not_run(name: str, reason: str) -> Check:
    return Check(name, "not run", reason)
