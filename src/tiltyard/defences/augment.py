"""Augmentation of training images: a random crop after padding, a random mirror image."""

import torch
import torch.nn.functional as F
from torch import Tensor


def crop_and_flip(images: Tensor, generator: torch.Generator, *, margin: int = 4) -> Tensor:
    """Each image (n, c, h, w) shifted by up to `margin` pixels, zeros where it ends, and mirrored half of the time."""
    n, _, height, width = images.shape
    top, left = torch.randint(0, 2 * margin + 1, (2, n), generator=generator)
    mirrored = torch.rand(n, generator=generator) < 0.5
    rows = top[:, None] + torch.arange(height)
    columns = torch.arange(width).expand(n, width)
    columns = left[:, None] + torch.where(mirrored[:, None], width - 1 - columns, columns)
    padded = F.pad(images, (margin,) * 4)
    return (
        padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
        .permute(0, 3, 1, 2)
        .contiguous()
    )
