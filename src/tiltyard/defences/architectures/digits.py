"""The small network of the digits pool, and what stands before or inside it in some of its defences."""

from collections.abc import Callable

from torch import Tensor, nn

from tiltyard.defences.architectures.inputs import BehindTransform, BitDepth, RandomNoise, RandomResizePad
from tiltyard.defences.architectures.kwta import k_winners


class KWinners(nn.Module):
    """`k_winners` as a layer."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        return k_winners(x, share=self.share)


def digits_cnn(width: int = 16, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Module:
    """Images (n, 1, 8, 8) in [0, 1] to ten logits; 21 000 parameters at the default width."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        activation(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        activation(),
        nn.Flatten(),
        nn.Linear(2 * width * 16, 32),
        activation(),
        nn.Linear(32, 10),
    )


def digits_kwta() -> nn.Module:
    """The same with the largest fifth of each layer's values in place of ReLU."""
    return digits_cnn(activation=lambda: KWinners(0.2))


def digits_bit_depth() -> nn.Module:
    """The same behind a reduction to four grey levels."""
    return BehindTransform(BitDepth(2), digits_cnn())


def digits_random_noise() -> nn.Module:
    """The same behind Gaussian noise of deviation 0.2."""
    return BehindTransform(RandomNoise(0.2), digits_cnn(), randomised=True)


def digits_random_resize() -> nn.Module:
    """The same behind a random resizing to sides of 6 to 8 and padding back to 8."""
    return BehindTransform(RandomResizePad(6), digits_cnn(), randomised=True)
