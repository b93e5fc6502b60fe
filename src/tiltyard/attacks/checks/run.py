"""All checks of one evaluation, in order, with their own books and a seed."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tiltyard.attacks.checks.answers import check_independence, check_mode, check_range, check_steadiness
from tiltyard.attacks.checks.check import Check
from tiltyard.attacks.checks.convergence import check_convergence
from tiltyard.attacks.checks.gradients import check_gradients
from tiltyard.attacks.checks.ladder import Ladder, Rung, check_growth, climb_ladder
from tiltyard.attacks.checks.rivals import check_queries, check_transfer
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.draws import drawn_from
from tiltyard.attacks.result import Progress
from tiltyard.contest.budget import Budget

SURE = "no reason to doubt"


@dataclass(frozen=True)
class Checks:
    """What all checks found; `spent` and `seconds` are theirs, apart from the attack's."""

    checks: tuple[Check, ...]
    by_eps: tuple[Rung, ...]
    by_eps_attack: str
    spent: Budget
    seconds: float

    @property
    def doubts(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.casts_doubt)

    @property
    def verdict(self) -> str:
        """`no reason to doubt`, or `doubtful` and the names of the checks that failed or warn."""
        return f"doubtful: {', '.join(check.name for check in self.doubts)}" if self.doubts else SURE

    def figures(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "verdict": self.verdict,
            "checks": [asdict(check) for check in self.checks],
            "by_eps": [asdict(rung) for rung in self.by_eps],
            "by_eps_attack": self.by_eps_attack,
            "checks_forwards": self.spent.forwards,
            "checks_gradients": self.spent.backwards,
            "checks_seconds": self.seconds,
        }


def run_checks(subject: Subject, progress: Progress | None = None) -> Checks:
    """Runs every check; a random model is drawn from the subject's seed, and the caller's generators are kept."""
    began = time.perf_counter()
    with drawn_from(subject.seed, "checks"):
        ladder = climb_ladder(subject)
        checks = _all(subject, ladder, progress)
    seconds = time.perf_counter() - began
    return Checks(checks, ladder.rungs, ladder.attack, subject.meter.spent, seconds)


def _all(subject: Subject, ladder: Ladder, progress: Progress | None) -> tuple[Check, ...]:
    steps: list[Callable[[], list[Check]]] = [
        lambda: [check_growth(subject, ladder)],
        lambda: [check_convergence(subject)],
        lambda: [check_queries(subject)],
        lambda: [check_transfer(subject)],
        lambda: check_gradients(subject),
        lambda: [check_mode(subject), check_independence(subject)],
        lambda: [check_steadiness(subject)],
        lambda: [check_range(subject)],
    ]
    found: list[Check] = []
    for done, step in enumerate(steps, 1):
        found += step()
        if progress:
            progress(done, len(steps))
    return tuple(found)
