"""The one shape of every attack, and what every attack returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor

from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

Model = Callable[[Tensor], Tensor]
"""Images (n, c, h, w) float32 to logits (n, classes), differentiable."""
Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""


class Point(NamedTuple):
    """How many images were broken when so many passes had been spent, all images together."""

    forwards: int
    backwards: int
    broken: int


@dataclass(frozen=True)
class AttackResult:
    """What an attack found; `images` (n, c, h, w) lie inside the threat model.

    Per image (n,), where the attack knows: whether it succeeded, passes spent, and `cut_short`, True where it resisted
    when the budget ended and the attack would have gone on. `curve` grows in every column.
    """

    images: Tensor
    success: Tensor
    forwards: Tensor | None = None
    backwards: Tensor | None = None
    cut_short: Tensor | None = None
    curve: tuple[Point, ...] = ()


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
