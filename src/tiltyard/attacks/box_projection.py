"""The smallest step onto a hyperplane that stays inside a box, for L∞ and L2."""

import torch
from torch import Tensor

TINY, HUGE = 1e-30, 1e30


def step_onto_plane(points: Tensor, normals: Tensor, gaps: Tensor, norm: str, bounds: tuple[float, float]) -> Tensor:
    """Steps δ (..., n, d) of least norm with normals·δ = gaps and points + δ in `bounds`.

    `points` (..., n, d) lie in `bounds`; `normals` are (n, d), `gaps` (..., n). Where the box does not reach the plane,
    δ goes as far towards it as the box allows.

    The best δ moves every value along its normal until it meets the box, all equally far for L∞, in proportion to the
    normal for L2. What that gains is concave and piecewise linear in the length, so Newton's method from below ends
    after finitely many rounds at the exact length, without the sorting of 1907.02044.
    """
    weights = normals.abs()
    direction = normals.sign() * gaps.sign()[..., None]
    middle, half = (bounds[1] + bounds[0]) / 2, (bounds[1] - bounds[0]) / 2
    room = (direction * half).add_(middle).sub_(points).abs_()
    speeds = weights if norm == "l2" else torch.ones_like(weights[:, :1])
    length = _length(weights, speeds, room, gaps.abs())
    return torch.minimum(length * speeds, room).mul_(direction)


def _length(weights: Tensor, speeds: Tensor, room: Tensor, wanted: Tensor) -> Tensor:
    """The length (..., n, 1) at which the sum of weights · min(length · speeds, room) is what is wanted.

    Each round but the last finds a value that has met the box, so there are no more rounds than values.
    """
    gain = weights * speeds
    slope = gain.sum(-1).expand(wanted.shape)
    length = wanted / slope.clamp_min(TINY)
    free = torch.empty_like(room)
    for _ in range(weights.shape[-1] + 1):
        reach = length[..., None] * speeds
        torch.gt(room, reach, out=free)
        slope_here = free.mul_(gain).sum(-1)
        if torch.equal(slope_here, slope):
            break
        missing = wanted - torch.minimum(reach, room).mul_(weights).sum(-1)
        length = (length + missing.clamp_min(0) / slope_here.clamp_min(TINY)).clamp_max(HUGE)
        slope = slope_here
    return length[..., None]
