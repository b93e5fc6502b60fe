"""What the other libraries have in common: images in [0, 1], one batch at a time, no budget."""

import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from tiltyard.attacks.norms import project
from tiltyard.attacks.result import Attack, AttackResult, Model, Progress
from tiltyard.contest.budget import Budget, OverBudget
from tiltyard.contest.threat import Threat

Batch = Callable[[Tensor, Tensor], Tensor]
"""Images in [0, 1] and labels (or targets) to adversarial images in [0, 1]."""
Build = Callable[["UnitRange", Threat], Batch]


class UnitRange(nn.Module):
    """A model over [0, 1] in front of one over `bounds`."""

    def __init__(self, model: Model, bounds: tuple[float, float]) -> None:
        super().__init__()
        self.model = model
        self.low, self.span = bounds[0], bounds[1] - bounds[0]
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)
        """Tells libraries that look for a parameter which device the model is on."""
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return self.model(self.from_unit(images))

    def to_unit(self, images: Tensor) -> Tensor:
        return images if (self.low, self.span) == (0, 1) else (images - self.low) / self.span

    def from_unit(self, images: Tensor) -> Tensor:
        return images if (self.low, self.span) == (0, 1) else images * self.span + self.low


def adapted(build: Build) -> Attack:
    """A library's attack in our shape. It reports no success and knows no budget: the judge and the meter do.

    Where the meter refuses, the images not yet attacked are returned as they are.
    """

    def run(
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
    ) -> AttackResult:
        random.seed(seed)
        np.random.seed(seed % (1 << 32))
        torch.manual_seed(seed)
        unit = UnitRange(model, bounds).to(images.device)
        attack = build(unit, Threat(threat.norm, threat.eps / unit.span, threat.targeted))
        found: list[Tensor] = []
        for part, goal in zip(torch.split(images, batch_size), torch.split(labels, batch_size), strict=True):
            try:
                found.append(unit.from_unit(attack(unit.to_unit(part), goal).detach().float()))
            except OverBudget:
                break
            if progress:
                progress(sum(map(len, found)), len(images))
        reached = sum(map(len, found))
        points = project(torch.cat([*found, images[reached:]]), images, threat, bounds)
        return AttackResult(points, torch.zeros(len(images), dtype=torch.bool))

    return run
