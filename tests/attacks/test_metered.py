"""The contest's meter on a model in one's own process charges what the oracle charges."""

import pytest
import torch

from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.result import AttackResult
from tiltyard.attacks.robustness import measure_robustness
from tiltyard.contest.budget import Budget, Meter, OverBudget
from tiltyard.contest.threat import Threat
from tiltyard.errors import TiltyardError
from tiltyard.vision.classifier import Classifier


def network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10)).eval().requires_grad_(False)


def test_the_first_gradient_costs_backwards_and_every_further_one_forwards_too() -> None:
    meter = Meter()
    images = torch.rand(5, 1, 8, 8, requires_grad=True)
    logits = MeteredModel(network(), meter)(images)
    spent = []
    for _ in range(3):
        torch.autograd.grad(logits.sum(), images, retain_graph=True)
        spent.append(meter.spent)
    assert spent == [Budget(5, 5), Budget(10, 10), Budget(15, 15)]


def test_a_gradient_over_the_budget_is_refused() -> None:
    images = torch.rand(5, 1, 8, 8, requires_grad=True)
    logits = MeteredModel(network(), Meter(Budget(5, 4)))(images)
    with pytest.raises(OverBudget):
        torch.autograd.grad(logits.sum(), images)


def broken(model: object, images: torch.Tensor, *rest: object, **more: object) -> AttackResult:
    return AttackResult(torch.full_like(images, float("nan")), torch.zeros(len(images), dtype=torch.bool))


def test_an_attack_that_returns_nan_is_an_error_and_breaks_nothing() -> None:
    labels = torch.zeros(5, dtype=torch.int64)
    with pytest.raises(TiltyardError, match="not finite in 5 of 5 images"):
        measure_robustness(Classifier(network()), torch.rand(5, 1, 8, 8), labels, Threat("linf", 0.1), attack=broken)
