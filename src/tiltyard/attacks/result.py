"""The one shape of every attack, and what every attack returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

Model = Callable[[Tensor], Tensor]
"""Images (n, c, h, w) float32 to logits (n, classes), differentiable."""
Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""


@dataclass(frozen=True)
class AttackResult:
    """`images` (n, c, h, w) inside the threat model; per image: whether it succeeded, passes spent, if known."""

    images: Tensor
    success: Tensor
    forwards: Tensor | None = None
    backwards: Tensor | None = None


class Attack(Protocol):
    """What every attack is called with.

    `labels` (n,) are the true classes, or the targets where `threat.targeted`. `bounds` is the model's range. `budget`
    is the total over these images; an attack that knows it stays inside. The same seed gives the same images.
    """

    def __call__(
        self,
        model: Model,
        images: Tensor,
        labels: Tensor,
        threat: Threat,
        *,
        bounds: tuple[float, float] = (0.0, 1.0),
        budget: Budget | None = None,
        batch_size: int = 128,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> AttackResult: ...
