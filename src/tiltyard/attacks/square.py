"""Square attack: random search with square patches, no gradients (Andriushchenko et al. 2020, arXiv 1912.00049)."""

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.losses import cross_entropy, margin
from tiltyard.attacks.patches import propose, start_patches
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.attacks.rows import overwrite
from tiltyard.attacks.tally import Tally
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Of 10 000 queries, those after which the patch's area is halved."""


def square(
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
    queries: int = 5000,
    p_init: float = 0.8,
    restarts: int = 1,
) -> AttackResult:
    """Attacks images (n, c, h, w) in `bounds` by forward passes alone, at most `queries` an image and restart.

    The patch starts with the share `p_init` of the image and shrinks as in the paper, whose schedule is stretched over
    `queries`. The loss is the margin; where `threat.targeted`, the cross-entropy of the target.
    """
    books = Books(model, images, labels, threat, budget, batch_size)
    if books.affords(forwards=len(images)):
        books.look(images, torch.arange(len(images)))
        continue_square(books, bounds, seed, progress, queries=queries, p_init=p_init, restarts=restarts)
    return books.result()


def continue_square(
    books: Books,
    bounds: tuple[float, float],
    seed: int,
    progress: Progress | None,
    *,
    queries: int = 5000,
    p_init: float = 0.8,
    restarts: int = 1,
) -> None:
    """The same on books that are open, for the images that still resist."""
    generator = torch.Generator().manual_seed(seed)
    tally = Tally(progress, restarts * queries)
    for start in range(restarts):
        if not _search(books, bounds, generator, queries, p_init, tally):
            return
        tally.reach((start + 1) * queries)


def share_of_image(query: int, queries: int, p_init: float) -> float:
    """Share of the image that the patch of a query covers."""
    elapsed = query * 10_000 // queries
    return p_init / 2.0 ** sum(elapsed > limit for limit in HALVINGS)


def _search(
    books: Books, bounds: tuple[float, float], generator: torch.Generator, queries: int, p_init: float, tally: Tally
) -> bool:
    """One random start for the images that still resist; False where the budget ended it."""
    index = books.active
    state = start_patches(index, books.images[index], books.threat, bounds, generator)
    loss = cross_entropy if books.threat.targeted else margin
    points = state.best.clone()
    for query in range(queries):
        if not len(state.index):
            return True
        if not books.affords(forwards=len(state.index)):
            books.keep(state.best, state.index)
            return False
        if query:
            points = propose(state, share_of_image(query - 1, queries, p_init), books.threat, bounds, generator)
        logits = books.look(points, state.index)
        found = books.worth(logits, state.index, loss)
        better = found > state.loss
        overwrite(state.best, better, points)
        overwrite(state.loss, better, found)
        state.drop_broken(books.success)
        tally.step()
    books.keep(state.best, state.index)
    return True
