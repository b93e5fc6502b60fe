"""What adversarial training does to images before a step: the inner maximisations of its recipes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.attacks.losses import cross_entropy
from tiltyard.attacks.norms import project, random_points, steepest
from tiltyard.contest.threat import Threat

Perturb = Callable[[nn.Module, Tensor, Tensor, Threat, torch.Generator], Tensor]
"""Network, images (n, c, h, w) in [0, 1], labels (n,), threat and generator to images inside the threat model."""
BOUNDS = (0.0, 1.0)


def as_they_are(
    network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator
) -> Tensor:
    """No perturbation: an undefended model."""
    return images


def one_step(network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator) -> Tensor:
    """A random start and one signed step of 1.25 eps (FGSM-RS, Wong et al. 2020, arXiv 2001.03994)."""
    points = random_points(images, threat, BOUNDS, generator)
    return _climb(network, points, images, threat, _towards_error(labels), steps=1, size=1.25)


def many_steps(*, steps: int, size: float) -> Perturb:
    """A random start and `steps` signed steps of `size` eps (PGD-AT, Madry et al. 2018, arXiv 1706.06083)."""

    def perturb(
        network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator
    ) -> Tensor:
        points = random_points(images, threat, BOUNDS, generator)
        return _climb(network, points, images, threat, _towards_error(labels), steps=steps, size=size)

    return perturb


def away_from_clean(*, steps: int, size: float) -> Perturb:
    """Steps that drive the prediction from the clean one, by KL divergence (TRADES, arXiv 1901.08573)."""

    def perturb(
        network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, generator: torch.Generator
    ) -> Tensor:
        with evaluating(network), torch.no_grad():
            clean = F.softmax(network(images), dim=1)
        start = images + 0.001 * torch.randn(images.shape, generator=generator)

        def divergence(logits: Tensor) -> Tensor:
            return F.kl_div(F.log_softmax(logits, dim=1), clean, reduction="none").sum(1)

        return _climb(network, start.clamp(*BOUNDS), images, threat, divergence, steps=steps, size=size)

    return perturb


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, what was before afterwards: an attack must not move batch statistics."""
    before = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(before)


def _towards_error(labels: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda logits: cross_entropy(logits, labels)


def _climb(
    network: nn.Module,
    points: Tensor,
    images: Tensor,
    threat: Threat,
    loss: Callable[[Tensor], Tensor],
    *,
    steps: int,
    size: float,
) -> Tensor:
    with evaluating(network):
        for _ in range(steps):
            inputs = points.detach().clone().requires_grad_()
            (gradient,) = torch.autograd.grad(loss(network(inputs)).sum(), inputs)
            points = project(points + size * threat.eps * steepest(gradient, threat), images, threat, BOUNDS)
    return points
