"""The Keras ResNet-v2 with Max-Mahalanobis centres (MMC, arXiv 1905.10626)."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-3
CENTRE_NORM = 10.0
NORM_NAMES = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
WEIGHT_NAMES = {"kernel": "weight", "bias": "bias"}


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions with biases, each behind batch norm; the network's first has none before it."""

    def __init__(self, inputs: int, middle: int, outputs: int, *, stride: int, project: bool, activate: bool) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs, eps=EPSILON) if activate else None
        self.conv1 = nn.Conv2d(inputs, middle, 1, stride)
        self.bn2 = nn.BatchNorm2d(middle, eps=EPSILON)
        self.conv2 = nn.Conv2d(middle, middle, 3, 1, 1)
        self.bn3 = nn.BatchNorm2d(middle, eps=EPSILON)
        self.conv3 = nn.Conv2d(middle, outputs, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if project else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(x if self.bn1 is None else F.relu(self.bn1(x)))
        out = self.conv2(F.relu(self.bn2(out)))
        total: Tensor = self.conv3(F.relu(self.bn3(out)))
        return total + (x if self.shortcut is None else self.shortcut(x))


class MMCResNet(nn.Module):
    """`(n, 3, size, size)` float32 in [0, 1] to logits `(n, classes)`: minus the squared distance to each centre.

    Depth is 9 `blocks` + 2. The mean training image is a buffer: the authors keep it in a file of its own.
    """

    mean: Tensor
    centres: Tensor

    def __init__(
        self, *, width: int = 16, blocks: int = 5, features: int = 256, classes: int = 10, size: int = 32
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3, size, size))
        self.register_buffer("centres", CENTRE_NORM * simplex(classes, features), persistent=False)
        self.conv = nn.Conv2d(3, width, 3, 1, 1)
        self.bn1 = nn.BatchNorm2d(width, eps=EPSILON)
        self.blocks = nn.Sequential(*_blocks(width, blocks))
        self.bn2 = nn.BatchNorm2d(16 * width, eps=EPSILON)
        self.dense = nn.Linear(16 * width, features)

    def features(self, images: Tensor) -> Tensor:
        """The `(n, features)` that are compared with the centres."""
        x = F.relu(self.bn1(self.conv(images - self.mean)))
        x = F.relu(self.bn2(self.blocks(x))).mean(dim=(2, 3))
        found: Tensor = self.dense(x)
        return found

    def forward(self, images: Tensor) -> Tensor:
        return -(self.features(images)[:, None] - self.centres).square().sum(dim=2)

    def published_names(self) -> dict[str, str]:
        """For `layer kind.place.weight` of the Keras file, the parameter or buffer that holds it here.

        Places count the layers of one kind in the order of their creation, which is the order of the modules here.
        """
        names = {"mean": "mean"}
        kinds = (("conv2d", nn.Conv2d), ("batch_normalization", nn.BatchNorm2d), ("dense", nn.Linear))
        for kind, module_type in kinds:
            members = (name for name, module in self.named_modules() if isinstance(module, module_type))
            parts = NORM_NAMES if kind == "batch_normalization" else WEIGHT_NAMES
            for place, member in enumerate(members):
                names |= {f"{kind}.{place}.{theirs}": f"{member}.{ours}" for theirs, ours in parts.items()}
        return names


def _blocks(width: int, blocks: int) -> Iterator[Bottleneck]:
    inputs, middle = width, width
    for stage in range(3):
        outputs = 4 * middle if stage == 0 else 2 * middle
        for place in range(blocks):
            first = place == 0
            stride = 2 if first and stage > 0 else 1
            activate = not (first and stage == 0)
            yield Bottleneck(inputs, middle, outputs, stride=stride, project=first, activate=activate)
            inputs = outputs
        middle = outputs


def simplex(classes: int, features: int) -> Tensor:
    """The `(classes, features)` corners of a regular simplex on the unit sphere, lower triangular.

    Every two corners have the inner product -1 / (classes - 1): the centres of Pang et al. (arXiv 1802.09308).
    """
    if not 2 <= classes <= features:
        raise ValueError(f"{classes} centres need 2 classes or more and as many features")
    corners = torch.zeros(classes, features, dtype=torch.float64)
    for place in range(classes - 1):
        left = classes - 1 - place
        height = math.sqrt(left * classes / ((left + 1) * (classes - 1)))
        corners[place, place] = height
        corners[place + 1 :, place] = -height / left
    return corners.float()
