"""ResNet-50 for ImageNet with torchvision's parameter names (arXiv 1512.03385)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.defences.architectures.normalise import IMAGENET, normaliser


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions; the 3×3 one carries the stride."""

    def __init__(self, inputs: int, middle: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * middle
        self.conv1 = nn.Conv2d(inputs, middle, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample.append(nn.Conv2d(inputs, outputs, 1, stride, bias=False))
            self.downsample.append(nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return F.relu(self.bn3(self.conv3(out)) + self.downsample(x))


class ResNet(nn.Module):
    """`(n, 3, h, w)` float32 in [0, 1] to logits `(n, classes)`; ImageNet's mean and deviation are inside."""

    def __init__(self, *, width: int = 64, blocks: Sequence[int] = (3, 4, 6, 3), classes: int = 1000) -> None:
        super().__init__()
        self.normalise = normaliser(IMAGENET)
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _stage(blocks[0], width, width, 1)
        self.layer2 = _stage(blocks[1], 4 * width, 2 * width, 2)
        self.layer3 = _stage(blocks[2], 8 * width, 4 * width, 2)
        self.layer4 = _stage(blocks[3], 16 * width, 8 * width, 2)
        self.fc = nn.Linear(32 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.maxpool(F.relu(self.bn1(self.conv1(self.normalise(images)))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(x.mean(dim=(2, 3)))
        return logits


def _stage(blocks: int, inputs: int, middle: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, middle, stride)
    return nn.Sequential(first, *(Bottleneck(4 * middle, middle, 1) for _ in range(blocks - 1)))
