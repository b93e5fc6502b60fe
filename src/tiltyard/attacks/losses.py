"""What an untargeted attack increases and a targeted one decreases; each returns one value an image."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from tiltyard.attacks.norms import TINY

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """−log softmax at the label (n,)."""
    return F.cross_entropy(logits, labels, reduction="none")


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Best other logit minus the label's (n,): positive where the label is not predicted (Carlini and Wagner 2017)."""
    mine = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], float("-inf"))
    return others.amax(1) - mine


def dlr(logits: Tensor, labels: Tensor) -> Tensor:
    """Difference of logits ratio (n,): the margin over the gap between first and third logit (2003.01690).

    Shifting or scaling the logits changes nothing. Two classes have no third logit: the plain margin stands for it.
    """
    if logits.shape[1] < 3:
        return margin(logits, labels)
    top = logits.topk(3, dim=1).values
    return margin(logits, labels) / (top[:, 0] - top[:, 2] + TINY)


def dlr_targeted(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """Logit of the class `aims` (n,) minus the label's, over the first logit minus the mean of third and fourth.

    The targeted loss of 2003.01690. It needs four classes; with fewer it is the plain difference, since a ratio would
    have no gradient where the aim is the lowest.
    """
    return logit_gap(logits, labels, aims) / _spread(logits)


def dlr_to_target(logits: Tensor, labels: Tensor) -> Tensor:
    """The same where the labels are targets: best other logit minus the target's; a targeted attack decreases it."""
    return margin(logits, labels) / _spread(logits)


def logit_gap(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """Logit of the class `aims` (n,) minus the label's (n,)."""
    return (logits.gather(1, aims[:, None]) - logits.gather(1, labels[:, None]))[:, 0]


def highest_others(logits: Tensor, labels: Tensor, count: int) -> Tensor:
    """The classes with the highest logits, the label's left out: (n, count), fewer where there are fewer classes."""
    others = logits.scatter(1, labels[:, None], float("-inf"))
    return others.topk(min(count, logits.shape[1] - 1), dim=1).indices


def _spread(logits: Tensor) -> Tensor:
    if logits.shape[1] < 4:
        return torch.ones_like(logits[:, 0])
    top = logits.topk(4, dim=1).values
    return top[:, 0] - top[:, 2:].mean(1) + TINY


LOSSES: dict[str, Loss] = {"ce": cross_entropy, "margin": margin, "dlr": dlr}
