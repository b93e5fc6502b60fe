"""What the checks look at: a finished attack on a model, and what they themselves may spend."""

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl
import torch
from torch import Tensor, nn

from tiltyard.attacks.connected import Connected
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import project
from tiltyard.attacks.result import Attack, AttackResult
from tiltyard.contest.budget import Budget, Meter
from tiltyard.contest.threat import Threat

SHARE = 0.18
"""Of the attack's passes, forwards and backwards added: what the checks share among them.

No limit: each check looks at `FEWEST` images all the same, and the second run of the attack has a limit of its own. Few
images cost the most: nearly two fifths of the passes at 100 images, more below.
"""
FEWEST, MOST = 12, 64
"""Images that one check looks at; the fewest also where that exceeds the share."""


@dataclass(frozen=True)
class Subject:
    """`result` is what the attack returned, `examples` what became of it in ball and range; `rows` judge those.

    Tensors are (n, ...) on the model's device; `goals` are the labels, or the targets of a targeted threat.
    """

    network: nn.Module
    images: Tensor
    labels: Tensor
    goals: Tensor
    examples: Tensor
    rows: pl.DataFrame
    result: AttackResult
    attack: Attack
    attack_name: str
    threat: Threat
    bounds: tuple[float, float]
    spent: Budget
    over_budget: bool = False
    batch_size: int = 128
    seed: int = 0
    meter: Meter = field(default_factory=Meter)

    @cached_property
    def model(self) -> MeteredModel:
        """Every pass through it is booked as the checks' own."""
        return MeteredModel(Connected(self.network), self.meter)

    @property
    def keeps_books(self) -> bool:
        """Whether the attack can be trusted to stay inside a budget that it is given."""
        known = self.result.forwards is not None and self.result.backwards is not None
        return known and not self.over_budget

    @cached_property
    def clean(self) -> Tensor:
        """Indices of the images that are classified correctly."""
        return _where(self.rows["clean"])

    @cached_property
    def held(self) -> Tensor:
        """Indices of the images that the attack did not break."""
        return _where(self.rows["robust"])

    @property
    def robust_accuracy(self) -> float:
        return len(self.held) / len(self.images)

    @property
    def passes(self) -> int:
        """What the attack spent, forwards and backwards added."""
        return self.spent.forwards + self.spent.backwards

    @property
    def span(self) -> float:
        return self.bounds[1] - self.bounds[0]

    def some(self, index: Tensor, *, cost: float, share: float, fewest: int = FEWEST) -> Tensor:
        """A seeded choice of `index`: as many as that share of the allowance pays for, at `cost` passes an image."""
        return index[self._shuffled(len(index))[: self._affordable(cost, share, fewest)]].sort().values

    def mirror(self, *, cost: float, share: float) -> Tensor:
        """A seeded choice of all images in which those that held have their share."""
        order = self._shuffled(len(self.images))
        order = order[torch.isin(order, self.held).int().argsort(stable=True)]
        count = min(len(order), self._affordable(cost, share))
        return order[torch.linspace(0, len(order) - 1, count).round().long()].sort().values

    def _affordable(self, cost: float, share: float, fewest: int = FEWEST) -> int:
        return max(fewest, min(MOST, int(SHARE * share * self.passes / cost)))

    def _shuffled(self, count: int) -> Tensor:
        return torch.randperm(count, generator=torch.Generator().manual_seed(self.seed))

    def logits(self, points: Tensor) -> Tensor:
        """(n, classes), without gradients."""
        with torch.no_grad():
            return torch.cat([self.model(part) for part in torch.split(points, self.batch_size)])

    def broken(self, points: Tensor, index: Tensor) -> Tensor:
        """Whether points (k, ...) for the images `index` reach the goal, (k,) on the CPU."""
        hit = self.logits(points).argmax(1) == self.goals[index]
        return (hit if self.threat.targeted else ~hit).cpu()

    def attacked(self, attack: Attack, index: Tensor, threat: Threat, budget: Budget) -> Tensor:
        """Whether an attack with another seed breaks the images `index` (k,), judged on what it returns."""
        found = attack(
            self.model, self.images[index], self.goals[index], threat,
            bounds=self.bounds, budget=budget, batch_size=self.batch_size, seed=self.seed + 1,
        )  # fmt: skip
        inside = project(found.images.to(self.images.device), self.images[index], threat, self.bounds)
        return self.broken(inside, index)


def _where(column: pl.Series) -> Tensor:
    return torch.from_numpy(column.arg_true().to_numpy().astype("int64"))
