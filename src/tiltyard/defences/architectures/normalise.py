"""What defended classifiers do to their input before the first layer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SYMMETRIC = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


class Normalise(nn.Module):
    """Subtracts a mean and divides by a deviation per channel; its constants are no part of the state dict."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std


class StandardisePerImage(nn.Module):
    """Gives every image mean 0 and deviation 1; a flat image's deviation counts as at least 1/sqrt(c·h·w)."""

    def forward(self, images: Tensor) -> Tensor:
        flat = images.flatten(1)
        least = flat.shape[1] ** -0.5
        std = flat.var(dim=1, correction=0).clamp_min(least**2).sqrt()
        return (images - flat.mean(dim=1).view(-1, 1, 1, 1)) / std.view(-1, 1, 1, 1)


def normaliser(statistics: tuple[Sequence[float], Sequence[float]] | None) -> nn.Module:
    """The layer for (mean, std) per channel, or the identity for None."""
    return nn.Identity() if statistics is None else Normalise(*statistics)
