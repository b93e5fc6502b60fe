"""Foolbox's attacks (Rauber et al. 2020): `foolbox:LinfPGD` is `foolbox.attacks.LinfPGD` with its defaults."""

import foolbox
from torch import Tensor

from tiltyard.attacks.foreign.unit import Batch, UnitRange, adapted
from tiltyard.attacks.result import Attack
from tiltyard.contest.threat import Threat
from tiltyard.errors import ReferenceFailed


def attack_named(name: str) -> Attack:
    """An attack class of `foolbox.attacks`, built without arguments; ReferenceFailed where there is none."""
    kind = getattr(foolbox.attacks, name, None)
    if not isinstance(kind, type):
        raise ReferenceFailed(f"foolbox has no attack named {name}")

    def build(unit: UnitRange, threat: Threat) -> Batch:
        wrapped = foolbox.PyTorchModel(unit, bounds=(0, 1), device=unit.place.device)
        attack = kind()

        def batch(images: Tensor, labels: Tensor) -> Tensor:
            criteria = foolbox.criteria
            goal = criteria.TargetedMisclassification if threat.targeted else criteria.Misclassification
            found: Tensor = attack(wrapped, images, goal(labels), epsilons=threat.eps)[1]
            return found

        return batch

    return adapted(build)
