"""What an attack knows of each image, one row an image, and the rows of those that are still attacked."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass
class Rows:
    """Base of an attack's state: every field is a tensor (n, ...) or None."""

    index: Tensor
    """Which images of the books these are; on the CPU."""

    def drop_broken(self, success: Tensor) -> Tensor | None:
        """Forgets the images that `success` (all images,) names; the places of the rest, None where all are left."""
        resists = ~success[self.index]
        if resists.all():
            return None
        kept = places(resists)
        for field in fields(self):
            rows: Tensor | None = getattr(self, field.name)
            if rows is not None:
                setattr(self, field.name, rows.index_select(0, kept.to(rows.device)))
        return kept


def places(flags: Tensor) -> Tensor:
    """Where flags (n,) are True."""
    return flags.nonzero()[:, 0]


def overwrite(rows: Tensor, flags: Tensor, others: Tensor) -> None:
    """Rows of `others` take the place of those that are flagged, in place; faster than `torch.where`."""
    chosen = places(flags)
    rows.index_copy_(0, chosen, others.index_select(0, chosen))


def spread(values: Tensor, like: Tensor) -> Tensor:
    """One value an image (n,), shaped to broadcast over (n, ...)."""
    return values.view(-1, *[1] * (like.dim() - 1))


def none_of(points: Tensor) -> Tensor:
    """False for every image (n,)."""
    return torch.zeros(len(points), dtype=torch.bool, device=points.device)
