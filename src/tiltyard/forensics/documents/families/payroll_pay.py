"""A month's pay: what was earned, what was kept back."""

from dataclasses import dataclass

from tiltyard.forensics.documents.chance import between, some
from tiltyard.forensics.documents.kit.work import Work


@dataclass(frozen=True)
class Pay:
    """What was earned and what was kept back, in cents."""

    earned: tuple[tuple[str, int], ...]
    lost: tuple[tuple[str, int], ...]

    @property
    def gross(self) -> int:
        return sum(cents for _, cents in self.earned)

    @property
    def less(self) -> int:
        return sum(cents for _, cents in self.lost)

    @property
    def net(self) -> int:
        return self.gross - self.less


def pay(work: Work) -> Pay:
    """A month's pay: a base with extras, deductions of up to a third."""
    rng = work.rng
    base, *extras = work.say("earned").split(";")
    basic = int(rng.integers(180_000, 620_000))
    earned = [(base, basic)] + [
        (name, int(basic * between(rng, 0.01, 0.16))) for name in some(rng, extras, int(rng.integers(1, 5)))
    ]
    gross = sum(cents for _, cents in earned)
    lost = [
        (name, int(gross * between(rng, 0.006, 0.09)))
        for name in some(rng, work.say("lost").split(";"), int(rng.integers(3, 6)))
    ]
    return Pay(tuple(earned), tuple(lost))
