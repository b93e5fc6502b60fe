"""The network that locates forged pixels: what is odd at every scale, seen against what is usual in the picture.

Residuals of learned filters that sum to zero (Bayar and Stamm 2018) show noise and resampling; a branch at the scale of
JPEG blocks takes what their DCT values say (after CAT-Net, Kwon et al. 2022) and other cues; edges and image are
supervised beside the mask (after MVSS-Net, Chen et al. 2021).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.forensics.locating.planes import PLANES

RESIDUALS = 9
WIDTHS = (24, 48, 96, 208, 320)
"""Channels at strides of 2, 4, 8, 16 and 32."""
STRIDE = 32
"""Sides of what goes in are multiples of it."""
MASK_STRIDE = 2
TOLD = 40
"""Channels, at the stride of 8, that come from the planes."""
RESIDUAL_GAIN = 12.0


@dataclass(frozen=True)
class Answer:
    """Logits: mask and its edge (n, h / 2, w / 2), and whether the picture is forged (n)."""

    mask: Tensor
    edge: Tensor
    forged: Tensor


class ZeroSum(nn.Conv2d):
    """Filters whose weights sum to zero over all channels: they see no grey level, only what differs from it."""

    def __init__(self) -> None:
        super().__init__(3, RESIDUALS, 5, padding=2, padding_mode="replicate", bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        weight = weight / weight.abs().sum((1, 2, 3), keepdim=True).clamp_min(1e-6)
        padded = F.pad(x, (2, 2, 2, 2), mode="replicate")
        residuals: Tensor = torch.tanh(RESIDUAL_GAIN * F.conv2d(padded, weight))
        return residuals


def _convolved(inputs: int, outputs: int, *, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Beside(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolved(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class Usual(nn.Module):
    """What is usual in the picture, by mean and spread of each channel, told to every place of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.told = nn.Sequential(nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        told: Tensor = self.told(torch.cat([flat.mean(2), flat.std(2)], 1))
        return x + told[..., None, None]


class Joined(nn.Module):
    """The coarse picture enlarged to the fine one's size, and both mixed."""

    def __init__(self, coarse: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.coarse, self.fine = nn.Conv2d(coarse, outputs, 1), nn.Conv2d(fine, outputs, 1)
        self.mixed = _convolved(outputs, outputs)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        enlarged = F.interpolate(self.coarse(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        mixed: Tensor = self.mixed(enlarged + self.fine(fine))
        return mixed


class Locator(nn.Module):
    """(n, 3, h, w) pixels in [0, 1] and (n, PLANES, h / 8, w / 8) planes to an Answer. About 3.5 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d, e = WIDTHS
        self.residuals = ZeroSum()
        self.planes = _convolved(PLANES, TOLD)
        self.at_2 = nn.Sequential(_convolved(3 + RESIDUALS, a, stride=2), _convolved(a, a))
        self.at_4 = nn.Sequential(_convolved(a, b, stride=2), Beside(b))
        self.at_8 = nn.Sequential(_convolved(b, c - TOLD, stride=2))
        self.mixed_8 = nn.Sequential(Beside(c), Usual(c))
        self.at_16 = nn.Sequential(_convolved(c, d, stride=2), Beside(d), Usual(d))
        self.at_32 = nn.Sequential(_convolved(d, e, stride=2), _convolved(e, e), Usual(e))
        self.to_16, self.to_8 = Joined(e, d, 112), Joined(112, c, 80)
        self.to_4, self.to_2 = Joined(80, b, 48), Joined(48, a, 24)
        self.mask, self.edge = nn.Conv2d(24, 1, 1), nn.Conv2d(24, 1, 1)
        self.forged = nn.Sequential(nn.Linear(2 * e + 4, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, pixels: Tensor, planes: Tensor) -> Answer:
        half = self.at_2(torch.cat([2 * pixels - 1, self.residuals(pixels)], 1))
        quarter = self.at_4(half)
        eighth = self.mixed_8(torch.cat([self.at_8(quarter), self.planes(planes)], 1))
        sixteenth = self.at_16(eighth)
        last = self.at_32(sixteenth)
        fine = self.to_2(self.to_4(self.to_8(self.to_16(last, sixteenth), eighth), quarter), half)
        mask = self.mask(fine)[:, 0]
        return Answer(mask, self.edge(fine)[:, 0], self.forged(_summed(last, mask))[:, 0])


def _summed(features: Tensor, mask: Tensor) -> Tensor:
    """(n, 2 c + 4): mean and maximum of each channel; the highest, and how much stands out, of the mask."""
    flat, logits = features.flatten(2), mask.flatten(1)
    chance = torch.sigmoid(logits)
    of_mask = torch.stack([logits.amax(1) / 8, chance.amax(1), chance.mean(1), (chance > 0.5).float().mean(1)], 1)
    return torch.cat([flat.mean(2), flat.amax(2), of_mask], 1)
