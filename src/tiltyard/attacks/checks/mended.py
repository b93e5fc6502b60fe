"""A copy of a model whose gradients are mended: rounding passes them straight through, noise averages them.

Straight-through is BPDA with the identity (Athalye et al. 2018, 1802.00420); the average over noise smooths shattered
gradients. What rounds outside of torch (numpy, a file format) is not seen.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tiltyard.attacks.result import Model

_NAMES = ("round", "floor", "ceil", "trunc", "sign")
ROUNDING = {getattr(home, name) for home in (torch, Tensor) for name in _NAMES} | {Tensor.byte}
CASTS = {Tensor.to, Tensor.type}


class StraightThrough(TorchFunctionMode):
    """Inside it, torch's rounding has the gradient of the identity; casts to bytes round and stay floats."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        rounded = func(*args, **(kwargs or {}))
        given = args[0] if args else None
        if not (isinstance(given, Tensor) and given.requires_grad and isinstance(rounded, Tensor)):
            return rounded
        if func in ROUNDING or (func in CASTS and rounded.dtype == torch.uint8):
            return given + (rounded.to(given.dtype) - given).detach()
        return rounded


def mended(model: Model, *, draws: int, reach: float, generator: torch.Generator) -> Model:
    """The mean of the logits at `draws` points within `reach` (per value, model units), rounding seen through."""

    def answer(images: Tensor) -> Tensor:
        copies = images.repeat(draws, *[1] * (images.dim() - 1))
        noise = (torch.rand(copies.shape, generator=generator) * 2 - 1) * reach
        with StraightThrough():
            logits = model(copies + noise.to(images.device))
        return logits.view(draws, len(images), -1).mean(0)

    return answer
