"""The small residual network of the CIFAR-10 pool."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.defences.architectures.inputs import BehindTransform, RandomResizePad
from tiltyard.defences.architectures.normalise import CIFAR10, normaliser


class SmallBlock(nn.Module):
    """Two 3×3 convolutions with batch norm; the shortcut is a 1×1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.activation = activation
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out = self.activation(self.bn1(self.conv1(x)))
        return self.activation(self.bn2(self.conv2(out)) + self.shortcut(x))


class SmallResNet(nn.Module):
    """`(n, 3, 32, 32)` float32 in [0, 1] to logits `(n, classes)`; 412 000 parameters, 13 million multiplications.

    The first convolution halves the sides already: an image costs a CPU about a millisecond forwards and backwards.
    """

    def __init__(
        self,
        *,
        widths: Sequence[int] = (32, 64, 160),
        activation: Callable[[Tensor], Tensor] = F.silu,
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.normalise = normaliser(CIFAR10)
        self.conv1 = nn.Conv2d(3, widths[0], 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        inputs = (widths[0], *widths)
        self.stages = nn.Sequential(
            *(SmallBlock(inputs[i], width, 2 if i else 1, activation) for i, width in enumerate(widths))
        )
        self.linear = nn.Linear(widths[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        x = self.normalise(images).contiguous(memory_format=torch.channels_last)
        x = self.stages(self.activation(self.bn1(self.conv1(x))))
        logits: Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


def small_resnet_random_resize() -> nn.Module:
    """The same behind a random resizing to sides of 26 to 32 and padding back to 32."""
    return BehindTransform(RandomResizePad(26), SmallResNet(), randomised=True)
