"""Auto-PGD: gradient ascent with momentum whose step halves where it stalls (Croce and Hein 2020, arXiv 2003.01690)."""

import torch
from torch import Tensor

from tiltyard.attacks.ascent import Ascent, ascend
from tiltyard.attacks.books import Books
from tiltyard.attacks.losses import LOSSES
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.attacks.tally import Tally
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat


def apgd(
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
    steps: int = 100,
    restarts: int = 1,
    loss: str = "ce",
    eot: int = 1,
    rho: float = 0.75,
) -> AttackResult:
    """Attacks images (n, c, h, w) in `bounds` from a random point of the ball's surface; `loss` is ce, dlr or margin.

    A start costs at most `steps` + 1 forwards and `steps` backwards an image; broken images are dropped at once.
    With `eot` > 1 each gradient is the mean of so many passes, for models that answer at random. Such an image counts
    as broken if the last point of the run at which the last pass was wrong (the image itself where there was none)
    is wrong in one fresh pass. No image is dropped before that, and a step costs `eot` passes.
    """
    books = Books(model, images, labels, threat, budget, batch_size)
    if books.affords(forwards=len(images)):
        books.look(images, torch.arange(len(images)))
        continue_apgd(books, Ascent(bounds, steps, rho, eot), seed, progress, loss=loss, restarts=restarts)
    return books.result()


def continue_apgd(
    books: Books, ascent: Ascent, seed: int, progress: Progress | None, *, loss: str = "ce", restarts: int = 1
) -> None:
    """The same on books that are open, for the images that still resist."""
    generator = torch.Generator().manual_seed(seed)
    tally = Tally(progress, restarts * ascent.steps)
    for start in range(restarts):
        if not ascend(books, ascent, generator, tally, LOSSES[loss]):
            return
        tally.reach((start + 1) * ascent.steps)
