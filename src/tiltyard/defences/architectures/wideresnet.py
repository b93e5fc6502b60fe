"""Wide residual networks as TRADES and its successors publish them for CIFAR-10."""

from collections import OrderedDict
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.defences.architectures.normalise import normaliser


class BasicBlock(nn.Module):
    """Two 3×3 convolutions behind batch norm; where channels change, the shortcut takes the activated input."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        active = F.relu(self.bn1(x))
        shortcut = x if self.convShortcut is None else self.convShortcut(active)
        out: Tensor = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return out + shortcut


def _stage(blocks: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
    layers = [BasicBlock(inputs, outputs, stride)]
    layers += [BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)]
    return nn.Sequential(OrderedDict(layer=nn.Sequential(*layers)))


class CosineLinear(nn.Linear):
    """The cosine between the features and each class's weight: the head of hypersphere embedding (arXiv 2002.08619)."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__(inputs, classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.normalize(x), F.normalize(self.weight))


class WideResNet(nn.Module):
    """WRN-depth-width (arXiv 1605.07146): `(n, 3, 32, 32)` float32 in [0, 1] to logits `(n, classes)`.

    `statistics` are the (mean, std) per channel that the authors normalise with, None where they do not.
    `unused_stage` adds the stage that TRADES's code declares as `sub_block1` and never calls: its weights lie in the
    files of everyone who built on that code. `cosine` puts AT_HE's head on top.
    """

    def __init__(
        self,
        *,
        depth: int,
        width: int,
        classes: int = 10,
        statistics: tuple[Sequence[float], Sequence[float]] | None = None,
        unused_stage: bool = False,
        cosine: bool = False,
    ) -> None:
        super().__init__()
        if depth < 10 or (depth - 4) % 6:
            raise ValueError(f"a wide ResNet's depth is 6 n + 4, not {depth}")
        blocks, channels = (depth - 4) // 6, [16 * width, 32 * width, 64 * width]
        self.normalise = normaliser(statistics)
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.block1 = _stage(blocks, 16, channels[0], 1)
        if unused_stage:
            self.sub_block1 = _stage(blocks, 16, channels[0], 1)
        self.block2 = _stage(blocks, channels[0], channels[1], 2)
        self.block3 = _stage(blocks, channels[1], channels[2], 2)
        self.bn1 = nn.BatchNorm2d(channels[2])
        self.fc = CosineLinear(channels[2], classes) if cosine else nn.Linear(channels[2], classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.conv1(self.normalise(images))
        x = F.relu(self.bn1(self.block3(self.block2(self.block1(x)))))
        logits: Tensor = self.fc(x.mean(dim=(2, 3)))
        return logits
