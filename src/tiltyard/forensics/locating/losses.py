"""What training makes small: blocks told wrongly, regions missed, honest pages under suspicion."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tiltyard.forensics.locating.batches import Batch

FORGED, OTHERS, REGIONS, PAGES = 0.05, 2.85, 0.3, 0.3
"""How much forged blocks count, all other blocks, the overlap of regions, and whether a page is forged."""
FORGED_FROM, OTHER_UP_TO = 0.5, 0.05
"""Shares of a block; what lies between teaches nothing."""
HIGHEST = 6
"""Blocks of a page, averaged with their neighbours, by whose mean the page is told."""
NEVER = -30.0


def loss_of(logits: Tensor, batch: Batch) -> Tensor:
    """Of (n, rows, columns) logits of a batch; every page counts alike, however large what is forged on it."""
    forged, others = truth_of(batch)
    has = (forged.sum((1, 2)) > 0).float()
    blocks = F.binary_cross_entropy_with_logits(logits, forged, reduction="none")
    return (
        FORGED * _over(_mean(blocks, forged), has)
        + OTHERS * _mean(blocks, others).mean()
        + REGIONS * _over(_apart(torch.sigmoid(logits), forged, others), has)
        + PAGES * _over(_told_wrongly(suspicion(logits, batch.seen), has), _is_clear(batch, has))
    )


def truth_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """1 for blocks that are forged, and for those that are certainly not."""
    return (batch.shares > FORGED_FROM).float() * batch.seen, (batch.shares < OTHER_UP_TO).float() * batch.seen


def suspicion(logits: Tensor, seen: Tensor) -> Tensor:
    """(n) logits of pages: the mean of their HIGHEST, each averaged with its neighbours."""
    around = F.avg_pool2d(logits[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    steady = around.masked_fill(seen < 1, NEVER).flatten(1)
    return steady.topk(min(HIGHEST, steady.shape[1]), 1).values.mean(1)


def _told_wrongly(pages: Tensor, forged: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(pages, forged, reduction="none")


def _is_clear(batch: Batch, has: Tensor) -> Tensor:
    """1 for pages with a forged block, and for those without as much as a part of one."""
    return torch.maximum(has, (batch.shares.amax((1, 2)) < OTHER_UP_TO).float())


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1)


def _over(values: Tensor, pages: Tensor) -> Tensor:
    return (values * pages).sum() / pages.sum().clamp(min=1)


def _apart(held: Tensor, forged: Tensor, others: Tensor) -> Tensor:
    """1 less the overlap (Dice) of what is held for forged and what is."""
    both = (held * forged).sum((1, 2))
    return 1 - (2 * both + 1) / ((held * (forged + others)).sum((1, 2)) + forged.sum((1, 2)) + 1)
