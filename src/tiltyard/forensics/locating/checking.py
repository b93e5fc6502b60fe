"""How well the network does on blocks that are kept aside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tiltyard.forensics.locating.batches import Pool
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.scoring.detection import ranked

MOST = 60_000
"""Blocks of each set that are looked at: spread over it evenly."""
FEW = 0.01
"""Of the other blocks, that may be held for forged."""


@dataclass(frozen=True)
class Checked:
    """Mean over sets."""

    auc: float
    """Forged blocks against others."""
    found: float
    """The share of forged blocks above the logit that FEW of the others reach."""


def checked(network: Locator, pools: Sequence[Pool], device: str) -> Checked:
    """Each set counts alike."""
    found = [_of_pool(network, pool, device) for pool in pools]
    return Checked(*(float(np.mean(values)) for values in zip(*found, strict=True)))


@torch.inference_mode()
def _of_pool(network: Locator, pool: Pool, device: str) -> tuple[float, float]:
    batch = pool.batch(np.linspace(0, len(pool) - 1, min(MOST, len(pool))).astype(np.intp))
    logits = network(batch.told.to(device)).cpu().double().numpy()
    forged = batch.forged.numpy() > 0
    limit = np.quantile(logits[~forged], 1 - FEW)
    return ranked(logits, forged).auc(), float((logits[forged] > limit).mean())
