"""How well the network does on crops that are kept aside: pixel F1 where something is forged, and AUC by crop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from tiltyard.forensics.locating.batches import Pool, batch_of
from tiltyard.forensics.locating.network import MASK_STRIDE, Locator
from tiltyard.forensics.scoring.detection import ranked

MOST = 240
"""Crops of each set that are looked at: spread over it evenly."""
BATCH = 8


@dataclass(frozen=True)
class Checked:
    """Mean over sets."""

    f1: float
    """Mean pixel F1 of forged crops, at a chance of one half."""
    auc_mask: float
    """Of the highest chance in the mask, forged crops against authentic ones."""
    auc_whole: float
    """Of the word on the whole crop."""


def checked(network: Locator, pools: Sequence[Pool], device: str) -> Checked:
    """Each set counts alike."""
    found = [_of_pool(network, pool, device) for pool in pools]
    return Checked(*(float(np.mean(values)) for values in zip(*found, strict=True)))


@torch.inference_mode()
def _of_pool(network: Locator, pool: Pool, device: str) -> tuple[float, float, float]:
    f1s, by_mask, by_whole, truth = [], [], [], []
    for numbers in _numbers(pool):
        batch = batch_of([pool[number] for number in numbers])
        answer = network(batch.pixels.to(device), batch.planes.to(device))
        small = F.avg_pool2d(batch.masks[:, None], MASK_STRIDE)[:, 0] >= 0.5
        marked = answer.mask.cpu() > 0
        both, either = (marked & small).sum((1, 2)), marked.sum((1, 2)) + small.sum((1, 2))
        forged = batch.masks.amax((1, 2)) > 0
        f1s.append((2 * both / either.clamp_min(1))[forged])
        by_mask.append(answer.mask.cpu().flatten(1).amax(1))
        by_whole.append(answer.forged.cpu())
        truth.append(forged)
    labels = torch.cat(truth).numpy()
    return (
        float(torch.cat(f1s).mean()),
        ranked(torch.cat(by_mask).double().numpy(), labels).auc(),
        ranked(torch.cat(by_whole).double().numpy(), labels).auc(),
    )


def _numbers(pool: Pool) -> Iterator[list[int]]:
    every = np.linspace(0, len(pool) - 1, min(MOST, len(pool))).astype(int)
    for start in range(0, len(every), BATCH):
        yield [int(number) for number in every[start : start + BATCH]]
