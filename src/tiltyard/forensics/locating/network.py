"""The network that locates: from what is odd at a block and around it to how surely the block is forged.

All that needs pixels is measured before (`planes.py`), against the whole picture; what is left to learn is which
oddities belong together. A picture of a million pixels has sixteen thousand blocks, so it is small and quick.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.forensics.locating.cells import TOLD

WIDTHS = (96, 64)
LEFT_OUT = 0.2
"""Of the first layer's answers, while training (dropout)."""


class Locator(nn.Module):
    """(n, TOLD) of n blocks to (n) logits. About 21 thousand parameters."""

    def __init__(self) -> None:
        super().__init__()
        first, second = WIDTHS
        self.even = nn.BatchNorm1d(TOLD)
        self.first, self.second, self.forged = nn.Linear(TOLD, first), nn.Linear(first, second), nn.Linear(second, 1)
        self.dropped = nn.Dropout(LEFT_OUT)

    def forward(self, told: Tensor) -> Tensor:
        seen = self.dropped(F.relu(self.first(self.even(told))))
        logits: Tensor = self.forged(F.relu(self.second(seen)))
        return logits[:, 0]
