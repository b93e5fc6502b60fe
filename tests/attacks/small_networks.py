"""Networks and images small enough to attack in milliseconds."""

import torch
from torch import Tensor, nn

CLASSES = 5
SHAPE = (2, 6, 6)


def network(classes: int = CLASSES, seed: int = 2) -> nn.Module:
    torch.manual_seed(seed)
    layers = nn.Flatten(), nn.Linear(72, 24), nn.Tanh(), nn.Linear(24, classes)
    return nn.Sequential(*layers).eval().requires_grad_(False)


class Stretched(nn.Module):
    """The same network over another range."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.network, self.low, self.high = network(), low, high
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network((images - self.low) / (self.high - self.low))
        return logits


class Rounded(nn.Module):
    """Sees its images in 256 shades, so that every gradient is zero."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.network = network(classes)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(torch.round(images * 255) / 255)
        return logits


def images(count: int = 30, seed: int = 0) -> Tensor:
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(seed))


def labels(points: Tensor, classes: int = CLASSES) -> Tensor:
    """What the network says, save that every tenth is labelled wrongly."""
    found = network(classes)(points).argmax(1)
    found[::10] = (found[::10] + 1) % classes
    return found
