"""The networks of published defences, built so that their authors' weights fit."""

from collections.abc import Callable
from functools import partial

from torch import nn

from tiltyard.defences.architectures.digits import (
    digits_bit_depth,
    digits_cnn,
    digits_kwta,
    digits_random_noise,
    digits_random_resize,
)
from tiltyard.defences.architectures.kwta import k_winners
from tiltyard.defences.architectures.madry_wideresnet import MadryWideResNet
from tiltyard.defences.architectures.mmc_resnet import MMCResNet
from tiltyard.defences.architectures.normalise import CIFAR10, SYMMETRIC
from tiltyard.defences.architectures.preact_resnet import PreActResNet
from tiltyard.defences.architectures.resnet50 import ResNet
from tiltyard.defences.architectures.small_resnet import SmallResNet, small_resnet_random_resize
from tiltyard.defences.architectures.wideresnet import WideResNet
from tiltyard.errors import ReferenceFailed

__all__ = ["ARCHITECTURES", "build"]

_wrn28 = partial(WideResNet, depth=28, width=10)
_wrn34 = partial(WideResNet, depth=34, width=10)

ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    "digits-cnn": digits_cnn,
    "digits-cnn/bit-depth": digits_bit_depth,
    "digits-cnn/kwta": digits_kwta,
    "digits-cnn/random-noise": digits_random_noise,
    "digits-cnn/random-resize": digits_random_resize,
    "small-resnet": SmallResNet,
    "small-resnet/random-resize": small_resnet_random_resize,
    "small-resnet/kwta": partial(SmallResNet, activation=k_winners),
    "madry-wideresnet-32-10": MadryWideResNet,
    "wideresnet-28-10/awp": _wrn28,
    "wideresnet-28-10/feature-scatter": partial(_wrn28, statistics=SYMMETRIC),
    "wideresnet-28-10/hydra": partial(_wrn28, unused_stage=True),
    "wideresnet-28-10/pre-training": partial(_wrn28, statistics=SYMMETRIC),
    "wideresnet-28-10/rst": partial(_wrn28, unused_stage=True),
    "wideresnet-34-10/at-he": partial(_wrn34, statistics=CIFAR10, unused_stage=True, cosine=True),
    "wideresnet-34-10/label-smoothing": partial(_wrn34, statistics=CIFAR10, unused_stage=True),
    "wideresnet-34-10/robust-overfitting": partial(_wrn34, statistics=CIFAR10),
    "wideresnet-34-10/trades": partial(_wrn34, unused_stage=True),
    "preact-resnet-18/fast-at": PreActResNet,
    "resnet-v2-47/mmc": MMCResNet,
    "resnet-50/imagenet": ResNet,
}


def build(name: str) -> nn.Module:
    """The named network with random weights, in evaluation mode, normalisation inside.

    It takes images `(n, 3, h, w)` float32, in [0, 255] for `madry-wideresnet-32-10` and in [0, 1] for all others, and
    returns logits `(n, classes)`. Raises `ReferenceFailed` for a name that is not in `ARCHITECTURES`.
    """
    if name not in ARCHITECTURES:
        raise ReferenceFailed(f"unknown architecture {name!r}; known are {', '.join(sorted(ARCHITECTURES))}")
    return ARCHITECTURES[name]().eval()
