"""torchattacks (Kim 2020): `torchattacks:PGD` is `torchattacks.PGD` with the run's eps and its own defaults."""

import inspect

import torchattacks
from torch import Tensor

from tiltyard.attacks.foreign.unit import Batch, UnitRange, adapted
from tiltyard.attacks.result import Attack
from tiltyard.contest.threat import Threat
from tiltyard.errors import ReferenceFailed

NORMS = {"linf": "Linf", "l2": "L2"}


def attack_named(name: str) -> Attack:
    """An attack class of `torchattacks`; `eps`, and `norm` where it takes one, are the run's."""
    kind = getattr(torchattacks, name, None)
    if not isinstance(kind, type):
        raise ReferenceFailed(f"torchattacks has no attack named {name}")

    def build(unit: UnitRange, threat: Threat) -> Batch:
        offered = {"eps": threat.eps, "norm": NORMS[threat.norm]}
        taken = inspect.signature(kind).parameters
        attack = kind(unit, **{key: value for key, value in offered.items() if key in taken})
        if threat.targeted:
            attack.set_mode_targeted_by_label(quiet=True)

        def batch(images: Tensor, labels: Tensor) -> Tensor:
            found: Tensor = attack(images, labels)
            return found

        return batch

    return adapted(build)
