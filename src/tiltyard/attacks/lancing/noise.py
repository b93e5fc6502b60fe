"""Models that answer at random: noticed by asking twice; a success is one that stays wrong when asked again."""

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.lancing.memory import Memory
from tiltyard.attacks.rows import none_of, places

PROBES = 32
"""Images that are asked twice."""
DIFFERS = 1e-3
"""Of the usual margin: more than another batch or another order of additions changes."""
DRAWS = 4
"""Passes that a gradient averages."""
VOTES = 8
"""Answers that must all be wrong before an image counts as broken and is left alone."""


def answers_at_random(books: Books) -> bool:
    """Whether the same images get other logits the second time; False where the budget has no room to ask."""
    index = torch.arange(min(PROBES, len(books.images)))
    if not books.affords(forwards=2 * len(index) + len(books.images)):
        return False
    images = books.images[index]
    first, second = (books.look(images, index, counts=none_of(images)) for _ in range(2))
    top = first.topk(2, dim=1).values
    usual = (top[:, 0] - top[:, 1]).median()
    return bool((first - second).abs().max() > DIFFERS * usual)


class Votes:
    """The best points by the share of answers that are wrong; a model that answers the same each time has none."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._share = torch.zeros(len(memory.points))
        self._points = memory.points.clone()

    def cast(self) -> None:
        """Asks about the best points that look wrong; where every answer is, the image counts as broken."""
        memory, books = self._memory, self._memory.books
        if memory.draws == 1:
            return
        index = books.active
        index = index[memory.worth[index.to(memory.worth.device)].cpu() > 0]
        if not len(index) or not books.affords(forwards=VOTES * len(index)):
            return
        points = memory.points[index]
        answers = [books.look(points, index, counts=none_of(points)) for _ in range(VOTES)]
        wrong = torch.stack([books.misled(logits, index) for logits in answers]).float().mean(0).cpu()
        better = places(wrong > self._share[index])
        self._points[index[better]] = points[better]
        self._share[index] = torch.maximum(self._share[index], wrong)
        self._accept(wrong == 1, index)
        memory.forget(index, answers)

    def settle(self) -> None:
        """Where an image resists, the point that was wrong most often stands for it; it is broken if that is most."""
        index = self._memory.books.active
        index = index[self._share[index] > 0]
        self._memory.books.best[index] = self._points[index]
        self._accept(self._share[index] > 0.5, index)

    def _accept(self, broken: Tensor, index: Tensor) -> None:
        books = self._memory.books
        books.best[index[broken]] = self._points[index[broken]]
        books.success[index[broken]] = True
