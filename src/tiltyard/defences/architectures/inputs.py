"""Defences that transform the input before the network sees it: quantisation, noise, random resizing."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BehindTransform(nn.Module):
    """A network that sees its images through a transformation; `randomised` where two calls may differ."""

    def __init__(self, transform: nn.Module, network: nn.Module, *, randomised: bool = False) -> None:
        super().__init__()
        self.transform = transform
        self.network = network
        self.randomised = randomised

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(self.transform(images))
        return logits


class BitDepth(nn.Module):
    """Rounds images in [0, 1] to 2^bits levels (Guo et al. 2018, arXiv 1711.00117); its gradient is exactly zero."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.steps = 2**bits - 1

    def forward(self, images: Tensor) -> Tensor:
        levels: Tensor = torch.round(images * self.steps) / self.steps
        return levels


class RandomNoise(nn.Module):
    """Adds Gaussian noise of that deviation in every call, from torch's global generator (arXiv 1712.00673)."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, images: Tensor) -> Tensor:
        return images + self.deviation * torch.randn_like(images)


class RandomResizePad(nn.Module):
    """Resizes each image to a random side from `least` up to its own, then pads it with zeros at a random place.

    Drawn anew in every call from torch's global generator (Xie et al. 2018, arXiv 1711.01991, who enlarge instead).
    """

    def __init__(self, least: int) -> None:
        super().__init__()
        self.least = least

    def forward(self, images: Tensor) -> Tensor:
        whole = images.shape[-1]
        sides = torch.randint(self.least, whole + 1, (len(images), 1))
        left, top = ((torch.rand(sides.shape) * (whole - sides + 1)).floor() for _ in range(2))
        places = torch.arange(whole) + 0.5
        across, down = (2 * (places - shift) / sides - 1 for shift in (left, top))
        size = (len(images), whole, whole)
        grid = torch.stack([across[:, None, :].expand(size), down[:, :, None].expand(size)], dim=3).to(images.device)
        return F.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
