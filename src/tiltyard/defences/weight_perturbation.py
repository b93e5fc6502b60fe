"""Adversarial weight perturbation: gradients taken where the weights are worst (Wu et al. 2020, arXiv 2004.05884)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

TINY = 1e-20


@contextmanager
def worst_weights(network: nn.Module, loss: Callable[[], Tensor], *, radius: float) -> Iterator[None]:
    """Inside, each weight matrix is moved up the gradient of `loss` by `radius` times its own length.

    Biases and batch norm stay, and everything where `radius` is 0. Afterwards the move is taken back.
    """
    if not radius:
        yield
        return
    weights = [weight for weight in network.parameters() if weight.dim() > 1]
    gradients = torch.autograd.grad(loss(), weights)
    with torch.no_grad():
        moves = [
            radius * weight.norm() * gradient / (gradient.norm() + TINY)
            for weight, gradient in zip(weights, gradients, strict=True)
        ]
        for weight, move in zip(weights, moves, strict=True):
            weight.add_(move)
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, move in zip(weights, moves, strict=True):
                weight.sub_(move)
