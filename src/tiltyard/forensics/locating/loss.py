"""What the network is punished for: missed and invented pixels, blurred edges, and a wrong word on the whole crop."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tiltyard.forensics.locating.network import MASK_STRIDE, Answer

FORGED_PIXELS = 3.0
"""Forged pixels are few."""
DICE, EDGE, WHOLE = 0.6, 0.25, 0.2
EDGE_WIDTH = 3
"""In pixels of the mask that the network gives."""


def loss_of(answer: Answer, masks: Tensor) -> Tensor:
    """For (n, h, w) masks of 0 and 1."""
    small = F.avg_pool2d(masks[:, None], MASK_STRIDE)[:, 0]
    forged = masks.amax((1, 2))
    pixels = F.binary_cross_entropy_with_logits(answer.mask, small, pos_weight=masks.new_tensor(FORGED_PIXELS))
    edges = F.binary_cross_entropy_with_logits(answer.edge, _edge(small), pos_weight=masks.new_tensor(FORGED_PIXELS))
    whole = F.binary_cross_entropy_with_logits(answer.forged, forged)
    return pixels + DICE * _dice(answer.mask, small, forged) + EDGE * edges + WHOLE * whole


def _dice(logits: Tensor, masks: Tensor, forged: Tensor) -> Tensor:
    """One less the soft F1 of each crop that shows a forgery."""
    chance = torch.sigmoid(logits)
    both, either = (chance * masks).sum((1, 2)), (chance + masks).sum((1, 2))
    missed = 1 - (2 * both + 1) / (either + 1)
    return (missed * forged).sum() / forged.sum().clamp_min(1)


def _edge(masks: Tensor) -> Tensor:
    """1 within a pixel of where forged and authentic meet."""
    around = masks[:, None]
    reach = EDGE_WIDTH // 2
    outer = F.max_pool2d(around, EDGE_WIDTH, 1, reach)
    inner = -F.max_pool2d(-around, EDGE_WIDTH, 1, reach)
    return (outer - inner)[:, 0].clamp(0, 1)
