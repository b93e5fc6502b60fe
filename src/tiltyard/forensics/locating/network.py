"""The network that locates: from what is odd at every block of a page to how surely each block is forged.

What needs pixels is measured before (`planes.py`), against the whole page; beside it stands what the file stores of
each block (`stored.py`). What is left to learn is which oddities belong together, how far a forged word reaches, and
what is odd on many an honest page: a stamp, a logo, a portrait. So the network looks at blocks in four sizes (U-Net,
Ronneberger et al., 2015), compares each place with all others of the page, and looks at the page as a whole.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.forensics.locating.network_parts import Alike, Residual, StoredValues
from tiltyard.forensics.locating.planes import PLANES

WEIGHED, READ = 64, 48
"""Answers for a block by itself: from its planes, and from what is stored of it."""
WIDTHS = (64, 96, 128, 128)
"""Channels for blocks, and for squares of two, four and eight blocks a side."""
COMPARED_AT = (1, 2)
"""The sizes at which places are compared with all others."""
LEFT_OUT = 0.1
"""Of the first layer's answers, whole channels at once, while training (dropout)."""
RARE = -3.0
"""The logit with which training begins: few blocks are forged."""


class Locator(nn.Module):
    """(n, PLANES, rows, columns), (n, FREQUENCIES, rows, columns) and (n, FREQUENCIES) of pages, see `View`, to
    (n, rows, columns) logits. About two million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.alone = nn.Sequential(
            nn.Conv2d(PLANES, WEIGHED, 1),
            nn.ReLU(),
            nn.Dropout2d(LEFT_OUT),
            nn.Conv2d(WEIGHED, WEIGHED, 1),
            nn.ReLU(),
        )
        self.stored = StoredValues(WEIGHED, READ)
        self.both = nn.Conv2d(WEIGHED + READ, WIDTHS[0], 1)
        self.wider = nn.ModuleList(Residual(a, b) for a, b in zip((WIDTHS[0], *WIDTHS), WIDTHS, strict=False))
        self.alike = nn.ModuleDict({str(size): Alike(WIDTHS[size]) for size in COMPARED_AT})
        self.page = nn.Linear(WIDTHS[-1], WIDTHS[-1])
        self.closer = nn.ModuleList(Residual(a + b, b) for a, b in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.forged = nn.Conv2d(WIDTHS[0], 1, 1)
        nn.init.constant_(self.forged.bias, RARE)  # type: ignore[arg-type]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, planes: Tensor, sizes: Tensor, steps: Tensor) -> Tensor:
        rows, columns = planes.shape[2:]
        planes, sizes = _whole(planes), _whole(sizes)
        seen = F.relu(self.both(torch.cat([self.alone(planes), self.stored(sizes, steps)], 1)))
        by_size = list[Tensor]()
        for size, wider in enumerate(self.wider):
            seen = wider(F.avg_pool2d(seen, 2) if size else seen)
            if size in COMPARED_AT:
                seen = self.alike[str(size)](seen)
            by_size.append(seen)
        seen = seen + F.relu(self.page(seen.mean((2, 3))))[:, :, None, None]
        for closer, own in zip(self.closer, by_size[-2::-1], strict=True):
            seen = closer(torch.cat([F.interpolate(seen, scale_factor=2.0, mode="nearest"), own], 1))
        logits: Tensor = self.forged(seen)
        return logits[:, 0, :rows, :columns]


def _whole(values: Tensor) -> Tensor:
    """Filled up to whole squares of the largest size, in the memory format that convolutions are fast in."""
    square = 2 ** (len(WIDTHS) - 1)
    rows, columns = values.shape[2:]
    filled = F.pad(values, (0, -columns % square, 0, -rows % square), mode="replicate")
    return filled.contiguous(memory_format=torch.channels_last)
