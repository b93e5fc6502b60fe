"""Any attack of the catalogue in the contest's clothes: `__init__`, `config`, `batch_attack`."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tiltyard.attacks.catalogue import find_attack
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat


class CatalogueAttacker:
    """What a contest's runner calls. What one batch leaves of its allowance, the next ones may use."""

    attack_name = "pgd"

    def __init__(self, model: Any, batch_size: int, dataset: str, session: None) -> None:
        self.model = model
        self.batch_size = batch_size
        self.attack = find_attack(self.attack_name)
        self.seed = torch.initial_seed()
        self.left = Budget(0, 0)
        self.batches = 0

    def config(self, **kwargs: Any) -> None:
        self.magnitude = float(kwargs["magnitude"])

    def batch_attack(
        self, xs: NDArray[np.float32], ys: NDArray[np.int64], ys_target: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        allowance = self.left + Budget.per_image(
            len(xs), forwards=self.model.forwards_per_image, backwards=self.model.gradients_per_image
        )
        self.batches += 1
        result = self.attack(
            self.model,
            torch.from_numpy(xs),
            torch.from_numpy(ys if ys_target is None else ys_target),
            Threat(self.model.norm, self.magnitude, targeted=ys_target is not None),
            bounds=(self.model.x_min, self.model.x_max),
            budget=allowance,
            batch_size=self.batch_size,
            seed=(self.seed + self.batches) % (1 << 32),
        )
        if result.forwards is not None and result.backwards is not None:
            spent = Budget(int(result.forwards.sum()), int(result.backwards.sum()))
            self.left = Budget(allowance.forwards - spent.forwards, allowance.backwards - spent.backwards)
        return np.asarray(result.images.numpy())


def attacker_for(name: str) -> type[CatalogueAttacker]:
    """An `Attacker` class that runs the named attack."""
    return type("Attacker", (CatalogueAttacker,), {"attack_name": name})
