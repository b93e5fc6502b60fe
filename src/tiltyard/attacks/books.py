"""The books that every attack keeps: queries in batches, spending per image, the budget never exceeded."""

from collections.abc import Callable

import torch
from torch import Tensor

from tiltyard.attacks.result import AttackResult, Model
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
        self._model, self._threat, self._budget, self._batch = model, threat, budget, batch_size

    @property
    def active(self) -> Tensor:
        """Indices of the images that still resist."""
        return (~self.success).nonzero()[:, 0]

    def affords(self, *, forwards: int = 0, backwards: int = 0) -> bool:
        """Whether so much more stays inside the budget."""
        spent = Budget(int(self.forwards.sum()) + forwards, int(self.backwards.sum()) + backwards)
        return self._budget is None or self._budget.covers(spent)

    def look(self, points: Tensor, index: Tensor) -> Tensor:
        """Logits at points of the images `index`; successes are remembered. One forward an image."""
        with torch.no_grad():
            logits = torch.cat([self._model(part) for part in torch.split(points, self._batch)])
        self.forwards[index] += 1
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
        self.forwards[index] += 1
        self.backwards[index] += 1
        answers = torch.cat(logits)
        self._remember(points, index, answers)
        return answers, torch.cat(gradients)

    def result(self) -> AttackResult:
        return AttackResult(self.best, self.success, self.forwards, self.backwards)

    def keep(self, points: Tensor, index: Tensor) -> None:
        """Where an image still resists, its last point stands for it."""
        resisting = ~self.success[index]
        self.best[index[resisting]] = points[resisting].detach()

    def _remember(self, points: Tensor, index: Tensor, logits: Tensor) -> None:
        reached = (logits.argmax(1) == self.labels[index]).cpu()
        new = (reached if self._threat.targeted else ~reached) & ~self.success[index]
        self.best[index[new]] = points[new].detach()
        self.success[index[new]] = True
