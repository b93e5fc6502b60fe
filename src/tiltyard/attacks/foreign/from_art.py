"""IBM's Adversarial Robustness Toolbox: `art:ProjectedGradientDescentPyTorch` with the run's eps and norm."""

import inspect

import art.attacks.evasion as evasion
import numpy as np
import torch
from art.estimators.classification import PyTorchClassifier
from torch import Tensor

from tiltyard.attacks.foreign.unit import Batch, UnitRange, adapted
from tiltyard.attacks.result import Attack
from tiltyard.contest.threat import Threat
from tiltyard.errors import ReferenceFailed

NORMS = {"linf": np.inf, "l2": 2}


def attack_named(name: str) -> Attack:
    """An attack class of `art.attacks.evasion`; `eps_step` is a quarter of eps where the class takes one."""
    kind = getattr(evasion, name, None)
    if not isinstance(kind, type):
        raise ReferenceFailed(f"art has no attack named {name}")

    def build(unit: UnitRange, threat: Threat) -> Batch:
        offered = {"norm": NORMS[threat.norm], "eps": threat.eps, "eps_step": threat.eps / 4,
                   "targeted": threat.targeted, "verbose": False}  # fmt: skip
        taken = inspect.signature(kind).parameters
        settings = {key: value for key, value in offered.items() if key in taken}

        def batch(images: Tensor, labels: Tensor) -> Tensor:
            estimator = PyTorchClassifier(
                model=unit,
                loss=torch.nn.CrossEntropyLoss(),
                input_shape=tuple(images.shape[1:]),
                nb_classes=_classes(unit, labels),
                clip_values=(0.0, 1.0),
                device_type="cpu" if images.device.type == "cpu" else "gpu",
            )
            found = kind(estimator, **settings).generate(x=images.cpu().numpy(), y=labels.cpu().numpy())
            return torch.from_numpy(found).to(images.device)

        return batch

    return adapted(build)


def _classes(unit: UnitRange, labels: Tensor) -> int:
    declared = getattr(unit.model, "num_classes", None)
    return int(declared) if declared else max(10, int(labels.max()) + 1)
