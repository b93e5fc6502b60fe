"""What a model answered while it was attacked, kept in part, so that it can be asked again."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tiltyard.jail.oracle import same_answers
from tiltyard.jail.served import ModelFailed

LARGEST = 1e12
"""Of a logit: beyond it the arithmetic of attacks overflows, and a network that answers so would look robust."""
SAME_ANSWER = 1e-3
"""Tolerance up to which two answers count as one (kernels differ with batch size)."""


class Witness(nn.Module):
    """Passes questions on and keeps a uniform sample of `room` of them (reservoir sampling, Vitter 1985).

    Raises ModelFailed where the model answers NaN, infinities or another shape than (n, classes).
    """

    def __init__(self, module: nn.Module, *, classes: int, room: int, seed: int) -> None:
        super().__init__()
        self.module = module
        self.classes = classes
        self.images: Tensor | None = None
        self.logits = torch.empty((room, classes))
        self.seen = 0
        self._room = room
        self._generator = torch.Generator().manual_seed(seed)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.module(images)
        check_logits(logits, len(images), self.classes)
        self._keep(images.detach().cpu(), logits.detach().float().cpu())
        return logits

    @property
    def kept(self) -> int:
        return min(self.seen, self._room)

    def sample(self) -> tuple[Tensor, Tensor]:
        """Images (k, c, h, w) and the logits (k, classes) that were answered, in random order."""
        if self.images is None:
            return torch.empty(0), self.logits[:0]
        order = torch.randperm(self.kept, generator=self._generator)
        return self.images[order], self.logits[order]

    def _keep(self, images: Tensor, logits: Tensor) -> None:
        if self.images is None:
            self.images = torch.empty((self._room, *images.shape[1:]))
        positions = torch.arange(self.seen, self.seen + len(images))
        drawn = (torch.rand(len(images), generator=self._generator, dtype=torch.float64) * (positions + 1)).long()
        places = torch.where(positions < self._room, positions, drawn)
        for row in (places < self._room).nonzero()[:, 0].tolist():
            self.images[places[row]], self.logits[places[row]] = images[row], logits[row]
        self.seen += len(images)


def check_logits(logits: Tensor, count: int, classes: int) -> None:
    """Raises ModelFailed unless they are (count, classes), finite and within ±LARGEST."""
    if tuple(logits.shape) != (count, classes):
        raise ModelFailed(f"the model answers shape {tuple(logits.shape)}, expected {(count, classes)}")
    if not bool(torch.isfinite(logits).all()):
        raise ModelFailed("the model answers logits with NaN or infinite values")
    if logits.numel() and float(logits.detach().abs().max()) > LARGEST:
        raise ModelFailed(f"the model answers logits beyond ±{LARGEST:g}: scale its last layer down")


@dataclass(frozen=True)
class Questions:
    """At most one question for each item: its image (n, c, h, w), the answer it got (n, classes), whether there is."""

    images: Tensor
    logits: Tensor
    there: Tensor


def one_an_item(witness: Witness, clean: Tensor) -> Questions:
    """Gives each kept question to the item whose clean image is nearest (L2), and keeps one for each item."""
    images, logits = witness.sample()
    chosen = Questions(
        torch.zeros_like(clean), torch.zeros((len(clean), witness.classes)), torch.zeros(len(clean), dtype=torch.bool)
    )
    if len(images):
        nearest = torch.cdist(images.flatten(1), clean.flatten(1)).argmin(1)
        for row, item in enumerate(nearest.tolist()):
            chosen.images[item], chosen.logits[item], chosen.there[item] = images[row], logits[row], True
    return chosen


def differing(first: Tensor, second: Tensor) -> int:
    """How many of two lists of answers (k, classes) are not the same."""
    return int((~same_answers(first, second, tolerance=SAME_ANSWER)).sum())
