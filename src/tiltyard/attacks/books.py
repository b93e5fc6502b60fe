"""The books that every attack keeps: queries in batches, spending per image, the budget never exceeded."""

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
        self._model, self._threat, self._budget, self._batch = model, threat, budget, batch_size

    @property
    def active(self) -> Tensor:
        """Indices of the images that still resist."""
        return (~self.success).nonzero()[:, 0]

    def affords(self, *, forwards: int = 0, backwards: int = 0) -> bool:
        """Whether so much more stays inside the budget; a refusal is remembered: the attack was cut short."""
        covered = self._budget is None or self._budget.covers(self.spent + Budget(forwards, backwards))
        self._refused = self._refused or not covered
        return covered

    def look(self, points: Tensor, index: Tensor) -> Tensor:
        """Logits at points of the images `index`; successes are remembered. One forward an image."""
        with torch.no_grad():
            logits = torch.cat([self._model(part) for part in torch.split(points, self._batch)])
        self._charge(index, backwards=0)
        self._remember(points, index, logits)
        return logits

    def climb(self, points: Tensor, index: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """Logits and the gradient of the loss at points: one forward and one backward an image."""
        logits, gradients = [], []
        for part, chosen in zip(torch.split(points, self._batch), torch.split(index, self._batch), strict=True):
            with torch.enable_grad():
                inputs = part.detach().clone().requires_grad_()
                answer = self._model(inputs)
                value = loss(answer, self.labels[chosen]).sum()
            (gradient,) = torch.autograd.grad(-value if self._threat.targeted else value, inputs)
            logits.append(answer.detach())
            gradients.append(gradient)
        self._charge(index, backwards=1)
        answers = torch.cat(logits)
        self._remember(points, index, answers)
        return answers, torch.cat(gradients)

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
        self.backwards.index_add_(0, index, once * backwards)
        self.spent += Budget(len(index), len(index) * backwards)

    def _remember(self, points: Tensor, index: Tensor, logits: Tensor) -> None:
        reached = (logits.argmax(1) == self.labels[index]).cpu()
        new = (reached if self._threat.targeted else ~reached) & ~self.success[index]
        self.best[index[new]] = points[new].detach()
        self.success[index[new]] = True
        self.curve.append(Point(self.spent.forwards, self.spent.backwards, int(self.success.sum())))
