"""What the locator is built of: stored values read, neighbours weighed, every place compared with the whole page."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.forensics.locating.stored import CAP, FREQUENCIES, NONE

GROUPS = 4
HEADS = 4
USUAL_STEP = 3.0
"""Logarithm to base 2: by it steps are brought to the size of the rest."""
COMPARED = 1024
"""Squares of a page with which each place is compared, at most: of two places a side, on a large page of more."""


class StoredValues(nn.Module):
    """(n, FREQUENCIES, rows, columns) sizes and (n, FREQUENCIES) steps to (n, returned, rows, columns)."""

    def __init__(self, inner: int, returned: int) -> None:
        super().__init__()
        self.sizes = nn.Conv2d(FREQUENCIES * CAP, inner, 1, bias=False)
        self.steps = nn.Linear(FREQUENCIES + 1, inner)
        self.even = nn.GroupNorm(GROUPS, inner)
        self.around = nn.Conv2d(inner, returned, 3, padding=1)

    def forward(self, sizes: Tensor, steps: Tensor) -> Tensor:
        has = (steps[:, :1] > NONE).to(steps.dtype)
        table = self.steps(torch.cat([steps * has / USUAL_STEP, has], 1))[:, :, None, None]
        return F.relu(self.around(F.relu(self.even(self._reached(sizes, table)))))

    def _reached(self, sizes: Tensor, table: Tensor) -> Tensor:
        """What follows from the sizes that reach 1, 2, … CAP; one after another, for all at once take much memory."""
        weights = torch.split(self.sizes.weight, FREQUENCIES, 1)
        for least, weight in enumerate(weights, 1):
            table = table + F.conv2d((sizes >= least).to(table.dtype), weight)
        return table


class Residual(nn.Module):
    """Two convolutions beside a direct way (He et al., 2016)."""

    def __init__(self, given: int, returned: int) -> None:
        super().__init__()
        self.first, self.even = nn.Conv2d(given, returned, 3, padding=1), nn.GroupNorm(GROUPS, returned)
        self.second, self.level = nn.Conv2d(returned, returned, 3, padding=1), nn.GroupNorm(GROUPS, returned)
        self.direct = nn.Identity() if given == returned else nn.Conv2d(given, returned, 1)

    def forward(self, seen: Tensor) -> Tensor:
        added = self.level(self.second(F.relu(self.even(self.first(seen)))))
        return F.relu(self.direct(seen) + added)


class Alike(nn.Module):
    """Every place looks at all squares of its page (Vaswani et al., 2017): what is odd is odd among its like."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.even = nn.GroupNorm(1, width)
        self.asks, self.offers = nn.Conv2d(width, width, 1), nn.Conv2d(width, 2 * width, 1)
        self.taken = nn.Conv2d(width, width, 1)
        self.weighed = nn.Sequential(
            nn.GroupNorm(1, width), nn.Conv2d(width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, width, 1)
        )

    def forward(self, seen: Tensor) -> Tensor:
        level = self.even(seen)
        keys, values = self.offers(_together(level)).chunk(2, 1)
        found = F.scaled_dot_product_attention(_by_head(self.asks(level)), _by_head(keys), _by_head(values))
        seen = seen + self.taken(found.transpose(2, 3).reshape(seen.shape))
        weighed: Tensor = seen + self.weighed(seen)
        return weighed


def _together(places: Tensor) -> Tensor:
    """Squares of two by two taken together, at least once, until there are few enough."""
    while True:
        places = F.avg_pool2d(places, 2, 2, ceil_mode=True, count_include_pad=False)
        if places.shape[2] * places.shape[3] <= COMPARED:
            return places


def _by_head(values: Tensor) -> Tensor:
    """(n, HEADS, places, width / HEADS)."""
    count, width = values.shape[:2]
    return values.reshape(count, HEADS, width // HEADS, -1).transpose(2, 3)
