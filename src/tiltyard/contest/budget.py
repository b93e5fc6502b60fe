"""What an attack may spend, and what it has spent."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Budget:
    """Forward and backward passes that one model answers, counted in images."""

    forwards: int
    backwards: int

    @classmethod
    def per_image(cls, images: int, *, forwards: float, backwards: float) -> "Budget":
        """An average allowance: what easy images save, hard ones may use."""
        return cls(_total(forwards, images), _total(backwards, images))

    def covers(self, spent: "Budget") -> bool:
        """Whether `spent` stays inside: exactly the limit is allowed."""
        return spent.forwards <= self.forwards and spent.backwards <= self.backwards

    def __add__(self, other: "Budget") -> "Budget":
        return Budget(self.forwards + other.forwards, self.backwards + other.backwards)


def _total(average: float, images: int) -> int:
    """Rounded down from the average as it is written: 0.29 for 100 images is 29, though 0.29 * 100 is below it."""
    return int(Fraction(str(average)) * images)


class OverBudget(Exception):
    """A call that would have cost more than is left; nothing was computed for it."""


class Meter:
    """Keeps the books of one model: what was spent, and whether more was asked for than there is."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget
        self.spent = Budget(0, 0)
        self.exceeded = False

    def charge(self, *, forwards: int = 0, backwards: int = 0) -> None:
        """Books a call, or raises OverBudget and books nothing."""
        asked = self.spent + Budget(forwards, backwards)
        if self.budget is not None and not self.budget.covers(asked):
            self.exceeded = True
            raise OverBudget(
                f"a call for {forwards} forward and {backwards} backward passes, after {self.spent.forwards} and "
                f"{self.spent.backwards}, exceeds the budget of {self.budget.forwards} and {self.budget.backwards}"
            )
        self.spent = asked
