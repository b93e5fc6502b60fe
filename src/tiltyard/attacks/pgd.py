"""Projected gradient descent with random restarts (Madry et al. 2018, arXiv 1706.06083)."""

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.losses import LOSSES
from tiltyard.attacks.norms import project, random_points, steepest
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat


def pgd(
    model: Model,
    images: Tensor,
    labels: Tensor,
    threat: Threat,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    budget: Budget | None = None,
    batch_size: int = 128,
    seed: int = 0,
    progress: Progress | None = None,
    steps: int = 20,
    step_size: float = 0.25,
    loss: str = "ce",
    restarts: int | None = None,
) -> AttackResult:
    """Attacks images (n, c, h, w) in `bounds`; broken ones are dropped and what they saved goes to the others.

    Without `restarts`: one start, or, under a `budget`, new random starts for the images that resist until it is
    spent. `step_size` is a fraction of eps. Success is read off the gradient pass, so a step costs one forward and one
    backward an image.
    """
    books = Books(model, images, labels, threat, budget, batch_size)
    generator = torch.Generator().manual_seed(seed)
    if books.affords(forwards=len(images)):
        books.look(images, torch.arange(len(images)))
    rounds = restarts if restarts is not None else (None if budget else 1)
    done = 0
    while (rounds is None or done < rounds) and len(books.active):
        if not _climb_once(books, threat, bounds, generator, steps, step_size, loss):
            break
        done += 1
        if progress:
            progress(int(books.success.sum()), len(images))
    return books.result()


def _climb_once(
    books: Books,
    threat: Threat,
    bounds: tuple[float, float],
    generator: torch.Generator,
    steps: int,
    step_size: float,
    loss: str,
) -> bool:
    """One random start, then steps; False where the budget ended it."""
    index = books.active
    points = random_points(books.images[index], threat, bounds, generator)
    for _ in range(steps):
        if not books.affords(forwards=len(index), backwards=len(index)):
            books.keep(points, index)
            return False
        _, gradient = books.climb(points, index, LOSSES[loss])
        resists = ~books.success[index]
        points, gradient, index = points[resists], gradient[resists], index[resists]
        if not len(index):
            return True
        moved = points + step_size * threat.eps * steepest(gradient, threat)
        points = project(moved, books.images[index], threat, bounds)
    if books.affords(forwards=len(index)):
        books.look(points, index)
    books.keep(points, index)
    return True
