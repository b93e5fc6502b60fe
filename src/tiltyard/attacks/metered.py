"""A model in one's own process with the contest's meter on it: every pass is charged, whoever asks for it."""

from typing import Any

import torch
from torch import Tensor, nn

from tiltyard.contest.budget import Meter


class _ChargeBackward(torch.autograd.Function):
    """The identity; its backward pass charges one backward an image, and from the second on a forward too."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, meter: Meter) -> Tensor:
        ctx.meter, ctx.used = meter, False
        return images.view_as(images)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        ctx.meter.charge(forwards=len(gradient) if ctx.used else 0, backwards=len(gradient))
        ctx.used = True
        return gradient, None


class MeteredModel(nn.Module):
    """Wraps a module; raises OverBudget before a pass that the meter does not cover."""

    def __init__(self, module: nn.Module, meter: Meter) -> None:
        super().__init__()
        self.module = module
        self.meter = meter
        self.train(module.training)

    def forward(self, images: Tensor) -> Tensor:
        self.meter.charge(forwards=len(images))
        counted = _ChargeBackward.apply(images, self.meter) if images.requires_grad else images  # type: ignore[no-untyped-call]
        logits: Tensor = self.module(counted)
        return logits
