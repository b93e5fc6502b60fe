"""What adversarial training minimises, given images and their perturbed points."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Objective = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]
"""Network, perturbed points and images (n, c, h, w), labels (n,) to one loss."""
LEAST = 1e-12


def at_points(*, smoothing: float = 0.0) -> Objective:
    """Cross-entropy at the perturbed points, with the share `smoothing` of each label spread over all classes."""

    def loss(network: nn.Module, points: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(network(points), labels, label_smoothing=smoothing)

    return loss


AT_POINTS = at_points()


def trades(*, beta: float) -> Objective:
    """Clean cross-entropy plus `beta` times KL(clean ‖ perturbed) (Zhang et al. 2019, arXiv 1901.08573)."""

    def loss(network: nn.Module, points: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        clean, moved = network(torch.cat([images, points])).chunk(2)
        divergence = F.kl_div(F.log_softmax(moved, dim=1), F.softmax(clean, dim=1), reduction="batchmean")
        return F.cross_entropy(clean, labels) + beta * divergence

    return loss


def mart(*, weight: float) -> Objective:
    """Boosted cross-entropy at the points plus KL that counts most where the clean image is misclassified.

    Misclassification-aware adversarial training, Wang et al., ICLR 2020 (openreview rklOg6EFwS).
    """

    def loss(network: nn.Module, points: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        clean, moved = network(torch.cat([images, points])).chunk(2)
        own = labels[:, None]
        probabilities = F.softmax(moved, dim=1)
        runner_up = probabilities.scatter(1, own, 0.0).amax(1)
        boosted = F.cross_entropy(moved, labels) - torch.log((1 - runner_up).clamp_min(LEAST)).mean()
        clean_probabilities = F.softmax(clean, dim=1)
        divergence = F.kl_div(F.log_softmax(moved, dim=1), clean_probabilities, reduction="none").sum(1)
        missed = 1 - clean_probabilities.gather(1, own)[:, 0]
        return boosted + weight * (divergence * missed).mean()

    return loss
