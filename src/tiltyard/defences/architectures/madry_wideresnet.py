"""The w32-10 network of MadryLab's CIFAR-10 challenge, written for TensorFlow 1 (arXiv 1706.06083)."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.defences.architectures.normalise import StandardisePerImage

LEAK = 0.1
EPSILON = 1e-3


class ConvSame(nn.Conv2d):
    """A 3×3 convolution padded as TensorFlow's SAME: with stride 2, only at the right and the bottom."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, 3, stride, padding=1 if stride == 1 else 0, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if self.stride[0] == 1 else F.pad(x, (0, 1, 0, 1)))


class Unit(nn.Module):
    """Two convolutions behind batch norm and a leaky ReLU; new channels of the shortcut are zeros on both sides."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, shared: bool) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs, eps=EPSILON)
        self.conv1 = ConvSame(inputs, outputs, stride)
        self.bn2 = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.conv2 = ConvSame(outputs, outputs, 1)
        self.shared, self.stride, self.padding = shared, stride, (outputs - inputs) // 2

    def forward(self, x: Tensor) -> Tensor:
        active = F.leaky_relu(self.bn1(x), LEAK)
        shortcut = active if self.shared else x
        if self.padding:
            shortcut = F.avg_pool2d(shortcut, self.stride, self.stride)
            shortcut = F.pad(shortcut, (0, 0, 0, 0, self.padding, self.padding))
        out: Tensor = self.conv2(F.leaky_relu(self.bn2(self.conv1(active)), LEAK))
        return out + shortcut


class MadryWideResNet(nn.Module):
    """`(n, 3, h, w)` float32 in [0, 255], even sides, to logits `(n, classes)`.

    `filters` are the channels of the stem and of the three stages, `depth` the residual units a stage.
    """

    def __init__(self, *, filters: Sequence[int] = (16, 160, 320, 640), depth: int = 5, classes: int = 10) -> None:
        super().__init__()
        self.standardise = StandardisePerImage()
        self.stem = ConvSame(3, filters[0], 1)
        self.units = nn.ModuleDict()
        for stage, (inputs, outputs) in enumerate(pairwise(filters), start=1):
            self.units[f"unit_{stage}_0"] = Unit(inputs, outputs, 1 if stage == 1 else 2, shared=stage == 1)
            for place in range(1, depth):
                self.units[f"unit_{stage}_{place}"] = Unit(outputs, outputs, 1, shared=False)
        self.bn = nn.BatchNorm2d(filters[-1], eps=EPSILON)
        self.fc = nn.Linear(filters[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(self.standardise(images))
        for unit in self.units.values():
            x = unit(x)
        logits: Tensor = self.fc(F.leaky_relu(self.bn(x), LEAK).mean(dim=(2, 3)))
        return logits

    def published_names(self) -> dict[str, str]:
        """For every variable of the authors' graph, the parameter or buffer that holds it here."""
        names = {"input/init_conv/DW": "stem.weight", "logit/DW": "fc.weight", "logit/biases": "fc.bias"}
        names |= _batch_norm("unit_last", "bn")
        for unit in self.units:
            first = "shared_activation" if unit == "unit_1_0" else "residual_only_activation"
            names |= _batch_norm(f"{unit}/{first}", f"units.{unit}.bn1")
            names |= _batch_norm(f"{unit}/sub2", f"units.{unit}.bn2")
            names[f"{unit}/sub1/conv1/DW"] = f"units.{unit}.conv1.weight"
            names[f"{unit}/sub2/conv2/DW"] = f"units.{unit}.conv2.weight"
        return names


def _batch_norm(scope: str, module: str) -> dict[str, str]:
    return {
        f"{scope}/BatchNorm/gamma": f"{module}.weight",
        f"{scope}/BatchNorm/beta": f"{module}.bias",
        f"{scope}/BatchNorm/moving_mean": f"{module}.running_mean",
        f"{scope}/BatchNorm/moving_variance": f"{module}.running_var",
    }
