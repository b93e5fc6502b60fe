"""An image classifier as the rest of the house sees it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tiltyard.errors import TiltyardError


@dataclass(frozen=True)
class Classifier:
    """A module from images (n, c, h, w) float32 in [low, high] to logits (n, classes)."""

    module: nn.Module
    low: float = 0.0
    high: float = 1.0
    name: str = "model"
    files: tuple[Path, ...] = ()
    """Where it came from: what a guest must not be able to read, and what a data version covers."""

    def __call__(self, images: Tensor) -> Tensor:
        logits: Tensor = self.module(images)
        return logits

    @property
    def span(self) -> float:
        return self.high - self.low

    def frozen(self, device: str = "cpu") -> "Classifier":
        """The same on a device, parameters without gradients; TiltyardError where it is in training mode."""
        check_evaluation_mode(self.module, self.name)
        self.module.requires_grad_(False).to(device)
        return self

    def check_fits(self, images: Tensor, labels: Tensor | None = None) -> None:
        """Raises TiltyardError where the model does not take these images or lacks one of the classes."""
        try:
            with torch.no_grad():
                logits = self(images[:1])
        except (RuntimeError, ValueError, TypeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise TiltyardError(f"{self.name} does not take images of shape {tuple(images.shape)}: {reason}") from error
        if logits.dim() != 2:
            raise TiltyardError(f"{self.name} answers shape {tuple(logits.shape)}; logits (n, classes) are expected")
        if labels is None:
            return
        if int(labels.max()) >= logits.shape[1] or int(labels.min()) < 0:
            found = f"{int(labels.min())} to {int(labels.max())}"
            raise TiltyardError(f"labels run from {found}, but {self.name} knows classes 0 to {logits.shape[1] - 1}")

    def to_range(self, images: Tensor) -> Tensor:
        """Images in [0, 1] (or uint8) as float32 in the model's range."""
        unit = images.float() / 255 if images.dtype == torch.uint8 else images.float()
        return unit if (self.low, self.high) == (0.0, 1.0) else unit * self.span + self.low


def check_evaluation_mode(module: nn.Module, name: str) -> None:
    """Raises TiltyardError where any part of the module is in training mode."""
    for path, part in module.named_modules():
        if part.training:
            where = f" (in {path})" if path else ""
            raise TiltyardError(f"{name} is in training mode{where}: call .eval() before you return it")


def declared_range(module: nn.Module) -> tuple[float, float]:
    """`x_min` and `x_max`, or `bounds`, as the module declares them; 0 and 1 where it does not."""
    low, high = getattr(module, "bounds", (getattr(module, "x_min", 0.0), getattr(module, "x_max", 1.0)))
    return float(low), float(high)
