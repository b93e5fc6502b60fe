"""The network that locates: from what is odd at every block of a page to how surely each block is forged.

All that needs pixels is measured before (`planes.py`), against the whole page. What is left to learn is which oddities
belong together, how far a forged word reaches, and what is odd on many an honest page: a stamp, a logo, a portrait. So
the network looks at blocks in four sizes (U-Net, Ronneberger et al., 2015) and at the page as a whole.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.forensics.locating.planes import PLANES

WEIGHED = 64
"""Answers for a block by itself."""
WIDTHS = (32, 48, 64, 64)
"""Channels for blocks, and for squares of two, four and eight blocks a side."""
GROUPS = 4
LEFT_OUT = 0.1
"""Of the first layer's answers, whole channels at once, while training (dropout)."""
RARE = -3.0
"""The logit with which training begins: few blocks are forged."""


class Locator(nn.Module):
    """(n, PLANES, rows, columns) of pages to (n, rows, columns) logits. About 0.44 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.alone = nn.Sequential(
            nn.Conv2d(PLANES, WEIGHED, 1),
            nn.ReLU(),
            nn.Dropout2d(LEFT_OUT),
            nn.Conv2d(WEIGHED, WIDTHS[0], 1),
            nn.ReLU(),
        )
        self.wider = nn.ModuleList(_Residual(a, b) for a, b in zip((WIDTHS[0], *WIDTHS), WIDTHS, strict=False))
        self.page = nn.Linear(WIDTHS[-1], WIDTHS[-1])
        self.closer = nn.ModuleList(_Residual(a + b, b) for a, b in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.forged = nn.Conv2d(WIDTHS[0], 1, 1)
        nn.init.constant_(self.forged.bias, RARE)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> Tensor:
        rows, columns = planes.shape[2:]
        whole = 2 ** (len(WIDTHS) - 1)
        seen = self.alone(F.pad(planes, (0, -columns % whole, 0, -rows % whole), mode="replicate"))
        sizes = list[Tensor]()
        for wider in self.wider:
            seen = wider(F.avg_pool2d(seen, 2) if sizes else seen)
            sizes.append(seen)
        seen = seen + F.relu(self.page(seen.mean((2, 3))))[:, :, None, None]
        for closer, own in zip(self.closer, sizes[-2::-1], strict=True):
            seen = closer(torch.cat([F.interpolate(seen, scale_factor=2.0, mode="nearest"), own], 1))
        logits: Tensor = self.forged(seen)
        return logits[:, 0, :rows, :columns]


class _Residual(nn.Module):
    """Two convolutions beside a direct way (He et al., 2016)."""

    def __init__(self, given: int, returned: int) -> None:
        super().__init__()
        self.first, self.even = nn.Conv2d(given, returned, 3, padding=1), nn.GroupNorm(GROUPS, returned)
        self.second, self.level = nn.Conv2d(returned, returned, 3, padding=1), nn.GroupNorm(GROUPS, returned)
        self.direct = nn.Identity() if given == returned else nn.Conv2d(given, returned, 1)

    def forward(self, seen: Tensor) -> Tensor:
        added = self.level(self.second(F.relu(self.even(self.first(seen)))))
        return F.relu(self.direct(seen) + added)
