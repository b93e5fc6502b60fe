"""What an untargeted attack increases and a targeted one decreases; each returns one value an image."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """−log softmax at the label (n,)."""
    return F.cross_entropy(logits, labels, reduction="none")


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Best other logit minus the label's (n,): positive where the label is not predicted (Carlini and Wagner 2017)."""
    mine = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], float("-inf"))
    return others.amax(1) - mine


LOSSES: dict[str, Loss] = {"ce": cross_entropy, "margin": margin}
