"""The books that every attack keeps: queries in batches, spending per image, the budget never exceeded."""

import sys
from collections.abc import Callable

import torch
from torch import Tensor

from tiltyard.attacks.result import AttackResult, Model, Point
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat


class Books:
    """Queries a model on chosen images of a set and remembers the first success of each."""

    def __init__(
        self, model: Model, images: Tensor, labels: Tensor, threat: Threat, budget: Budget | None, batch_size: int
    ) -> None:
        self.images, self.labels = images, labels
        self.best = images.clone()
        self.success = torch.zeros(len(images), dtype=torch.bool)
        self.forwards = torch.zeros(len(images), dtype=torch.int64)
        self.backwards = torch.zeros(len(images), dtype=torch.int64)
        self.spent = Budget(0, 0)
        """All images together."""
        self.curve: list[Point] = []
        self._refused = False
        self.threat = threat
        self._model, self._budget, self._batch = model, budget, batch_size

    @property
    def active(self) -> Tensor:
        """Indices of the images that still resist."""
        return (~self.success).nonzero()[:, 0]

    def affords(self, *, forwards: int = 0, backwards: int = 0) -> bool:
        """Whether so much more stays inside the budget; a refusal is remembered: the attack was cut short."""
        covered = self._budget is None or self._budget.covers(self.spent + Budget(forwards, backwards))
        self._refused = self._refused or not covered
        return covered

    def forwards_left(self) -> int:
        """Forward passes that the budget still has room for."""
        return sys.maxsize if self._budget is None else self._budget.forwards - self.spent.forwards

    def gradients_left(self) -> int:
        """Passes forward and back that the budget still has room for."""
        if self._budget is None:
            return sys.maxsize
        return min(self.forwards_left(), self._budget.backwards - self.spent.backwards)

    def look(self, points: Tensor, index: Tensor, *, counts: Tensor | None = None) -> Tensor:
        """Logits at points of the images `index`, one forward an image.

        Successes are remembered; where `counts` (n,) is given, only those of points for which it is True.
        """
        with torch.no_grad():
            logits = _joined([self._model(part) for part in torch.split(points, self._batch)])
        self._charge(index, backwards=0)
        self._remember(points, index, logits, counts)
        return logits

    def climb(
        self,
        points: Tensor,
        index: Tensor,
        loss: Callable[..., Tensor],
        *extra: Tensor,
        counts: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits and the gradient of the loss at points: one forward and one backward an image.

        The loss gets logits, labels and its rows of every `extra` (n, ...). Successes are remembered as by `look`. What
        is not finite in a gradient counts as 0 there.
        """
        logits, gradients = [], []
        for part, chosen, *more in zip(
            *(torch.split(rows, self._batch) for rows in (points, index, *extra)), strict=True
        ):
            with torch.enable_grad():
                inputs = part.detach().requires_grad_()
                answer = self._model(inputs)
                value = loss(answer, self.labels[chosen], *more).sum()
            (gradient,) = torch.autograd.grad(-value if self.threat.targeted else value, inputs)
            logits.append(answer.detach())
            gradients.append(torch.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0))
        self._charge(index, backwards=1)
        answers = _joined(logits)
        self._remember(points, index, answers, counts)
        return answers, _joined(gradients)

    def worth(self, logits: Tensor, index: Tensor, loss: Callable[..., Tensor], *extra: Tensor) -> Tensor:
        """What `climb` climbs (n,): the loss, or its negative where the labels are targets."""
        value = loss(logits, self.labels[index], *extra)
        return -value if self.threat.targeted else value

    def misled(self, logits: Tensor, index: Tensor) -> Tensor:
        """Whether logits mean success (n,)."""
        reached = logits.argmax(1) == self.labels[index]
        return reached if self.threat.targeted else ~reached

    def result(self) -> AttackResult:
        cut_short = ~self.success & self._refused
        return AttackResult(self.best, self.success, self.forwards, self.backwards, cut_short, tuple(self.curve))

    def keep(self, points: Tensor, index: Tensor) -> None:
        """Where an image still resists, its last point stands for it."""
        resisting = ~self.success[index]
        self.best[index[resisting]] = points[resisting].detach()

    def _charge(self, index: Tensor, *, backwards: int) -> None:
        """One forward an image, and so many backwards; an image may occur more than once."""
        once = torch.ones_like(index)
        self.forwards.index_add_(0, index, once)
        if backwards:
            self.backwards.index_add_(0, index, once * backwards)
        self.spent += Budget(len(index), len(index) * backwards)

    def _remember(self, points: Tensor, index: Tensor, logits: Tensor, counts: Tensor | None) -> None:
        hits = self.misled(logits, index) & torch.isfinite(logits).all(1)
        new = (hits if counts is None else hits & counts).cpu() & ~self.success[index]
        if new.any():
            self.best[index[new]] = points[new].detach()
            self.success[index[new]] = True
        self.curve.append(Point(self.spent.forwards, self.spent.backwards, int(self.success.sum())))


def _joined(parts: list[Tensor]) -> Tensor:
    """One tensor of all parts, without a copy where there is one."""
    return parts[0] if len(parts) == 1 else torch.cat(parts)
