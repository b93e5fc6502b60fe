"""How defended models are trained: one recipe a defence, with its paper."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tiltyard.attacks.losses import cross_entropy
from tiltyard.attacks.norms import project, random_points, steepest
from tiltyard.contest.threat import Threat

Perturb = Callable[[nn.Module, Tensor, Tensor, Threat, torch.Generator], Tensor]
BOUNDS = (0.0, 1.0)


@dataclass(frozen=True)
class Recipe:
    """What training images become before each step, and for how long."""

    name: str
    title: str
    paper: str
    perturb: Perturb
    epochs: int = 120
    batch_size: int = 64
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4


def as_they_are(
    network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator
) -> Tensor:
    """No perturbation: an undefended model."""
    return images


def one_step(network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator) -> Tensor:
    """A random start and one signed step of 1.25 eps (FGSM-RS, Wong et al. 2020, arXiv 2001.03994)."""
    points = random_points(images, threat, BOUNDS, generator)
    return _step(network, points, images, labels, threat, 1.25)


def many_steps(
    network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator
) -> Tensor:
    """A random start and seven steps of eps/4 (PGD-AT, Madry et al. 2018, arXiv 1706.06083)."""
    points = random_points(images, threat, BOUNDS, generator)
    for _ in range(7):
        points = _step(network, points, images, labels, threat, 0.25)
    return points


def _step(network: nn.Module, points: Tensor, images: Tensor, labels: Tensor, threat: Threat, size: float) -> Tensor:
    inputs = points.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(network(inputs), labels).sum(), inputs)
    return project(points + size * threat.eps * steepest(gradient, threat), images, threat, BOUNDS)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("undefended", "Plain training", "none", as_they_are),
        Recipe("fgsm_rs", "Single-step adversarial training from a random start", "arXiv 2001.03994", one_step),
        Recipe("pgd_at", "Adversarial training with PGD-7", "arXiv 1706.06083", many_steps),
    )
}
