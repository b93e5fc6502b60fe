"""The pre-activation ResNet-18 of Fast adversarial training on CIFAR-10 (arXiv 2001.03994)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.defences.architectures.normalise import CIFAR10, normaliser


class PreActBlock(nn.Module):
    """Two 3×3 convolutions behind batch norm; the shortcut takes the input before its activation."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(F.relu(self.bn1(x)))
        out = self.conv2(F.relu(self.bn2(out)))
        total: Tensor = out + self.shortcut(x)
        return total


class PreActResNet(nn.Module):
    """`(n, 3, 32, 32)` float32 in [0, 1] to logits `(n, classes)`; four stages, each twice as wide as the last."""

    def __init__(self, *, width: int = 64, blocks: Sequence[int] = (2, 2, 2, 2), classes: int = 10) -> None:
        super().__init__()
        self.normalise = normaliser(CIFAR10)
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.layer1 = _stage(blocks[0], width, width, 1)
        self.layer2 = _stage(blocks[1], width, 2 * width, 2)
        self.layer3 = _stage(blocks[2], 2 * width, 4 * width, 2)
        self.layer4 = _stage(blocks[3], 4 * width, 8 * width, 2)
        self.bn = nn.BatchNorm2d(8 * width)
        self.linear = nn.Linear(8 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.conv1(self.normalise(images))))
        x = F.relu(self.bn(self.layer4(self.layer3(x))))
        logits: Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


def _stage(blocks: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
    first = PreActBlock(inputs, outputs, stride)
    return nn.Sequential(first, *(PreActBlock(outputs, outputs, 1) for _ in range(blocks - 1)))
