"""Random perturbations of the square attack: where it starts and what it tries next (arXiv 1912.00049)."""

from dataclasses import dataclass
from functools import cache
from math import sqrt

import torch
from torch import Tensor

from tiltyard.attacks.norms import TINY, lengths
from tiltyard.attacks.rows import Rows
from tiltyard.contest.threat import Threat


@dataclass
class Patches(Rows):
    """The best point found for each image, and its loss (n,)."""

    centres: Tensor
    best: Tensor
    loss: Tensor


def start_patches(
    index: Tensor, centres: Tensor, threat: Threat, bounds: tuple[float, float], generator: torch.Generator
) -> Patches:
    """Vertical stripes for L∞, a mosaic of bumps for L2; nothing is known of the loss yet."""
    none_yet = torch.full((len(index),), float("-inf"), device=centres.device)
    if threat.norm == "l2":
        best = _on_sphere(centres, _mosaic(centres, generator), threat.eps, bounds)
    else:
        count, channels, _, width = centres.shape
        stripes = _signs((count, channels, 1, width), generator, centres.device)
        best = (centres + threat.eps * stripes).clamp(*bounds)
    return Patches(index, centres, best, none_yet)


def propose(
    patches: Patches, share: float, threat: Threat, bounds: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """The next points to try: in each image a square of about that share of it is changed."""
    if threat.norm == "l2":
        return _move_bump(patches, share, threat.eps, bounds, generator)
    return _repaint(patches, share, threat.eps, bounds, generator)


def _repaint(
    patches: Patches, share: float, eps: float, bounds: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Each channel of a random square goes to one end of the cube."""
    count, channels, height, width = patches.best.shape
    side = min(max(round(sqrt(share * height * width)), 1), height, width)
    cells = _windows(count, channels, height, width, side, generator).to(patches.best.device)
    ends = patches.centres.flatten(2).gather(2, cells) + eps * _signs((count, channels, 1), generator, cells.device)
    return patches.best.flatten(2).scatter(2, cells, ends.clamp_(*bounds)).view_as(patches.best)


def _move_bump(
    patches: Patches, share: float, eps: float, bounds: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """The length in two random windows, and what is left of eps, goes into a bump in the first of them."""
    count, channels, height, width = patches.best.shape
    side = _odd(max(round(sqrt(share * height * width)), 3), min(height, width))
    device = patches.best.device
    here, there = (_windows(count, channels, height, width, side, generator).to(device) for _ in range(2))
    delta = (patches.best - patches.centres).flatten(2)
    inside = delta.gather(2, here)
    rest = delta.scatter(2, there, 0.0).scatter_(2, here, 0.0)
    energy = delta.square().sum(2, keepdim=True)
    freed = (energy - rest.square().sum(2, keepdim=True)).clamp_min_(0)
    spare = (eps**2 - energy.sum(1, keepdim=True)).clamp_min_(0) / channels
    bump = _bumps(side, count, generator).to(device) * _signs((count, channels, 1), generator, device)
    bump = bump + inside / _length(inside)
    bump = bump / _length(bump) * (spare + freed).sqrt_()
    return _on_sphere(patches.centres, rest.scatter_(2, here, bump).view_as(patches.best), eps, bounds)


def _on_sphere(centres: Tensor, delta: Tensor, eps: float, bounds: tuple[float, float]) -> Tensor:
    return (centres + delta * (eps / lengths(delta))).clamp_(*bounds)


def _length(window: Tensor) -> Tensor:
    """Of each channel (n, c, 1)."""
    length: Tensor = torch.linalg.vector_norm(window, dim=2, keepdim=True)
    return length.clamp_min(TINY)


def _windows(count: int, channels: int, height: int, width: int, side: int, generator: torch.Generator) -> Tensor:
    """Flat places (n, c, side²) of one random square in each image."""
    top = torch.randint(0, height - side + 1, (count, 1), generator=generator)
    left = torch.randint(0, width - side + 1, (count, 1), generator=generator)
    cells = top * width + left + _corner_window(side, width)
    return cells[:, None].expand(-1, channels, -1)


@cache
def _corner_window(side: int, width: int) -> Tensor:
    steps = torch.arange(side)
    return (steps[:, None] * width + steps).flatten()


def _signs(shape: tuple[int, ...], generator: torch.Generator, device: torch.device) -> Tensor:
    return (torch.randint(0, 2, shape, generator=generator) * 2.0 - 1.0).to(device)


def _odd(side: int, most: int) -> int:
    """The side made odd, upwards if that fits."""
    return min(side | 1, most if most % 2 else most - 1)


def _bumps(side: int, count: int, generator: torch.Generator) -> Tensor:
    """The bump (n, 1, side²), upright or lying at random."""
    lying = torch.randint(0, 2, (count,), generator=generator)
    bump = _bump(side)
    return torch.stack([bump, bump.T]).flatten(1)[lying][:, None]


@cache
def _bump(side: int) -> Tensor:
    """One hill above, one hollow below, of length one."""
    half = side // 2
    bump = torch.cat([_hill(half, side), -_hill(side - half, side)])
    length: Tensor = torch.linalg.vector_norm(bump)
    return bump / length


def _hill(height: int, width: int) -> Tensor:
    """Rectangles around the middle pile up, the k-th as high as 1 / k²; of length one."""
    rows, columns = (torch.arange(size) - size // 2 for size in (height, width))
    ring = torch.maximum(rows.abs()[:, None], columns.abs())
    heights = 1 / torch.arange(1.0, max(height, width) // 2 + 2) ** 2
    piled = heights.flip(0).cumsum(0).flip(0)
    hill = piled[ring]
    return hill / torch.linalg.vector_norm(hill) if height else hill


def _mosaic(centres: Tensor, generator: torch.Generator) -> Tensor:
    """Five by five bumps (as many as fit, where the image is small), each with its own sign in each channel."""
    count, channels, height, width = centres.shape
    side = max(min(height, width) // 5, 1)
    mosaic = torch.zeros_like(centres)
    for row in range(height // side):
        for column in range(width // side):
            top, left = (height % side) // 2 + row * side, (width % side) // 2 + column * side
            signs = _signs((count, channels, 1), generator, centres.device)
            bump = _bumps(side, count, generator).to(centres.device) * signs
            mosaic[:, :, top : top + side, left : left + side] = bump.view(count, channels, side, side)
    return mosaic
