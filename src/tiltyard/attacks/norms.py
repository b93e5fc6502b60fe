"""Geometry of the norms: projection into the ball, steepest ascent, random points."""

import torch
from torch import Tensor

from tiltyard.contest.threat import Threat

TINY = 1e-12


def lengths(delta: Tensor) -> Tensor:
    """Euclidean length of each image's perturbation, shaped to broadcast over (n, c, h, w)."""
    flat = torch.linalg.vector_norm(delta.flatten(1), dim=1)
    return torch.clamp(flat, min=TINY).view(-1, *[1] * (delta.dim() - 1))


def project(points: Tensor, centres: Tensor, threat: Threat, bounds: tuple[float, float]) -> Tensor:
    """Points moved into the ball around their centres, then into the range (exact for L∞, up to rounding for L2)."""
    if threat.norm == "linf":
        inside = torch.minimum(torch.maximum(points, centres - threat.eps), centres + threat.eps)
    else:
        delta = points - centres
        inside = centres + delta * (threat.eps / lengths(delta)).clamp_max(1.0)
    return inside.clamp(*bounds)


def steepest(gradient: Tensor, threat: Threat) -> Tensor:
    """The unit step of steepest ascent: signs for L∞, the normalised gradient for L2."""
    return gradient.sign() if threat.norm == "linf" else gradient / lengths(gradient)


def random_points(centres: Tensor, threat: Threat, bounds: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Uniform in the cube for L∞; uniform direction and radius for L2."""
    if threat.norm == "linf":
        delta = (torch.rand(centres.shape, generator=generator) * 2 - 1) * threat.eps
    else:
        direction = torch.randn(centres.shape, generator=generator)
        radius = torch.rand((len(centres), *[1] * (centres.dim() - 1)), generator=generator) * threat.eps
        delta = direction / lengths(direction) * radius
    return project(centres + delta.to(centres.device), centres, threat, bounds)


def surface_points(
    centres: Tensor, radius: float, norm: str, bounds: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Random points at the distance `radius`, then moved into the range: noise scaled to that length."""
    if norm == "linf":
        noise = torch.rand(centres.shape, generator=generator) * 2 - 1
    else:
        noise = torch.randn(centres.shape, generator=generator)
    length = distances(noise, torch.zeros_like(noise), norm).clamp_min(TINY)
    noise *= (radius / length).view(-1, *[1] * (noise.dim() - 1))
    return (centres + noise.to(centres.device)).clamp(*bounds)


def distances(points: Tensor, centres: Tensor, norm: str) -> Tensor:
    """Size of each image's perturbation (n,), in the model's units."""
    delta = (points - centres).flatten(1)
    return delta.abs().amax(1) if norm == "linf" else torch.linalg.vector_norm(delta, dim=1)
