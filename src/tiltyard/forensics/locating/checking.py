"""How well the network does on pages that are kept aside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tiltyard.forensics.locating.batches import Pool, batch_of
from tiltyard.forensics.locating.losses import suspicion, truth_of
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.pages import Page
from tiltyard.forensics.locating.spread import spread
from tiltyard.forensics.scoring.detection import Ranked, ranked

MOST = 100
"""Pages of each set that are looked at: spread over it evenly."""
FEW = 2
"""Per cent of authentic pages that may be held for forged."""


@dataclass(frozen=True)
class Checked:
    """Mean over sets."""

    auc: float
    """Forged blocks against others."""
    pages: float
    """The same of pages, by their highest blocks."""
    found: float
    """The share of forged pages above what FEW per cent of the authentic reach."""


@dataclass(frozen=True)
class _Answer:
    """Logits of a page's forged and other blocks, and of the page."""

    forged: NDArray[np.float32]
    others: NDArray[np.float32]
    page: float


def checked(network: Locator, pools: Sequence[Pool], device: str) -> Checked:
    """Each set counts alike."""
    by_set = [_checked([_answered(network, page, device) for page in _spread(pool)]) for pool in pools]
    return Checked(*(float(np.mean(values)) for values in zip(*by_set, strict=True)))


def _spread(pool: Pool) -> list[Page]:
    return [pool.page(number) for number in spread(pool.forged, MOST)]


@torch.inference_mode()
def _answered(network: Locator, page: Page, device: str) -> _Answer:
    batch = batch_of([page]).to(device)
    logits = batch.answers(network)
    forged, others = (logits[where > 0].cpu().numpy() for where in truth_of(batch))
    return _Answer(forged, others, float(suspicion(logits, batch.seen)))


def _checked(answers: Sequence[_Answer]) -> tuple[float, float, float]:
    pages = ranked(np.array([one.page for one in answers]), np.array([len(one.forged) > 0 for one in answers]))
    return _blocks(answers).auc(), pages.auc(), float(pages.recalls((100 - FEW,))[0])


def _blocks(answers: Sequence[_Answer]) -> Ranked:
    return Ranked(*(np.sort(np.concatenate(some).astype(np.float64)) for some in (
        [one.others for one in answers], [one.forged for one in answers]
    )))  # fmt: skip
